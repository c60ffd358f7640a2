"""An order the crew can follow: what is computed, where results go, and what was learned about its tasks."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from engine.pool.schedule import Held, Run
from engine.pool.sizing import Sizer
from engine.pool.slots import PUBLISHED, Slots, SlotsForm, bytes_of
from engine.workload import ResultSpec

SEGMENT = 1 << 20
"""Bytes of one piece's slots where results are passed on: 86 tables of 12 kB. With 12 pieces of 4 MB a table costs
1.4 times as much, because they fit into no cache; with 0.25 MB 1.5 times, because a piece is too short."""
SPARE = 8
"""Pieces whose results can wait in their slots for their turn: copying them out costs 12 us a table, because it takes
fresh memory."""


class OpenOrder:
    """What every course with this order shares."""

    def __init__(self, number: int, sizer: Sizer, slots: Slots | None, segment: int = 0) -> None:
        """``segment``: slots of one piece, in a ring of pieces whose results are copied out; 0: one slot per task."""
        self.number, self.sizer, self.slots = number, sizer, slots
        self._segment = segment
        self._free = list(range(0, slots.form.capacity, segment)) if slots and segment else []
        self._closed = False
        self._users: Counter[int] = Counter()
        """How many need the slots that begin there: the worker that holds the piece, and unread results."""

    @property
    def has_slots(self) -> bool:
        """Whether there are slots for one more piece."""
        return not self._segment or bool(self._free)

    def take_slots(self, first: int) -> int:
        """Return the first slot for a piece."""
        if self.slots is None:
            return 0
        if not self._segment:
            return first
        slot = self._free.pop()
        self.use_slots(slot)
        self.slots.clear(slot, slot + self._segment)
        return slot

    def use_slots(self, slot: int) -> None:
        """Somebody more needs the slots of a piece."""
        self._users[slot] += 1

    def free_slots(self, slot: int) -> None:
        """Somebody does not need the slots of a piece any more; after the last they may be used again."""
        self._users[slot] -= 1
        if self._segment and not self._users[slot]:
            self._free.append(slot)

    @property
    def scarce(self) -> bool:
        """Whether results that must wait had better be copied out, so that workers need not wait for their slots."""
        return bool(self._segment) and len(self._free) < 2

    def collect(self, start: int, stop: int) -> Iterable[Any] | None:
        """Return copies of results out of the ring, each made when it is asked for; None where every task has a slot of
        its own.

        Each is copied for itself, or one that is kept would keep the memory of all; and only when it is asked for,
        because tables that are used and dropped one by one need 12 kB of warm memory instead of 1 MB of cold.
        """
        if not self._segment or self.slots is None:
            return None
        values = self.slots.values[start:stop]
        return self._copies(values) if self.slots.form.result.shape else iter(values.copy())

    def _copies(self, values: np.ndarray[Any, Any]) -> Iterator[Any]:
        for value in values:
            if self._closed:  # the slots may be those of another pass by now
                return
            yield np.array(value)

    def published(self, held: Held) -> tuple[list[Run], list[Run]]:
        """Return which tasks of a dead worker's piece have a result in their slots, and which have none."""
        if self.slots is None:
            return [], [(held.done, held.count)]
        states = np.frombuffer(self.slots.states, np.uint8)[held.slot + held.done : held.slot + held.count]
        whole = states == PUBLISHED
        bounds = [0, *(np.flatnonzero(np.diff(whole)) + 1).tolist(), len(whole)]
        runs = [(held.done + a, held.done + b) for a, b in pairwise(bounds) if a < b]
        there = [run for run in runs if whole[run[0] - held.done]]
        return there, [run for run in runs if run not in there]

    def clear(self) -> None:
        """Mark every slot as empty, before another pass."""
        if self.slots is not None:
            self.slots.clear(0, self.slots.form.capacity)

    def close(self) -> Slots | None:
        """End it; return a ring that the next order may have. Other slots stay mapped for those who hold results."""
        self._closed = True
        if self._segment:
            return self.slots
        if self.slots is not None:
            self.slots.file.close()
        return None


def ring(result: ResultSpec, pieces: int, chunk_size: int | None, total: int | None = None) -> tuple[SlotsForm, int]:
    """Return the form of the slots of so many pieces at a time, and the slots of one piece; ``total``: of all tasks."""
    segment = chunk_size or max(1, SEGMENT // max(1, bytes_of(result)))
    if total is not None:  # a chunk size far beyond it would reserve gigabytes, and each megabyte takes 0.8 ms
        segment = min(segment, max(1, total))
    return SlotsForm(segment * pieces, result), segment
