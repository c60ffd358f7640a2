"""Where tasks come from: whatever can be iterated, taken no further than asked for."""

from collections import deque
from collections.abc import Sequence
from itertools import count as counting
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import RequestError
from engine.pool.supply import Supply

patient = settings(deadline=None)


class Squares(Sequence[int]):
    """A sequence of the user's that knows no slices."""

    def __init__(self, length):
        self.length = length

    def __len__(self):
        return self.length

    def __getitem__(self, position):
        if position >= self.length:
            raise IndexError(position)
        return position**2


class OldSequence:
    """What Python could iterate before there was __iter__."""

    def __getitem__(self, position):
        if position >= 10:
            raise IndexError(position)
        return position


class Wrapper:
    """A progress bar around a generator: it has a length, and asking for it is a TypeError."""

    def __init__(self, iterable):
        self.iterable = iterable

    def __iter__(self):
        return iter(self.iterable)

    def __len__(self):
        return len(self.iterable)


KINDS: dict[str, Any] = {
    "list": list,
    "tuple": tuple,
    "range": lambda tasks: range(len(tasks)),
    "array": np.array,
    "table": lambda tasks: np.array(tasks, dtype=int).reshape(-1, 1).repeat(3, axis=1),
    "generator": lambda tasks: (task for task in tasks),
    "iterator": iter,
    "set": set,
    "dict": dict.fromkeys,
    "deque": deque,
    "own sequence": lambda tasks: Squares(len(tasks)),
    "wrapped list": Wrapper,
    "wrapped generator": lambda tasks: Wrapper(task for task in tasks),
}
COUNTED = {"list", "tuple", "range", "array", "table", "set", "dict", "deque", "own sequence", "wrapped list"}

each_kind = pytest.mark.parametrize("kind", KINDS)


def everything(supply, size):
    """All tasks, taken so many at a time, as (first, tasks)."""
    pieces: list[Any] = []
    while True:
        first, tasks = supply.take(size)
        if not len(tasks):
            return pieces
        pieces.append((first, tasks))


@each_kind
@patient
@given(length=st.integers(0, 30), size=st.integers(1, 12))
def test_all_tasks_come_once_in_order(kind, length, size):
    make = KINDS[kind]
    supply = Supply(make(list(range(length))))
    assert supply.total == (length if kind in COUNTED else None)
    expected = list(make(list(range(length))))
    pieces = everything(supply, size)
    assert [first for first, _ in pieces] == list(range(0, length, size))
    assert all(len(tasks) == size for _, tasks in pieces[:-1])
    taken = [task for _, tasks in pieces for task in tasks]
    assert np.array_equal(taken, expected)
    assert supply.taken == length
    assert supply.remaining == 0


@each_kind
def test_what_remains_is_known_where_there_is_a_length(kind):
    supply = Supply(KINDS[kind](list(range(10))))
    supply.take(4)
    assert supply.remaining == (6 if kind in COUNTED else None)


@each_kind
def test_nothing_is_the_end_at_once_or_after_one_look(kind):
    supply = Supply(KINDS[kind]([]))
    assert supply.remaining == (0 if kind in COUNTED else None)
    assert len(supply.take(5)[1]) == 0
    assert supply.remaining == 0


@pytest.mark.parametrize("kind", ["list", "tuple", "range", "array", "table"])
def test_sequences_are_cut_as_they_are(kind):
    tasks = KINDS[kind](list(range(10)))
    _, piece = Supply(tasks).take(3)
    assert type(piece) is type(tasks)
    assert np.array_equal(piece, tasks[:3])
    assert kind not in ("array", "table") or np.shares_memory(piece, tasks)


@pytest.mark.parametrize("kind", ["list", "tuple", "range", "array", "table"])
def test_the_end_of_a_sequence_is_known_with_its_last_piece(kind):
    supply = Supply(KINDS[kind](list(range(6))))
    supply.take(3)
    supply.take(3)
    assert supply.remaining == 0


def test_a_generator_is_read_no_further_than_asked_for():
    numbers = counting()
    supply = Supply(numbers)
    supply.take(3)
    assert next(numbers) == 3


def test_an_iterator_whose_end_falls_together_with_that_of_a_piece_ends_with_the_next_look():
    supply = Supply(iter(range(6)))
    supply.take(3)
    supply.take(3)
    assert supply.remaining is None
    assert supply.take(3) == (6, [])
    assert supply.remaining == 0


def test_an_iterator_that_raises_is_heard():
    def tasks():
        yield 1
        raise OSError("the file with the tasks is gone")

    supply = Supply(tasks())
    assert supply.take(1) == (0, [1])
    with pytest.raises(OSError, match="the file with the tasks is gone"):
        supply.take(1)


class Liar(Wrapper):
    def __init__(self, iterable, length):
        super().__init__(iterable)
        self.length = length

    def __len__(self):
        return self.length


@pytest.mark.parametrize("told", [1, 3, 5, 6, 9, 50])
def test_a_length_that_is_wrong_loses_no_task_and_waits_for_none(told):
    supply = Supply(Liar(range(6), told))
    assert [task for _, tasks in everything(supply, 3) for task in tasks] == list(range(6))
    assert supply.remaining == 0


@pytest.mark.parametrize("told", [1, 3, 5])
def test_a_length_that_is_too_small_is_not_taken_for_the_end(told):
    supply = Supply(Liar(range(6), told))
    supply.take(told)
    assert supply.remaining is None


def test_what_has_only_positions_can_be_iterated_too():
    tasks: Any = OldSequence()
    assert everything(Supply(tasks), 20) == [(0, list(range(10)))]


def test_after_the_end_was_called_nothing_comes():
    supply = Supply(range(10))
    supply.take(2)
    supply.end()
    assert supply.remaining == 0
    assert supply.take(2) == (2, ())


@pytest.mark.parametrize("tasks", [5, None, np.array(5)])
def test_what_cannot_be_iterated_is_refused_in_words(tasks):
    with pytest.raises(RequestError, match="tasks: expected something to iterate over, got"):
        Supply(tasks)
