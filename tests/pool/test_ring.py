"""The ring: pieces follow one another without ever meeting, and what the caller holds never changes."""

import threading
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.pool.ring import LENT, SEGMENT, Ring, ring_form
from engine.pool.slots import SlotsForm
from engine.workload import ResultSpec

TABLE = ResultSpec("float64", (2,))


class Pieces(RuleBasedStateMachine):
    """Pieces come and go; each has its worker and any number of unread results as users, and results that are kept."""

    @initialize(pieces=st.integers(3, 7), segment=st.integers(1, 4))
    def begin(self, pieces, segment):
        self.segment, self.pieces = segment, pieces
        self.ring = Ring(SlotsForm(pieces * segment, TABLE), segment)
        self.users, self.stamps, self.kept, self.stamp = {}, {}, [], 0

    @precondition(lambda self: self.ring.has_room)
    @rule()
    def take(self):
        slot = self.ring.take()
        assert slot % self.segment == 0
        assert 0 <= slot <= self.ring.slots.form.capacity - self.segment
        assert slot not in self.users, "two pieces in one place"
        assert not any(self.ring.slots.states[slot : slot + self.segment]), "the states of the piece before"
        self.stamp += 1
        self.ring.slots.put_many(slot, np.full((self.segment, 2), self.stamp), self.segment)
        self.users[slot], self.stamps[slot] = 1, self.stamp

    @precondition(lambda self: self.users)
    @rule(which=st.integers(0, 99))
    def use(self, which):
        slot = sorted(self.users)[which % len(self.users)]
        self.ring.use(slot)
        self.users[slot] += 1

    @precondition(lambda self: self.users)
    @rule(which=st.integers(0, 99))
    def release(self, which):
        slot = sorted(self.users)[which % len(self.users)]
        self.ring.release(slot)
        self.users[slot] -= 1
        if not self.users[slot]:
            del self.users[slot]

    @precondition(lambda self: self.users)
    @rule(which=st.integers(0, 99))
    def read(self, which):
        slot = sorted(self.users)[which % len(self.users)]
        tables = list(self.ring.results(slot, slot + self.segment))
        assert [table.tolist() for table in tables] == [[self.stamps[slot]] * 2] * self.segment
        self.kept.append((self.stamps[slot], tables))

    @precondition(lambda self: self.kept)
    @rule(which=st.integers(0, 99))
    def drop(self, which):
        del self.kept[which % len(self.kept)]

    @rule()
    def another_pass(self):
        unread = [self.ring.results(slot, slot + self.segment) for slot in self.users]
        self.ring.begin()
        self.users.clear()
        assert [list(tables) for tables in unread] == [[]] * len(unread)

    @invariant()
    def what_is_kept_never_changes(self):
        for stamp, tables in getattr(self, "kept", ()):
            assert all((table == stamp).all() for table in tables)

    @invariant()
    def there_is_room_but_for_pieces_in_use_and_those_that_are_lent(self):
        if hasattr(self, "ring"):
            lent = sum(not table.flags.owndata for _, tables in self.kept for table in tables[:1])
            assert lent <= LENT
            assert self.pieces - len(self.users) - lent <= self.pieces
            if len(self.users) + LENT < self.pieces:
                assert self.ring.has_room

    def teardown(self):
        if hasattr(self, "ring"):
            self.kept.clear()
            self.ring.close()


Pieces.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestPieces = Pieces.TestCase


@contextmanager
def a_ring(capacity=12, result=TABLE):
    ring = Ring(SlotsForm(capacity, result), 3)
    yield ring
    ring.close()


def lent(tables):
    return [not table.flags.owndata for table in tables]


def test_a_piece_that_is_dropped_as_it_is_read_is_lent_every_time():
    with a_ring() as ring:
        for _ in range(20):
            slot = ring.take()
            for table in ring.results(slot, slot + 3):
                assert not table.flags.owndata
                assert table.flags.writeable
            ring.release(slot)


def test_of_pieces_that_are_kept_only_the_first_are_lent():
    with a_ring() as ring:
        kept = [list(ring.results(slot, slot + 3)) for slot in (ring.take() for _ in range(4))]
        assert [lent(tables) for tables in kept] == [[True] * 3] * LENT + [[False] * 3] * (4 - LENT)


def test_whether_a_piece_is_lent_is_decided_when_it_is_read():
    with a_ring() as ring:
        waiting = [ring.results(slot, slot + 3) for slot in (ring.take() for _ in range(4))]
        for tables in waiting:
            assert all(not table.flags.owndata for table in tables)


def test_a_view_that_another_thread_drops_gives_its_slots_back():
    with a_ring() as ring:
        slots = [ring.take() for _ in range(4)]
        kept = [next(ring.results(slots[0], slots[0] + 3))]
        for slot in slots:
            ring.release(slot)
        ring.take(), ring.take(), ring.take()
        assert not ring.has_room
        thread = threading.Thread(target=kept.clear)
        thread.start()
        thread.join()
        assert ring.has_room
        assert ring.take() == slots[0]


def test_views_outlive_the_ring():
    with a_ring() as ring:
        slot = ring.take()
        ring.slots.values[:] = 7
        table = next(ring.results(slot, slot + 3))
    del ring
    assert table.tolist() == [7, 7]


def test_numbers_are_copied():
    with a_ring(result=ResultSpec("float64")) as ring:
        ring.slots.values[:] = 7
        results = ring.results(1, 3)
        ring.slots.values[:] = 8
        assert list(results) == [7, 7]


def test_a_piece_takes_a_megabyte_unless_a_chunk_size_was_asked_for():
    table = ResultSpec("float64", (76, 20))
    form, segment = ring_form(table, pieces=12, chunk_size=None, total=None)
    assert segment == SEGMENT // 12_160 == 86
    assert form.capacity == 12 * 86
    assert ring_form(table, 12, 5, None)[1] == 5
    assert ring_form(ResultSpec("float64", (1_000, 1_000)), 12, None, None)[1] == 1


@pytest.mark.parametrize(("total", "expected"), [(None, 10**9), (10**10, 10**9), (7, 7), (1, 1), (0, 1)])
def test_a_piece_has_no_more_slots_than_there_are_tasks(total, expected):
    form, segment = ring_form(ResultSpec("float64"), 12, 10**9, total)
    assert segment == expected
    assert form.capacity == 12 * expected
