"""The pool as production code uses it."""

import functools
import gc
import itertools
import math
import operator
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import psutil
import pytest

import engine
from engine.errors import Lacking, RequestError, TaskFailed, TaskStuck, WorkFailed
from engine.pool import limits, sharedfile
from engine.pool.course import IN_HAND
from engine.pool.starting import START_METHODS
from engine.threads import VARIABLES
from engine.workload import ResultSpec
from tests.conftest import wait_until
from tests.pool import functions
from tests.pool.functions import THINGS

ROOT = Path(__file__).parents[2]
NUMBER, TABLE = ResultSpec("float64"), ResultSpec("float64", (3, 4))
PRICES: dict[str, Any] = {"prices": np.arange(1_000.0), "factor": 0.25, "name": "daily"}


@pytest.fixture(scope="module")
def pool():
    with engine.pool(workers=2) as started:
        yield started


@pytest.fixture(scope="module")
def data_pool():
    with engine.pool(workers=2, data=PRICES) as started:
        yield started


@pytest.fixture(scope="module", params=sorted(START_METHODS))
def any_pool(request):
    """A pool with data, started in every way."""
    with engine.pool(workers=2, data=PRICES, start_method=request.param) as started:
        yield started


# every combination computes the same

KINDS: dict[str, Any] = {"list": list, "range": lambda tasks: tasks, "array": np.array, "generator": iter}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("chunk_size", [1, 7, "auto"])
@pytest.mark.parametrize("result", [None, NUMBER], ids=["pickled", "declared"])
def test_map_is_what_a_loop_would_be(any_pool, result, chunk_size, kind):
    tasks = range(211)
    found = list(any_pool.map(functions.price, KINDS[kind](tasks), result=result, chunk_size=chunk_size))
    assert found == [functions.price(PRICES, task) for task in tasks]


@pytest.mark.parametrize("result", [None, TABLE], ids=["pickled", "declared"])
def test_tables_come_back_as_arrays_of_their_own(pool, result):
    found = list(pool.map(functions.table, range(500), result=result))
    assert np.array_equal(found, [functions.table(task) for task in range(500)])
    assert all(each.dtype == np.float64 and each.flags.writeable for each in found)
    assert not np.shares_memory(found[0], found[1])


@pytest.mark.parametrize("result", [None, NUMBER], ids=["pickled", "declared"])
def test_without_order_every_result_comes_with_its_position(pool, result):
    found = list(pool.unordered(functions.as_float, range(5, 305), result=result, chunk_size=7))
    assert len(found) == 300
    assert dict(found) == {index: functions.as_float(index + 5) for index in range(300)}


@pytest.mark.parametrize("name", THINGS)
def test_a_result_can_be_anything_that_can_be_pickled(pool, name):
    before, found, after = pool.map(functions.thing, ["int", name, "none"])
    assert (before, after) == (7, None)
    expected = THINGS[name]
    assert type(found) is type(expected)
    if isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected)
    elif isinstance(expected, Exception):
        assert str(found) == str(expected)
    elif name == "two arrays":
        assert np.array_equal(found["a"], expected["a"])
        assert np.array_equal(found["b"][0], expected["b"][0])
    else:
        assert found == expected


def test_an_arrow_table_is_a_result(pool):
    assert next(pool.map(functions.arrow_table, [30_000])).equals(functions.arrow_table(30_000))


def test_a_failure_that_is_given_back_as_a_result_is_a_result(pool):
    for on_error in ("stop", "skip", "keep"):
        assert [str(each) for each in pool.map(functions.thing, ["failure"], on_error=on_error)] == [
            "task 99 (of another) raised was given back, not raised"
        ]
        assert pool.failures == ()


CALLABLES: dict[str, Any] = {
    "a builtin": math.sqrt,
    "a partial": functools.partial(operator.mul, 3),
    "an object": functions.Adder(4),
    "a method": functions.Adder(4).twice,
    "a type": complex,
}


