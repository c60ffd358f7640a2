"""shared-memory: the data is laid once into shared memory, workers write results into shared slots; nothing big is
pickled."""

import os
from contextlib import closing
from typing import Any, ClassVar, Self

from engine.chunks import CACHE_BYTES, Collector
from engine.errors import TaskFailed
from engine.executor import Chunk, Job, Limit, Outcome, Shipping, Steps, WorkerTime, finish
from engine.plan import Plan
from engine.pool.course import Failure
from engine.pool.messages import Batch
from engine.pool.sizing import Sizer
from engine.pool.slots import Slots, SlotsForm
from engine.pool.workers import Setting, Workers

_AT_IT = ("reading", "running", "sending")
"""Phases of a worker that has tasks in hand."""


class SharedMemory:
    """Worker processes over one arena, each handed its next chunk as it becomes free."""

    name: ClassVar[str] = "shared-memory"
    summary: ClassVar[str] = "processes over one copy of the data; results go into shared slots"
    honours: ClassVar[frozenset[str]] = frozenset(
        {"kernel", "chunk_size", "workers", "start_method", "threads_per_worker"}
    )
    on_device: ClassVar[bool] = False

    def __init__(self, job: Job, plan: Plan) -> None:
        self._job, self._plan = job, plan

    @classmethod
    def unavailable(cls) -> str | None:
        """Return why this mode cannot run here; None: it can."""
        return None if os.name == "posix" else "needs a POSIX system (Linux, macOS, WSL)"

    @classmethod
    def limit(cls) -> Limit | None:
        """Return what is not shared."""
        return Limit(
            "what is not in arrays, Arrow tables or DataFrames is copied to every worker",
            "engine.LookupTable in place of a big dict",
        )

    @classmethod
    def copies(cls, plan: Plan) -> int:
        """Return none of their own: all workers share one, and what has no room for it is refused when it is made."""
        return 0

    def __enter__(self) -> Self:
        job, plan = self._job, self._plan
        preload = ("__main__", job.kernel.function.__module__)
        setting = Setting(plan.workers, plan.start_method, plan.threads_per_worker, preload=preload)
        self._workers = Workers(setting, job.data)
        self._workers.__enter__()
        try:
            slots = Slots(SlotsForm(len(job.tasks), job.result)) if job.result else None
            self._order = self._workers.open(Batch(job.kernel), self._sizer(), slots)
        except BaseException:
            self._workers.__exit__(None, None, None)
            raise
        return self

    def _sizer(self) -> Sizer:
        each, size = self._job.kernel.bytes_per_task, self._plan.chunk_size
        fitting = max(1, CACHE_BYTES // each) if each and size == "auto" else None
        return Sizer(self._plan.workers, None if size == "auto" else size, fitting, batch=True)

    @property
    def shipping(self) -> Shipping:
        """Packing and unpacking; what is not in buffers is copied to each worker."""
        return self._workers.shipping

    @property
    def notes(self) -> tuple[str, ...]:
        """Libraries with more threads than they were told to use, and data that is copied to each worker."""
        return self._workers.notes

    @property
    def hands(self) -> tuple[int, int] | None:
        """Workers that are alive, and those that have tasks in hand."""
        views = self._workers.views()
        return sum(view.pid > 0 for view in views), sum(view.phase in _AT_IT for view in views)

    def run(self, tasks: int | None = None) -> Outcome:
        """Compute every task once, or the first so many; with chunk size auto, in chunks of about 20 ms."""
        return finish(self.steps(tasks))

    def steps(self, tasks: int | None = None, *, often: bool = False) -> Steps:
        """Do the same and tell of tasks as they are settled."""
        job, order = self._job, self._order
        collector = None if order.slots else Collector(len(job.tasks), None)
        order.clear()
        before = self._workers.views()
        failures: list[TaskFailed] = []
        course = self._workers.course(order, job.tasks if tasks is None else job.tasks[:tasks])
        with closing(course.run()) as settling:
            for settled in settling:
                if isinstance(settled, Failure):
                    failures.append(settled.error)
                    course.stop_at(settled.index)
                    yield settled.error
                    continue
                if collector is not None:
                    collector.put(Chunk(settled.first, settled.first + settled.count), list(settled.values or ()))
                yield settled.count
        if failures:
            raise min(failures, key=lambda failure: failure.index)
        busy = tuple(
            WorkerTime(now.wall - then.wall, now.cpu - then.cpu, now.chunks - then.chunks)
            for now, then in zip(self._workers.views(), before, strict=True)
        )
        views = self._workers.views()
        back = 0 if order.slots else sum(v.bytes for v in views) - sum(v.bytes for v in before)
        results = order.slots.values if order.slots else collector and collector.results
        copied = sum(v.copy for v in views) - sum(v.copy for v in before)
        return Outcome(
            results,
            busy,
            order.sizer.largest,
            back,
            pickled=order.slots is None,
            longest=course.longest,
            transfer=copied / len(views),
        )

    def __exit__(self, *_: Any) -> None:
        self._workers.close(self._order)
        self._workers.__exit__(None, None, None)
