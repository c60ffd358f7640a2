"""sequential: one chunk after the other in this process; the reference for every result."""

import time
from collections.abc import Iterable
from typing import Any, ClassVar, Self

from engine.chunks import run_chunk
from engine.executor import Chunk, Limit, Outcome, Steps, WorkerTime
from engine.host import usable_cores
from engine.modes.base import LocalExecutor
from engine.shortening import Shortening


class Sequential(LocalExecutor):
    """One worker, no set-up but the kernel's own."""

    name: ClassVar[str] = "sequential"
    summary: ClassVar[str] = "one chunk after the other in one process; the baseline"
    honours: ClassVar[frozenset[str]] = frozenset({"kernel", "chunk_size", "threads_per_worker"})
    pieces_per_worker: ClassVar[int] = 1

    @classmethod
    def limit(cls) -> Limit | None:
        """Return that the other cores stay idle."""
        cores = usable_cores()
        return Limit(f"computes on one of {cores} cores", "any other mode") if cores > 1 else None

    def __enter__(self) -> Self:
        kernel = self._job.kernel
        self._data = kernel.prepare(self._job.data, "cpu") if kernel.prepare else self._job.data
        return self

    def steps(self, tasks: int | None = None, *, often: bool = False) -> Steps:
        """Compute every chunk once, or those of the first so many tasks, and tell of each."""
        job, wall, cpu, longest, done = self._job, 0.0, 0.0, 0.0, 0
        chunks = self._short(tasks) if often else self._first(tasks)
        collector = self._collector()
        for number, chunk in enumerate(chunks, 1):
            piece = job.tasks[chunk.start : chunk.stop]
            results, w, c = run_chunk(job.kernel.function, self._data, piece, chunk.start, time.process_time)
            collector.put(chunk, results)
            wall, cpu, longest, done = wall + w, cpu + c, max(longest, w), number
            if isinstance(chunks, Shortening):
                chunks.seconds = w
            yield chunk.stop - chunk.start
        return Outcome(collector.results, (WorkerTime(wall, cpu, done),), self._largest, longest=longest)

    def _short(self, tasks: int | None) -> Iterable[Chunk]:
        """Return chunks to be told of. One that auto makes of all tasks is told of when all is over, so it is cut where
        that costs nothing; batched kernels have their chunks for a reason."""
        fixed = self._plan.chunk_size != "auto" or bool(self._job.kernel.bytes_per_task) or self.on_device
        return self._first(tasks) if fixed else Shortening(len(self._job.tasks) if tasks is None else tasks)

    def __exit__(self, *_: Any) -> None:
        self._data = None
