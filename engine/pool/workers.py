"""Workers over shared data: set up, given orders, sent over courses, ended; what Pool and the shared-memory mode
share."""

import pickle
import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from engine.errors import WorkbenchError, WorkFailed
from engine.executor import Shipping
from engine.pool import limits
from engine.pool.advice import unpicklable
from engine.pool.arena import Arena, pack
from engine.pool.board import WorkerView
from engine.pool.course import IN_HAND, Course
from engine.pool.crew import Crew, Recipe
from engine.pool.limits import in_words
from engine.pool.messages import Order, Work
from engine.pool.order import OpenOrder
from engine.pool.ring import SPARE, Ring, ring_form
from engine.pool.sizing import Sizer
from engine.pool.slots import Slots
from engine.pool.starting.preparation import preparation
from engine.pool.supply import Supply
from engine.pool.watch import Watch
from engine.pool.weighing import heaviest
from engine.workload import ResultSpec

_EMPTY_WORKER = 40 << 20
"""Bytes of a worker before it has data: an interpreter with NumPy."""
_UNPICKLED = 3
"""Python objects take about three times the bytes of their pickle (a dict of 8 million strings: 3.2)."""
_WORTH_NAMING = 1 << 20
"""Bytes copied to each worker below which nobody need hear of it."""
_KEPT = 64 << 20
"""Bytes of a ring that is kept for the next pass: to reserve and map 12 MB anew takes 5 ms, and 1 ms in each worker."""
_DESCRIPTORS = 4
"""Descriptors the engine holds per worker: channel, handle, report, and one while it starts."""


class NoData:
    """Stands for: no data was given, so functions take the task alone."""


@dataclass(frozen=True)
class Setting:
    """What workers are like."""

    count: int
    start_method: str = "forkserver"
    threads: int = 1
    """Threads that BLAS, OpenMP and the like may use in each."""
    memory: int | None = None
    """Bytes each may have to itself; None: its share of what is there."""
    preload: tuple[str, ...] = ()


class Workers:
    """Entering starts them and returns when each has the data; leaving ends them."""

    def __init__(self, setting: Setting, data: Any = NoData) -> None:
        self.setting = setting
        self._data = data
        self._arena: Arena | None = None
        self._crew: Crew | None = None
        self._orders = 0
        self._ring: Ring | None = None
        """Slots of the pass before, if the next one can have them."""
        self.memory = 0
        """Bytes each worker may have to itself."""

    def __enter__(self) -> Self:
        """Raises WorkFailed for data that cannot be pickled or unpickled, Lacking when the machine has not enough."""
        facts = preparation()
        try:
            begun = time.perf_counter()
            self._arena = None if self._data is NoData else _packed(self._data)
            self._pack_seconds = time.perf_counter() - begun
            self._check_limits()
            setting = self.setting
            recipe = Recipe(setting.start_method, setting.preload, facts, setting.threads, self._arena)
            self._crew = Crew(setting.count, recipe)
            self._crew.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _check_limits(self) -> None:
        setting, arena = self.setting, self._arena
        own = _EMPTY_WORKER + (_UNPICKLED * arena.copied_bytes if arena else 0)
        limits.check_descriptors(_DESCRIPTORS * setting.count)
        limits.check_processes(setting.count)
        # the arena is written by now, so it is no longer among what is available
        limits.check_memory(0, max(own, setting.memory or 0), setting.count)
        self.memory = setting.memory or limits.fair_budget(0, setting.count)

    @property
    def shipping(self) -> Shipping:
        """What set-up spent on the data; workers rebuild it side by side, so the slowest of them counts."""
        if self._arena is None:
            return Shipping()
        unpack = max((view.unpack for view in self.views()), default=0.0)
        size = self._arena.file.size + self._arena.copied_bytes * self.setting.count
        return Shipping(self._pack_seconds + unpack, size)

    @property
    def crew(self) -> Crew:
        """The workers."""
        assert self._crew is not None, "not entered"
        return self._crew

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not as it should be, one sentence each: threads beyond their limit, data that cannot be shared.

        Weighing big data takes up to a second.
        """
        notes = sorted(self._crew.violations) if self._crew else []
        copied = self._arena.copied_bytes if self._arena else 0
        if copied > _WORTH_NAMING:
            parts = ", ".join(f"{path} {in_words(weight)}" for path, weight in heaviest(self._data, most=3))
            notes.append(f"each worker copies {in_words(copied)} that cannot be shared: {parts}")
        return tuple(notes)

    def views(self) -> tuple[WorkerView, ...]:
        """What each worker has done so far."""
        return self._crew.views() if self._crew else ()

    def open(self, work: Work, sizer: Sizer, slots: Slots | Ring | None = None, *, singly: bool = False) -> OpenOrder:
        """Tell every worker what to compute from now on; return when each can.

        Args:
            work: what.
            sizer: how many tasks make a piece.
            slots: where results go, closed if this fails; None: they are pickled.
            singly: note of every task when it is begun.

        Raises WorkFailed for work that cannot be pickled, unpickled or prepared.
        """
        self._orders += 1
        order = OpenOrder(self._orders, sizer, slots)
        try:
            pickled = _pickled(work)
            form, descriptors = (order.slots.form, (order.slots.file.descriptor,)) if order.slots else (None, ())
            self.crew.open(Order(order.number, pickled, form, singly), descriptors)
        except BaseException:
            self.close(order)
            raise
        return order

    def ring(self, result: ResultSpec, chunk_size: int | None, total: int | None) -> Ring:
        """Return slots for results that are passed on: those of the pass before if they have the same form.

        A worker never writes into slots of a pass that was left: it has opened the next order before anything is handed
        out. Raises Lacking when there is no room for them.
        """
        form, segment = ring_form(result, self.setting.count * IN_HAND + SPARE, chunk_size, total)
        ring, self._ring = self._ring, None
        if ring is not None and (ring.slots.form, ring.segment) == (form, segment):
            ring.begin()
            return ring
        if ring is not None:
            ring.close()
        return Ring(form, segment)

    def close(self, order: OpenOrder) -> None:
        """Nothing more is computed with an order. Its slots stay mapped for whoever holds results of it."""
        ring, slots = order.ring, order.slots
        if ring is not None and self._crew and ring.slots.form.size <= _KEPT:
            self._ring = ring
        elif slots is not None:
            slots.file.close()

    def course(self, order: OpenOrder, tasks: Iterable[Any], timeout: float | None = None, retries: int = 0) -> Course:
        """Return one pass over tasks; numbers of its pieces go on from those of the passes before."""
        watch = Watch(self.crew.board, timeout, self.memory)
        return Course(self.crew, order, Supply(tasks), watch, retries=retries)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._crew:
            self._crew.end()
            self._crew = None
        if self._ring:
            self._ring.close()
            self._ring = None
        if self._arena:
            self._arena.file.close()


def _packed(data: Any) -> Arena:
    try:
        return pack(data)
    except WorkbenchError:
        raise
    except Exception as error:  # noqa: BLE001 - pickling runs the user's code
        raise WorkFailed(unpicklable("the data", error)) from None


def _pickled(work: Work) -> bytes:
    try:
        return pickle.dumps(work, protocol=5)
    except Exception as error:  # noqa: BLE001 - pickling runs the user's code
        raise WorkFailed(unpicklable("the function", error)) from None
