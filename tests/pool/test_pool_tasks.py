"""How many tasks there may be, and where they come from."""

import functools
import itertools
import operator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import pytest

import engine
from engine.pool import sharedfile
from engine.pool.course import IN_HAND
from engine.workload import ResultSpec
from tests.conftest import wait_until
from tests.pool import functions
from tests.pool.conftest import NUMBER, TABLE


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