@pytest.mark.parametrize("name", CALLABLES)
def test_a_function_is_anything_that_can_be_called_and_pickled(pool, name):
    function = CALLABLES[name]
    assert list(pool.map(function, range(20))) == [function(task) for task in range(20)]


# how many tasks, and where they come from


@contextmanager
def open_file_sizes():
    """The sizes of the shared files that are made meanwhile."""
    sizes: list[int] = []
    make = sharedfile.SharedFile.__init__

    def note(file, size, *name):
        sizes.append(size)
        make(file, size, *name)

    with mock.patch.object(sharedfile.SharedFile, "__init__", note):
        yield sizes


@pytest.mark.parametrize(
    "tasks", [(), [], range(0), np.empty(0), set(), iter(())], ids=lambda tasks: type(tasks).__name__
)
@pytest.mark.parametrize("result", [None, NUMBER], ids=["pickled", "declared"])
def test_no_tasks_are_no_results(pool, tasks, result):
    assert list(pool.map(functions.as_float, tasks, result=result)) == []
    assert list(pool.unordered(functions.as_float, tasks, result=result)) == []


@pytest.mark.parametrize("result", [None, NUMBER], ids=["pickled", "declared"])
def test_there_may_be_fewer_tasks_than_workers(result):
    with engine.pool(workers=4) as started:
        for tasks, chunk_size in itertools.product(range(1, 7), (1, 100, "auto")):
            options: Any = {"result": result, "chunk_size": chunk_size}
            assert list(started.map(functions.as_float, range(tasks), **options)) == [
                functions.as_float(task) for task in range(tasks)
            ]


def test_rows_of_a_table_are_tasks(pool):
    table = np.arange(60).reshape(20, 3)
    assert np.array_equal(list(pool.map(functions.same, table)), table)


def test_sets_and_dicts_are_iterated(pool):
    assert list(pool.map(functions.square, dict.fromkeys(range(50)))) == [task * task for task in range(50)]
    assert sorted(pool.map(functions.square, set(range(50)))) == [task * task for task in range(50)]


@pytest.mark.parametrize("chunk_size", [1, "auto", 100])
def test_big_tasks_arrive(pool, chunk_size):
    tasks = [np.full(3_000_000 if number else 20_000_000, number, np.uint8) for number in range(12)]
    assert list(pool.map(functions.size, tasks, chunk_size=chunk_size)) == [
        (len(task), number) for number, task in enumerate(tasks)
    ]


def test_a_chunk_size_far_beyond_the_tasks_reserves_no_memory_for_them(pool):
    with open_file_sizes() as sizes:
        options: Any = {"result": TABLE, "chunk_size": 10**9}
        found = list(pool.map(functions.table, range(50), **options))
    assert np.array_equal(found, [functions.table(task) for task in range(50)])
    assert sum(sizes) < 1 << 20


def test_a_result_bigger_than_a_piece_of_the_ring_fits(pool):
    form = ResultSpec("float64", (400, 500))
    found = list(pool.map(functools.partial(np.full, (400, 500)), [1.0, 2.0, 3.0], result=form))
    assert [each.sum() for each in found] == [200_000.0, 400_000.0, 600_000.0]


@pytest.mark.parametrize("result", [None, NUMBER], ids=["pickled", "declared"])
def test_a_function_with_much_in_it_arrives(pool, result):
    function = functools.partial(operator.getitem, np.arange(1_000_000.0))
    assert list(pool.map(function, range(100), result=result)) == list(range(100))


def test_endless_tasks_can_be_taken_from(pool):
    assert list(itertools.islice(pool.map(functions.square, itertools.count()), 500)) == [
        task * task for task in range(500)
    ]


