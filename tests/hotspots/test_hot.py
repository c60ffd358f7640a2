"""Which samples count, and which functions they were in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.hotspots.folded import MEASURING, WORKER
from engine.hotspots.hot import functions, hottest
from engine.hotspots.working import working
from tests.hotspots.builders import stack

frames = st.builds("{} ({}:{})".format, st.sampled_from("abcdef"), st.sampled_from(["x.py", "y.py"]), st.integers(1, 9))
captures = st.dictionaries(st.lists(frames, min_size=1, max_size=8).map(tuple), st.integers(1, 1000), min_size=1)


@given(captures)
def test_self_shares_sum_to_one_and_none_exceeds_its_total(stacks):
    hot = functions(stacks)
    assert sum(one.self_share for one in hot) == pytest.approx(1)
    assert all(0 <= one.self_share <= one.total_share <= 1 for one in hot)


@given(captures)
def test_the_ten_hottest_come_first(stacks):
    hot = hottest(stacks)
    assert len(hot) <= 10
    assert [one.self_share for one in hot] == sorted((one.self_share for one in functions(stacks)), reverse=True)[
        : len(hot)
    ]


def test_recursion_counts_once():
    (one,) = functions({("f (x.py:1)", "f (x.py:2)", "f (x.py:3)"): 10})
    assert (one.self_share, one.total_share) == (1.0, 1.0)


def test_the_line_is_where_the_function_itself_was_most_often():
    stacks = {("f (x.py:1)", "g (x.py:9)"): 50, ("f (x.py:2)",): 3, ("f (x.py:3)",): 7}
    assert {one.name: one.line for one in functions(stacks)} == {"f": 3, "g": 9}


def test_functions_of_the_same_name_in_two_files_are_two():
    assert len(functions({("f (x.py:1)",): 1, ("f (y.py:1)",): 1})) == 2


def test_functions_below_the_kernels_call_are_marked():
    hot = functions({(MEASURING, *stack("work_under_capture", "run_chunk", "kernel", "helper")): 1})
    assert {one.name for one in hot if one.kernel} == {"kernel", "helper"}


def test_loading_imports_and_waiting_workers_are_dropped():
    in_kernel = (MEASURING, *stack("main", "work_under_capture", "run", "run_chunk", "kernel"))
    in_worker = (WORKER, *stack("main", "Worker.run_chunk", "kernel"))
    in_thread = (MEASURING, *stack("_bootstrap", "run_chunk"))
    in_engine = (MEASURING, *stack("main", "work_under_capture", "run", "collect"))
    others = {
        (MEASURING, *stack("main", "load")): 100,
        (WORKER, *stack("main", "recv")): 30,
        (WORKER, *stack("main", "work_under_capture", "recv")): 3,
        (MEASURING,): 7,
    }
    work = working({in_kernel: 10, in_worker: 20, in_thread: 4, in_engine: 5, **others})
    assert work.stacks == {in_kernel: 10, in_worker: 20, in_thread: 4, in_engine: 5}
    assert (work.kernel, work.engine, work.dropped, work.marked) == (34, 5, 140, True)


def test_all_samples_are_kept_when_none_is_in_the_work():
    stacks = {(MEASURING, *stack("main", "load", "not_run_chunk_at_all")): 3}
    assert working(stacks).stacks == stacks
    assert not working(stacks).marked
