"""thread: worker threads in one process; nothing is copied, and only kernels that release the GIL gain."""

import sys
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Self

from engine.chunks import run_chunk
from engine.executor import Chunk, Limit, Outcome, Steps
from engine.modes.base import LocalExecutor, worker_times


class Thread(LocalExecutor):
    """The standard ThreadPoolExecutor over chunks."""

    name: ClassVar[str] = "thread"
    summary: ClassVar[str] = "threads in one process: no copies, but pure Python shares one GIL"
    honours: ClassVar[frozenset[str]] = frozenset({"kernel", "chunk_size", "workers", "threads_per_worker"})

    @classmethod
    def limit(cls) -> Limit | None:
        """Return that there is a GIL, where there is one."""
        if not getattr(sys, "_is_gil_enabled", lambda: True)():
            return None
        return Limit(
            "of pure Python one thread computes at a time: this Python has a GIL",
            "a kernel that releases it (numpy, numba), or a free-threaded Python (3.13t or later)",
        )

    def __enter__(self) -> Self:
        kernel = self._job.kernel
        self._data = kernel.prepare(self._job.data, "cpu") if kernel.prepare else self._job.data
        self._pool = ThreadPoolExecutor(self._plan.workers)
        everyone = threading.Barrier(self._plan.workers)
        try:
            for ready in [self._pool.submit(everyone.wait) for _ in range(self._plan.workers)]:
                ready.result()
        except BaseException:  # Ctrl-C: a thread that waits for one never started would keep the process for ever
            everyone.abort()
            self._pool.shutdown()
            raise
        return self

    def steps(self, tasks: int | None = None, *, often: bool = False) -> Steps:
        """Compute every chunk once, or those of the first so many tasks, and tell of each."""
        chunks = self._first(tasks)
        collector = self._collector()
        busy: dict[int, list[tuple[float, float]]] = defaultdict(list)
        futures = [self._pool.submit(self._work, chunk) for chunk in chunks]
        try:
            for chunk, future in zip(chunks, futures, strict=True):
                results, wall, cpu, thread = future.result()
                collector.put(chunk, results)
                busy[thread].append((wall, cpu))
                yield chunk.stop - chunk.start
        finally:
            for future in futures:
                future.cancel()
        times, longest = worker_times(busy.values(), self._plan.workers)
        return Outcome(collector.results, times, self._largest, longest=longest)

    def _work(self, chunk: Chunk) -> tuple[Any, float, float, int]:
        tasks = self._job.tasks[chunk.start : chunk.stop]
        done = run_chunk(self._job.kernel.function, self._data, tasks, chunk.start, time.thread_time)
        return *done, threading.get_ident()

    def __exit__(self, *_: Any) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._data = None