def test_a_generator_is_read_no_further_than_workers_need(pool):
    read, taken, furthest, chunk_size = 0, 0, 0, 5

    def tasks():
        nonlocal read
        for task in range(2_000):
            read += 1
            yield task

    for _ in pool.unordered(functions.square, tasks(), chunk_size=chunk_size):
        furthest = max(furthest, read - taken)
        taken += 1
    assert taken == 2_000
    assert furthest <= 2 * (2 * IN_HAND * chunk_size)  # in the hands of two workers, and come from there


def test_workers_wait_for_a_consumer_who_takes_his_time():
    chunk_size = 5
    with engine.pool(workers=2) as started:
        results = started.unordered(functions.square, range(10_000), chunk_size=chunk_size)
        next(results)
        assert wait_until(lambda: all(view.phase == "idle" for view in started.workers))
        assert sum(view.tasks for view in started.workers) <= 2 * (2 * IN_HAND * chunk_size)
        assert len(list(results)) == 9_999


def test_tasks_that_raise_while_they_are_made_are_heard_and_the_pool_goes_on(pool):
    def tasks():
        yield from range(100)
        raise OSError("the file with the tasks is gone")

    with pytest.raises(OSError, match="the file with the tasks is gone"):
        list(pool.map(functions.square, tasks()))
    assert list(pool.map(functions.square, range(9))) == [task * task for task in range(9)]


# one pass after the other


@pytest.mark.parametrize("result", [None, NUMBER], ids=["pickled", "declared"])
@pytest.mark.parametrize("chunk_size", [1, 50, "auto"])
def test_a_pass_that_is_left_early_does_not_disturb_the_next(pool, result, chunk_size):
    options = {"result": result, "chunk_size": chunk_size}
    for enough in (1, 30, 400):
        for taken, _ in enumerate(pool.map(functions.as_float, range(1_000), **options), start=1):
            if taken == enough:
                break
        found = list(pool.map(functions.as_float, range(7, 300), **options))
        assert found == [functions.as_float(task) for task in range(7, 300)]


def leave_after_the_first_result(started, function, folder, tasks=2):
    results = started.unordered(function, [(index, str(folder)) for index in range(tasks)], chunk_size=1)
    assert next(results) == (1, 1)
    results.close()


def test_a_task_that_never_ends_and_that_nobody_waits_for_cannot_hold_up_the_next_pass(pool, tmp_path):
    before = {view.pid for view in pool.workers}
    leave_after_the_first_result(pool, functions.first_never_ends, tmp_path)
    assert list(pool.map(functions.square, range(9))) == [task * task for task in range(9)]
    assert len(before - {view.pid for view in pool.workers}) == 1


def test_a_task_that_nobody_waits_for_may_end_and_its_worker_goes_on(pool, tmp_path):
    before = {view.pid for view in pool.workers}
    leave_after_the_first_result(pool, functions.first_ends_when_it_may, tmp_path)
    (tmp_path / "go on").touch()
    assert list(pool.map(functions.square, range(9))) == [task * task for task in range(9)]
    assert {view.pid for view in pool.workers} == before
    assert wait_until((tmp_path / "0").exists)


def test_what_was_handed_out_ahead_is_not_begun_when_nobody_wants_it_any_more(tmp_path):
    (tmp_path / "begun").touch()
    with engine.pool(workers=1) as started:
        tasks = [(index, str(tmp_path)) for index in (*range(1, 31), 0, *range(31, 90))]
        results = started.map(functions.first_ends_when_it_may, tasks, chunk_size=1)
        assert list(itertools.islice(results, 30)) == list(range(1, 31))
        assert wait_until(lambda: started.workers[0].first == 30)
        results.close()
        (tmp_path / "go on").touch()
        assert list(started.map(functions.square, [3])) == [9]
    assert not (tmp_path / "31").exists()


def test_a_pass_that_is_forgotten_makes_room_for_the_next(pool):
    results = pool.map(functions.square, range(1_000))
    next(results)
    del results
    gc.collect()
    assert list(pool.map(functions.square, [3])) == [9]


