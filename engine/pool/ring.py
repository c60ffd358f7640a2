"""A ring: slots for a few pieces at a time, whose results are passed on to the caller.

Results leave it in one of two ways. Where the caller drops them as he goes, the tables of a piece are lent: views of
its slots, which are free again when the last view is gone. To copy 12 kB out of what another core has just written
costs 1.2 to 2.7 us, more than everything else the engine does for a task. But a view that is kept keeps a megabyte, so
only few pieces are lent at a time, and the tables of all others are copied one by one.
"""

import math
import weakref
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.pool.slots import Slots, SlotsForm, bytes_of
from engine.workload import ResultSpec

SEGMENT = 1 << 20
"""Bytes of one piece's slots: 86 tables of 12 kB. With 12 pieces of 4 MB a table costs 1.4 times as much, because they
fit into no cache; with 0.25 MB 1.5 times, because a piece is too short."""
SPARE = 8
"""Pieces whose results can wait in their slots for their turn: copying them out costs 12 us a table, because it takes
fresh memory."""
LENT = 2
"""Pieces that are lent at a time: the one that is read, and the one before, whose last table the caller still holds."""


class Ring:
    """Slots that are used again and again, by one pass after the other."""

    def __init__(self, form: SlotsForm, segment: int) -> None:
        """``segment``: slots of one piece. Raises Lacking when memory is short."""
        self.slots, self.segment = Slots(form), segment
        self._lent: set[int] = set()
        self._returned: deque[int] = deque()
        """Slots whose last view is gone; filled by whichever thread drops it."""
        self._pass = 0
        self.begin()

    def begin(self) -> None:
        """Make room for another pass; what was lent before and is still held stays as it is."""
        self._take_back()
        self._pass += 1
        self._users = Counter(self._lent)
        """How many need the slots that begin there: the worker that holds the piece, unread results, lent ones."""
        self._free = [slot for slot in range(0, self.slots.form.capacity, self.segment) if slot not in self._lent]

    @property
    def has_room(self) -> bool:
        """Whether there are slots for one more piece."""
        self._take_back()
        return bool(self._free)

    @property
    def scarce(self) -> bool:
        """Whether results that must wait had better be copied out, so that workers need not wait for their slots."""
        self._take_back()
        return len(self._free) < 2

    def take(self) -> int:
        """Return the first slot for a piece, all of them empty."""
        slot = self._free.pop()
        self.use(slot)
        self.slots.clear(slot, slot + self.segment)
        return slot

    def use(self, slot: int) -> None:
        """Somebody more needs the slots of a piece."""
        self._users[slot] += 1

    def release(self, slot: int) -> None:
        """Somebody does not need the slots of a piece any more; after the last they may be used again."""
        self._users[slot] -= 1
        if not self._users[slot]:
            self._free.append(slot)

    def results(self, start: int, stop: int) -> Iterator[Any]:
        """Yield the results in slots, to be iterated once and within the pass: after it there are none."""
        if not self.slots.form.result.shape:
            return iter(self.slots.values[start:stop].copy())
        return self._tables(start, stop, self._pass)

    def _tables(self, start: int, stop: int, number: int) -> Iterator[Any]:
        """Decided when the first is asked for, since pieces that wait for their turn need not be lent."""
        self._take_back()
        slot = start - start % self.segment
        if number == self._pass and len(self._lent) < LENT and slot not in self._lent:
            yield from self._lend(start, stop, slot)
            return
        for value in self.slots.values[start:stop]:
            if number != self._pass:  # the slots are those of another pass by now
                return
            yield np.array(value)

    def _lend(self, start: int, stop: int, slot: int) -> np.ndarray[Any, Any]:
        form = self.slots.form
        size = math.prod(form.result.shape)
        offset = form.start + start * bytes_of(form.result)
        # an array of its own: views of it keep it, and its end tells that there is none any more
        piece = np.frombuffer(self.slots.memory, form.result.dtype, (stop - start) * size, offset)
        self._lent.add(slot)
        self.use(slot)
        weakref.finalize(piece, self._returned.append, slot).atexit = False
        return piece.reshape(stop - start, *form.result.shape)

    def _take_back(self) -> None:
        while self._returned:
            slot = self._returned.popleft()
            self._lent.discard(slot)
            self.release(slot)

    def close(self) -> None:
        """Give the memory back, once nobody holds a view."""
        self.slots.file.close()


def ring_form(result: ResultSpec, pieces: int, chunk_size: int | None, total: int | None) -> tuple[SlotsForm, int]:
    """Return the form of the slots of so many pieces at a time, and the slots of one piece; ``total``: of all tasks."""
    segment = chunk_size or max(1, SEGMENT // max(1, bytes_of(result)))
    if total is not None:  # a chunk size far beyond it would reserve gigabytes, and each megabyte takes 0.8 ms
        segment = min(segment, max(1, total))
    return SlotsForm(segment * pieces, result), segment
