"""The pool as production code uses it."""

import functools
import math
import operator
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

import engine
from engine.errors import TaskFailed
from engine.pool.starting import START_METHODS
from engine.threads import VARIABLES
from tests.conftest import wait_until
from tests.pool import functions
from tests.pool.conftest import NUMBER, PRICES, TABLE
from tests.pool.functions import SEVENS, THINGS

ROOT = Path(__file__).parents[2]

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