def test_there_is_one_pass_at_a_time(pool):
    results = pool.map(functions.square, range(1_000))
    next(results)
    for other in (pool.map(functions.square, [3]), pool.unordered(functions.square, [3])):
        with pytest.raises(RequestError, match="in the middle of another pass: finish or close that one first"):
            next(other)
    assert len(list(results)) == 999
    assert list(pool.map(functions.square, [3])) == [9]


def test_a_pass_that_is_not_begun_is_in_nobodys_way(pool):
    later = pool.map(functions.square, [4])
    assert list(pool.map(functions.square, [3])) == [9]
    assert list(later) == [16]


def test_passes_can_have_different_functions_and_forms(pool):
    for _ in range(3):
        assert list(pool.map(functions.square, range(40))) == [task * task for task in range(40)]
        assert list(pool.map(functions.as_float, range(40), result=NUMBER)) == [task * 1.5 for task in range(40)]
        assert np.array_equal(list(pool.map(functions.table, [5], result=TABLE)), [functions.table(5)])


def test_a_pass_can_run_in_any_thread(pool):
    found = []
    thread = threading.Thread(target=lambda: found.extend(pool.map(functions.square, range(100))))
    thread.start()
    thread.join(30)
    assert found == [task * task for task in range(100)]


def test_a_consumer_who_raises_ends_the_pool_at_once():
    started = engine.pool(workers=2)

    def consume():
        with started:
            for result in started.map(functions.square, range(1_000), result=ResultSpec("int64")):
                raise LookupError(result)

    with pytest.raises(LookupError):
        consume()
    assert started.workers == ()


def test_a_pool_can_be_started_again_after_it_was_left():
    started = engine.pool(workers=1)
    for _ in range(2):
        with started:
            assert list(started.map(functions.square, range(5))) == [0, 1, 4, 9, 16]


# what is refused


def test_a_pool_works_inside_its_with_statement_only():
    started = engine.pool(workers=1)
    with pytest.raises(RequestError, match="the pool is not started: use it in a `with` statement"):
        started.map(functions.square, [1])
    with started:
        with pytest.raises(RequestError, match="the pool is started already"), started:
            pass
        not_begun = started.map(functions.square, [1])
        begun = started.map(functions.square, range(100), chunk_size=1)
        next(begun)
        assert [view.phase for view in started.workers] != []
    assert list(started.workers) == []
    assert list(started.notes) == []
    with pytest.raises(RequestError, match="the pool was left in the middle of this pass"):
        list(begun)
    with pytest.raises(RequestError, match="the pool is not started"):
        next(not_begun)


def test_what_is_no_function_is_refused_at_once(pool):
    with pytest.raises(RequestError, match=r"map: expected a function and then tasks, got \[1, 2\]"):
        pool.map([1, 2], functions.square)
    with pytest.raises(RequestError, match="did you mean 'chunk_size'"):
        pool.map(functions.square, [1], chunksize=3)
    with pytest.raises(RequestError, match="tasks: expected something to iterate over, got 5"):
        next(pool.map(functions.square, 5))


def test_a_function_that_cannot_reach_workers_is_refused_and_the_pool_goes_on(pool):
    with pytest.raises(WorkFailed, match=r"the function cannot be pickled: .*lambda"):
        list(pool.map(lambda task: task, [1]))
    before = {view.pid for view in pool.workers}
    for _ in range(5):
        with pytest.raises(WorkFailed, match=r"a worker could not unpickle the function.*no such thing here"):
            list(pool.map(Unloadable(), [1]))
        assert list(pool.map(functions.square, [3])) == [9]
    assert {view.pid for view in pool.workers} == before


class Unloadable:
    """Can be unpickled in the engine alone."""

    def __reduce__(self):
        return _load, (os.getpid(),)

    def __call__(self, task):
        return task


def _load(engine_pid):
    if os.getpid() != engine_pid:
        raise LookupError("no such thing here")
    return Unloadable()


