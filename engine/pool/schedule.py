"""Which tasks are to be handed out next, and what a dead worker means for the tasks it held. No clock, no processes.

Every task is settled once: by a result or by a failure. Tasks that were in a dead worker's hand and have no result come
back. Those it was dealing with when it died are suspects: they are tried in ever smaller probes, with nothing behind
them in the worker's hand, until the one that kills is alone; after its second death it has failed.
"""

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from engine.pool.sizing import Sizer
from engine.pool.supply import Supply
from engine.workload import Tasks

STRIKES = 2
"""Workers a task may end while it is alone, before it is given up."""
_PROBES = 8
"""Parts into which suspects are cut; with 8, the one bad task of 20,000 costs 5 workers until it is alone."""


@dataclass(eq=False)
class Held:
    """A piece in a worker's hand."""

    number: int
    first: int
    tasks: Tasks
    probe: bool = False
    """Holds suspects; nothing else may be in the same hand."""
    slot: int = 0
    done: int = 0
    """Tasks dealt with, from the front."""
    wanted: bool = True
    """False: nobody waits for its results any more."""

    @property
    def count(self) -> int:
        """Number of tasks."""
        return len(self.tasks)


Run = tuple[int, int]
"""Positions within a piece: start, and stop (exclusive)."""


class Schedule:
    """The tasks of one pass that are not settled yet."""

    def __init__(self, supply: Supply, sizer: Sizer, first_number: int, retries: int = 0) -> None:
        self._supply, self._sizer, self._retries = supply, sizer, retries
        self._returned: list[tuple[int, Tasks]] = []
        self._suspects: list[tuple[int, Tasks]] = []
        self._strikes: Counter[int] = Counter()
        self._tries: Counter[int] = Counter()
        self._cap: int | None = None
        self._number = first_number
        self.held = 0
        """Pieces in hands."""

    @property
    def next_number(self) -> int:
        """Number of the piece that comes next; larger than all before."""
        return self._number

    @property
    def waiting(self) -> int | None:
        """Tasks in nobody's hand; None: unknown, but at least one may come."""
        fresh = self._supply.remaining
        if fresh is None:
            return None
        return fresh + sum(len(tasks) for _, tasks in (*self._returned, *self._suspects))

    @property
    def finished(self) -> bool:
        """Whether every task is settled."""
        return not self.held and self.waiting == 0

    def take(self, *, empty: bool, fresh: bool = True) -> Held | None:
        """Return the next piece for a worker with an empty hand or not; None: nothing for it now.

        ``fresh``: it may hold tasks that nobody has had yet.
        """
        if self._suspects:
            if empty:
                first, tasks = heapq.heappop(self._suspects)
                return self._hold(first, tasks, probe=True)
            return None
        size = self._sizer.size(self.waiting)
        if self._returned:
            first, tasks = heapq.heappop(self._returned)
            self._give_back(first + size, tasks[size:])
            return self._hold(first, tasks[:size])
        if not fresh:
            return None
        first, tasks = self._supply.take(size)
        return self._hold(first, tasks) if len(tasks) else None

    def _hold(self, first: int, tasks: Tasks, *, probe: bool = False) -> Held:
        self._number += 1
        self.held += 1
        return Held(self._number - 1, first, tasks, probe)

    def _give_back(self, first: int, tasks: Tasks, *, suspect: bool = False) -> None:
        if self._cap is not None:
            tasks = tasks[: max(0, self._cap - first)]
        if len(tasks):
            heapq.heappush(self._suspects if suspect else self._returned, (first, tasks))

    def dealt(self, held: Held, stop: int, *, last: bool, apart: bool = False) -> None:
        """A worker has dealt with the tasks up to ``stop`` and, with the last part, gives the others back.

        ``apart``: they have to be handed out one at a time.
        """
        held.done = stop
        if not last:
            return
        self.held -= 1
        if apart:
            for position in range(stop, held.count):
                self._give_back(held.first + position, held.tasks[position : position + 1], suspect=True)
        else:
            self._give_back(held.first + stop, held.tasks[stop:])

    def drop(self, held: Held, lost: Iterable[Run]) -> None:
        """A worker is gone and with it these runs of a piece it held; none of them is to blame."""
        self.held -= 1
        for start, stop in lost:
            self._give_back(held.first + start, held.tasks[start:stop])

    def blame(self, held: Held, blamed: Run, *, guilty: bool = False) -> int | None:
        """A worker died dealing with this run of a piece (which is dropped apart from it).

        Returns the position among all tasks of the one that is thereby convicted: it was alone, and for the second time
        or beyond doubt (``guilty``). None: they are tried again, apart from others.
        """
        start, stop = blamed
        index = held.first + start
        if stop - start == 1:
            self._strikes[index] += not guilty
            if guilty or self._strikes[index] >= STRIKES:
                del self._strikes[index]  # if it is tried again, it starts with none
                return index
        step = -(-(stop - start) // _PROBES)
        for begin in range(start, stop, step):
            tasks = held.tasks[begin : min(begin + step, stop)]
            self._give_back(held.first + begin, tasks, suspect=True)
        return None

    def again(self, index: int, tasks: Tasks, *, suspect: bool = False) -> bool:
        """Whether a task that failed is tried once more; ``tasks`` holds it alone."""
        if self._tries[index] >= self._retries:
            return False
        self._tries[index] += 1
        self._give_back(index, tasks, suspect=suspect)
        return True

    def stop_at(self, index: int) -> None:
        """Hand out no task from this one on; those before it still count, since the first failure is the one told."""
        if self._cap is None or index < self._cap:
            self._cap = index
        self._supply.end()
        for waiting in (self._returned, self._suspects):
            kept = [(first, tasks[: max(0, self._cap - first)]) for first, tasks in waiting]
            waiting[:] = [(first, tasks) for first, tasks in kept if len(tasks)]
            heapq.heapify(waiting)

    def drain(self) -> None:
        """Hand out nothing more."""
        self._supply.end()
        self._returned.clear()
        self._suspects.clear()
        self._cap = 0
