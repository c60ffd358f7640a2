"""Where results go: one slot per task, or a ring in which pieces follow one another."""

from contextlib import contextmanager

import numpy as np
import pytest

from engine.pool.order import OpenOrder
from engine.pool.ring import Ring
from engine.pool.schedule import Held
from engine.pool.sizing import Sizer
from engine.pool.slots import PUBLISHED, Slots, SlotsForm
from engine.workload import ResultSpec

TABLE = ResultSpec("float64", (2,))


@contextmanager
def an_order(result=TABLE, capacity=6, segment=0):
    form = SlotsForm(capacity, result)
    order = OpenOrder(1, Sizer(1), Ring(form, segment) if segment else Slots(form))
    try:
        yield order
    finally:
        assert order.slots
        order.slots.file.close()


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
    assert order.collect(0, 5) is None
    assert order.published(a_piece(10, done=4)) == ([], [(4, 10)])
    order.clear()


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