def test_a_machine_without_enough_memory_is_told_before_anything_starts(monkeypatch):
    monkeypatch.setattr(limits, "available_memory", lambda: 100 << 20)
    with pytest.raises(Lacking, match=r"8 workers need .* of their own.*105 MB are available: 2 workers fit"):
        engine.pool(workers=8).__enter__()
    with pytest.raises(Lacking, match=r"1 worker needs .*2\.0 GB of its own.*not even 1 worker fits"):
        engine.pool(workers=1, memory=2_000_000_000).__enter__()


def test_data_that_cannot_be_pickled_is_refused_and_leaves_nothing():
    with pytest.raises(WorkFailed, match=r"the data cannot be pickled: .*give workers plain data"):
        engine.pool(workers=2, data={"lock": threading.Lock()}).__enter__()


# data


def test_a_pool_without_data_hands_over_the_task_alone(pool):
    assert list(pool.map(functions.same, [1, None])) == [1, None]


@pytest.mark.parametrize("data", [None, 0, "text", {"a": np.arange(3).tolist()}], ids=str)
def test_any_data_is_handed_over_even_none(data):
    with engine.pool(workers=1, data=data) as started:
        assert list(started.map(functions.pair, [5, 6])) == [(data, 5), (data, 6)]


def test_arrays_are_shared_and_read_only(any_pool):
    assert set(any_pool.map(functions.owns, range(10))) == {(False, False)}
    with pytest.raises(TaskFailed, match="read-only"):
        list(any_pool.map(functions.write, [3]))
    assert PRICES["prices"][3] == 3.0


# what fails

SEVENS = [task for task in range(100) if task % 7 == 0]


@pytest.mark.parametrize("how", ["map", "unordered"])
def test_the_first_failure_in_order_ends_a_pass_though_a_later_one_came_first(pool, how, tmp_path):
    tasks = [(index, str(tmp_path)) for index in range(60)]
    with pytest.raises(TaskFailed, match="the first in order") as error:
        list(getattr(pool, how)(functions.fail_late, tasks, chunk_size=1))
    assert error.value.index == 3


@pytest.mark.parametrize("result", [None, NUMBER], ids=["pickled", "declared"])
@pytest.mark.parametrize("chunk_size", [1, 7, 100, "auto"])
def test_results_before_the_first_failure_are_given(pool, result, chunk_size):
    found: list[Any] = []
    options = {"result": result, "chunk_size": chunk_size}
    with pytest.raises(TaskFailed, match="task 6 "):
        found.extend(pool.map(functions.fail_at_multiples_of_seven, range(1, 100), **options))
    assert found == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("result", [None, NUMBER], ids=["pickled", "declared"])
@pytest.mark.parametrize("chunk_size", [1, 7, "auto"])
def test_failures_are_skipped_or_kept_in_their_places(pool, result, chunk_size):
    options = {"result": result, "chunk_size": chunk_size}
    skipped = list(pool.map(functions.fail_at_multiples_of_seven, range(100), on_error="skip", **options))
    assert skipped == [task for task in range(100) if task % 7]
    assert [failure.index for failure in pool.failures] == SEVENS
    kept = list(pool.map(functions.fail_at_multiples_of_seven, range(100), on_error="keep", **options))
    assert [task for task in kept if not isinstance(task, TaskFailed)] == skipped
    assert tuple(task for task in kept if isinstance(task, TaskFailed)) == pool.failures
    assert [kept[index].index for index in SEVENS] == SEVENS


def test_without_order_failures_are_kept_with_their_positions(pool):
    found = list(pool.unordered(functions.fail_at_multiples_of_seven, range(100), on_error="keep"))
    assert sorted(index for index, _ in found) == list(range(100))
    assert all(value == index for index, value in found if index % 7)
    assert all(isinstance(value, TaskFailed) and value.index == index for index, value in found if index % 7 == 0)


