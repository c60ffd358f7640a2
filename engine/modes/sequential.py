"""sequential: one chunk after the other in this process; the reference for every result."""

import time
from typing import Any, ClassVar, Self

from engine.chunks import run_chunk
from engine.executor import Limit, Outcome, WorkerTime
from engine.host import usable_cores
from engine.modes.base import LocalExecutor


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

    def run(self, tasks: int | None = None) -> Outcome:
        """Compute every chunk once, or those of the first so many tasks."""
        job, chunks, wall, cpu, longest = self._job, self._first(tasks), 0.0, 0.0, 0.0
        collector = self._collector()
        for chunk in chunks:
            piece = job.tasks[chunk.start : chunk.stop]
            results, w, c = run_chunk(job.kernel.function, self._data, piece, chunk.start, time.process_time)
            collector.put(chunk, results)
            wall, cpu, longest = wall + w, cpu + c, max(longest, w)
        return Outcome(collector.results, (WorkerTime(wall, cpu, len(chunks)),), self._largest, longest=longest)

    def __exit__(self, *_: Any) -> None:
        self._data = None
