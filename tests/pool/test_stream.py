"""What a pass gives its consumer, and what the next pass takes over from it."""

import os
import signal
from itertools import islice

import numpy as np
import pytest

from engine.pool.stream import Stream
from engine.workload import ResultSpec
from tests.pool.functions import table

TABLE = ResultSpec("float64", (3, 4))
FORMS = [None, TABLE]


def counted(closed):
    try:
        yield [1, 2, 3]
        yield ()
        yield iter((4, 5))
    finally:
        closed.append(True)


def test_batches_come_one_result_at_a_time():
    stream = Stream(counted([]))
    assert next(stream) == 1
    assert list(stream) == [2, 3, 4, 5]
    assert list(stream) == []


def test_a_closed_stream_has_ended():
    closed: list[bool] = []
    stream = Stream(counted(closed))
    assert next(stream) == 1
    stream.close()
    stream.close()
    assert closed == [True]
    assert list(stream) == []


def test_a_loop_that_is_left_ends_the_pass():
    closed: list[bool] = []
    for _ in Stream(counted(closed)):
        break
    assert closed == [True]


def test_a_stream_in_a_with_statement_ends_with_it():
    closed: list[bool] = []
    with Stream(counted(closed)) as stream:
        assert list(islice(stream, 4)) == [1, 2, 3, 4]
    assert closed == [True]


@pytest.mark.parametrize("result", FORMS)
def test_an_iterator_over_a_closed_pass_never_gives_results_of_the_next(pool, result):
    stream = pool.map(table, range(500), result=result)
    old = iter(stream)
    assert (next(old) == 0).all()
    stream.close()
    new = pool.map(table, range(10_000, 10_500), result=result)
    first = [next(new) for _ in range(100)]
    left = list(old)
    assert all((each == index).all() for index, each in enumerate(left, 1))
    assert [each[0, 0] for each in (*first, *new)] == list(range(10_000, 10_500))


def test_results_that_are_kept_stay_as_they_are_while_later_passes_use_the_same_slots(pool):
    kept = [list(pool.map(table, range(start, start + 500), result=TABLE)) for start in (0, 500, 1000)]
    assert [each[0, 0] for tables in kept for each in tables] == list(range(1500))


def test_slots_are_taken_over_by_the_next_pass_of_the_same_form_only(pool):
    def slots():
        list(pool.map(table, range(500), result=TABLE))
        return pool._workers._ring

    first = slots()
    assert slots() is first
    numbers = list(pool.map(float, range(500), result=ResultSpec("float64")))
    assert numbers == list(range(500))
    assert slots() is not first
    assert first.slots.file.descriptor == -1


def test_a_replacement_takes_part_in_slots_that_were_there_before_it(pool):
    list(pool.map(table, range(500), result=TABLE))
    os.kill(pool.workers[0].pid, signal.SIGKILL)
    for _ in range(2):
        tables = list(pool.map(table, range(500), chunk_size=1, result=TABLE))
        assert np.array_equal([each[0, 0] for each in tables], range(500))
        assert pool.workers[0].lives == 2