def test_failures_are_those_of_the_last_pass(pool):
    list(pool.map(functions.fail_at_multiples_of_seven, range(100), on_error="skip"))
    assert len(pool.failures) == len(SEVENS)
    list(pool.map(functions.square, range(5)))
    assert pool.failures == ()


def test_what_fails_is_tried_again_as_often_as_was_asked_for(pool, tmp_path):
    for times, failing in ((1, 10), (2, 0)):
        folder = tmp_path / str(times)
        folder.mkdir()
        tasks = [(index, str(folder)) for index in range(30)]
        found = list(pool.map(functions.fail_first, tasks, on_error=engine.retry(times, "skip")))
        assert len(found) == 30 - failing
        assert len(pool.failures) == failing
        tries = {index: len(list(folder.glob(f"{index}-*"))) for index in range(30)}
        assert tries == {index: 1 if index % 3 else times + 1 for index in range(30)}


def test_an_error_names_the_task_the_place_and_holds_the_traceback(pool):
    with pytest.raises(TaskFailed) as error:
        list(pool.map(functions.fail_deep, ["a", "b"]))
    failure = error.value
    assert str(failure).startswith("task 0 ('a') raised KeyError: 'missing' at ")
    assert "functions.py:" in str(failure)
    assert (failure.index, failure.task) == (0, "'a'")
    assert failure.trace.splitlines()[-1] == "KeyError: 'missing'"
    for name in ("fail_deep", "_deeper"):
        assert f"in {name}" in failure.trace


@pytest.mark.parametrize("result", [None, NUMBER], ids=["pickled", "declared"])
@pytest.mark.parametrize("name", functions.RAISED)
def test_whatever_a_task_raises_is_its_own_failure_and_its_worker_goes_on(pool, name, result):
    before = [view.pid for view in pool.workers]
    found = list(pool.map(functions.raise_in_the_middle, [*range(9), name, *range(9)], on_error="keep", result=result))
    assert found[:9] == found[10:] == list(range(9))
    assert str(found[9]).startswith(f"task 9 ('{name}') raised {name}")
    assert [view.pid for view in pool.workers] == before


def test_a_task_that_recurses_for_ever_fails(pool):
    with pytest.raises(TaskFailed, match=r"task 0 .* raised RecursionError: maximum recursion depth exceeded"):
        list(pool.map(functions.recurse, [1]))


@pytest.mark.parametrize("chunk_size", [1, 7, "auto"])
def test_a_result_that_cannot_be_pickled_is_a_failure_of_its_task_alone(pool, chunk_size):
    before = [view.pid for view in pool.workers]
    options: Any = {"on_error": "skip", "chunk_size": chunk_size}
    found = list(pool.map(functions.sometimes_unpicklable, range(100), **options))
    assert found == [task for task in range(100) if task % 10 != 3]
    assert [failure.index for failure in pool.failures] == list(range(3, 100, 10))
    assert {type(failure) for failure in pool.failures} == {TaskStuck}
    assert "its result cannot be pickled: TypeError: cannot pickle '_thread.lock' object" in str(pool.failures[0])
    assert [view.pid for view in pool.workers] == before


def test_a_result_of_another_form_than_declared_is_a_failure_of_its_task(pool):
    found = list(pool.map(functions.wrong_form, range(30), result=NUMBER, on_error="skip"))
    assert found == [2.5] * 27
    assert [failure.index for failure in pool.failures] == [0, 10, 20]
    assert "does not have the declared form float64 []: it is float64 [2]" in str(pool.failures[0])


# what one can see


@pytest.mark.parametrize("total", [400, None])
def test_progress_rises_and_ends_with_everything(pool, total):
    reports: list[Any] = []
    tasks = range(400) if total else iter(range(400))
    list(pool.map(functions.compute_for_a_millisecond, tasks, progress=reports.append, chunk_size=5))
    done = [report.done for report in reports]
    assert done == sorted(done)
    assert (done[-1], reports[-1].failed, reports[-1].total) == (400, 0, total)
    assert reports[-1].left == (0.0 if total else None)
    assert [report.seconds for report in reports] == sorted(report.seconds for report in reports)
    assert 0 < 400 / reports[-1].rate == pytest.approx(reports[-1].seconds)
    assert 1 < len(reports) <= 2 + 10 * reports[-1].seconds


