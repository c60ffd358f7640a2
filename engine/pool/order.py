"""An order the crew can follow: what is computed, where results go, and what was learned about its tasks."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np

from engine.pool.ring import Ring
from engine.pool.schedule import Held, Run
from engine.pool.sizing import Sizer
from engine.pool.slots import PUBLISHED, Slots


class OpenOrder:
    """What every course with this order shares."""

    def __init__(self, number: int, sizer: Sizer, slots: Slots | Ring | None) -> None:
        """``slots``: one per task, or a ring of them for results that are passed on; None: results are pickled."""
        self.number, self.sizer = number, sizer
        self.ring = slots if isinstance(slots, Ring) else None
        self.slots = slots.slots if isinstance(slots, Ring) else slots

    @property
    def has_slots(self) -> bool:
        """Whether there are slots for one more piece."""
        return self.ring is None or self.ring.has_room

    @property
    def scarce(self) -> bool:
        """Whether results that must wait had better be copied out, so that workers need not wait for their slots."""
        return self.ring is not None and self.ring.scarce

    def take_slots(self, first: int) -> int:
        """Return the first slot for a piece whose first task is this one."""
        return self.ring.take() if self.ring else first

    def use_slots(self, slot: int) -> None:
        """Somebody more needs the slots of a piece: the worker that holds it, or unread results."""
        if self.ring:
            self.ring.use(slot)

    def free_slots(self, slot: int) -> None:
        """Somebody does not need the slots of a piece any more."""
        if self.ring:
            self.ring.release(slot)

    def collect(self, start: int, stop: int) -> Iterable[Any] | None:
        """Return what yields the results in slots of a ring; None where every task has a slot of its own."""
        return self.ring.results(start, stop) if self.ring else None

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
