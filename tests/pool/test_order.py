"""An order's slots: one per task, or a ring in which pieces follow one another without ever meeting."""

from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.pool.order import SEGMENT, OpenOrder, ring
from engine.pool.schedule import Held
from engine.pool.sizing import Sizer
from engine.pool.slots import PUBLISHED, Slots, SlotsForm
from engine.workload import ResultSpec

TABLE = ResultSpec("float64", (2,))


class Ring(RuleBasedStateMachine):
    """Pieces come and go; each has its worker and any number of unread results as users of its slots."""

    @initialize(pieces=st.integers(1, 5), segment=st.integers(1, 4))
    def begin(self, pieces, segment):
        self.segment, self.pieces = segment, pieces
        self.slots = Slots(SlotsForm(pieces * segment, TABLE))
        self.order = OpenOrder(1, Sizer(1), self.slots, segment)
        self.users = {}

    @precondition(lambda self: self.order.has_slots)
    @rule()
    def take(self):
        slot = self.order.take_slots(first=999)
        assert slot % self.segment == 0
        assert 0 <= slot <= self.slots.form.capacity - self.segment
        assert slot not in self.users, "two pieces in one place"
        assert not any(self.slots.states[slot : slot + self.segment]), "the states of the piece before"
        self.slots.put_many(slot, np.ones((self.segment, 2)), self.segment)
        self.users[slot] = 1

    @precondition(lambda self: self.users)
    @rule(which=st.integers(0, 99))
    def use(self, which):
        slot = sorted(self.users)[which % len(self.users)]
        self.order.use_slots(slot)
        self.users[slot] += 1

    @precondition(lambda self: self.users)
    @rule(which=st.integers(0, 99))
    def free(self, which):
        slot = sorted(self.users)[which % len(self.users)]
        self.order.free_slots(slot)
        self.users[slot] -= 1
        if not self.users[slot]:
            del self.users[slot]

    @invariant()
    def there_is_room_as_long_as_not_every_place_has_a_user(self):
        if hasattr(self, "order"):
            assert self.order.has_slots == (len(self.users) < self.pieces)
            assert self.order.scarce == (self.pieces - len(self.users) < 2)

    def teardown(self):
        if hasattr(self, "order"):
            self.order.close()
            self.slots.file.close()


Ring.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestRing = Ring.TestCase


@contextmanager
def an_order(result=TABLE, capacity=6, segment=0):
    slots = Slots(SlotsForm(capacity, result))
    order = OpenOrder(1, Sizer(1), slots, segment)
    try:
        yield order
    finally:
        order.close()
        slots.file.close()


def a_piece(count, *, done=0, slot=0):
    return Held(0, first=0, tasks=range(count), done=done, slot=slot)


def test_where_every_task_has_a_slot_it_is_at_its_position_and_there_is_always_room():
    with an_order() as order:
        assert order.has_slots
        assert not order.scarce
        assert order.take_slots(4) == 4
        order.free_slots(4)
        assert order.take_slots(4) == 4
        assert order.collect(0, 6) is None


def test_without_slots_there_is_always_room_and_nothing_was_published():
    order = OpenOrder(1, Sizer(1), None)
    assert order.has_slots
    assert not order.scarce
    assert order.take_slots(70) == 0
    order.free_slots(0)
    assert order.collect(0, 5) is None
    assert order.published(a_piece(10, done=4)) == ([], [(4, 10)])
    order.clear()
    order.close()


def test_results_out_of_the_ring_are_copies_made_when_they_are_asked_for():
    with an_order(segment=3) as order:
        results = iter(order.collect(0, 2))
        order.slots.values[:] = 7
        first = next(results)
        order.slots.values[:] = 8
        assert first.tolist() == [7, 7]
        assert first.flags.owndata
        assert next(results).tolist() == [8, 8]
        assert next(results, None) is None


def test_numbers_out_of_the_ring_are_copies():
    with an_order(ResultSpec("float64"), segment=3) as order:
        order.slots.values[:] = 7
        results = order.collect(1, 3)
        order.slots.values[:] = 8
        assert list(results) == [7, 7]


PUBLICATIONS = [
    ("......", 0, [], [(0, 6)]),
    ("xxxxxx", 0, [(0, 6)], []),
    ("xx.x..", 0, [(0, 2), (3, 4)], [(2, 3), (4, 6)]),
    (".....x", 0, [(5, 6)], [(0, 5)]),
    ("xx.x..", 2, [(3, 4)], [(2, 3), (4, 6)]),
    ("xx.x..", 6, [], []),
]


@pytest.mark.parametrize(("states", "done", "there", "missing"), PUBLICATIONS)
@pytest.mark.parametrize("slot", [0, 6])
def test_what_a_dead_worker_published_is_told_from_what_it_did_not(states, done, there, missing, slot):
    with an_order(capacity=12, segment=6) as order:
        order.slots.states[:] = bytes(12)
        order.slots.states[slot : slot + 6] = bytes(PUBLISHED if state == "x" else 0 for state in states)
        assert order.published(a_piece(6, done=done, slot=slot)) == (there, missing)


def test_a_cleared_order_has_nothing_published():
    with an_order() as order:
        order.slots.put_many(0, np.ones((6, 2)), 6)
        order.clear()
        assert order.published(a_piece(6)) == ([], [(0, 6)])


def test_a_piece_in_the_ring_takes_a_megabyte_unless_a_chunk_size_was_asked_for():
    table = ResultSpec("float64", (76, 20))
    form, segment = ring(table, pieces=12, chunk_size=None)
    assert segment == SEGMENT // 12_160 == 86
    assert form.capacity == 12 * 86
    assert ring(table, 12, chunk_size=5)[1] == 5
    assert ring(ResultSpec("float64", (1_000, 1_000)), 12, None)[1] == 1


@pytest.mark.parametrize(("total", "expected"), [(None, 10**9), (10**10, 10**9), (7, 7), (1, 1), (0, 1)])
def test_a_piece_in_the_ring_has_no_more_slots_than_there_are_tasks(total, expected):
    form, segment = ring(ResultSpec("float64"), 12, 10**9, total)
    assert segment == expected
    assert form.capacity == 12 * expected