def test_progress_counts_failures_and_reports_even_nothing(pool):
    reports: list[Any] = []
    list(pool.map(functions.fail_at_multiples_of_seven, range(100), on_error="skip", progress=reports.append))
    assert (reports[-1].done, reports[-1].failed) == (100, len(SEVENS))
    list(pool.map(functions.square, [], progress=reports.append))
    assert (reports[-1].done, reports[-1].total, reports[-1].left) == (0, 0, None)


def test_workers_tell_what_they_did():
    with engine.pool(workers=2, data=PRICES) as started:
        before = started.workers
        assert all((view.tasks, view.wall, view.phase, view.lives) == (0, 0.0, "idle", 1) for view in before)
        assert all(0 < view.start < 30 and 0 <= view.imports < 30 and 0 < view.unpack < 30 for view in before)
        list(started.map(functions.price, range(1_000), chunk_size=10))
        assert wait_until(lambda: sum(view.tasks for view in started.workers) == 1_000)
        after = started.workers
    assert [view.pid for view in after] == [view.pid for view in before]
    assert sum(view.chunks for view in after) == 100
    assert all(0 < view.wall < 30 for view in after if view.tasks)
    assert all(0 <= view.cpu < 30 and view.wait > 0 for view in after)
    assert sum(view.bytes for view in after) > 8 * 1_000


def test_a_chunk_that_is_sent_in_parts_counts_once():
    with engine.pool(workers=1) as started:
        list(started.map(functions.compute_for_a_millisecond, range(120), chunk_size=60))
        assert wait_until(lambda: started.workers[0].tasks == 120)
        assert started.workers[0].chunks == 2


def test_workers_are_the_processes_that_compute(pool):
    pids = {view.pid for view in pool.workers}
    assert set(pool.map(functions.process, range(300), chunk_size=1)) <= pids
    assert os.getpid() not in pids
    assert all(psutil.pid_exists(pid) for pid in pids)


@pytest.mark.parametrize("method", sorted(START_METHODS))
@pytest.mark.parametrize("threads", [1, 2])
def test_libraries_in_workers_use_as_many_threads_as_they_may(method, threads):
    before = {name: os.environ.get(name) for name in VARIABLES}
    with engine.pool(workers=1, start_method=method, threads_per_worker=threads) as started:
        variables, libraries = next(started.map(functions.thread_limits, [VARIABLES]))
        assert started.notes == ()
    assert set(variables) == {str(threads)}
    assert libraries
    assert max(libraries) <= threads
    assert {name: os.environ.get(name) for name in VARIABLES} == before


# as a script

SCRIPT = """
import engine

OFFSET = 7

def add(task):
    return task + OFFSET

class Point:
    def __init__(self, x):
        self.x = x

def move(data, point):
    return Point(point.x + data.x)

if __name__ == "__main__":
    OFFSET = 9000  # workers import the script, and do not run this
    with engine.pool(workers=2, start_method={method!r}) as pool:
        print(list(pool.map(add, range(5))))
    with engine.pool(workers=2, data=Point(10), start_method={method!r}) as pool:
        print([point.x for point in pool.map(move, [Point(1), Point(2)])])
"""


@pytest.mark.parametrize("method", sorted(START_METHODS))
def test_functions_and_classes_of_a_script_work(tmp_path, method):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(method=method))
    run = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    offset = 9000 if method == "fork" else 7
    assert run.stderr == ""
    assert run.stdout.splitlines() == [str([task + offset for task in range(5)]), "[11, 12]"]
    assert run.returncode == 0
