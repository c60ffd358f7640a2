"""shared-memory: the data is laid once into shared memory, workers write results into shared slots; nothing big is
pickled."""

import os
import pickle
import time
from collections.abc import Sequence
from typing import Any, ClassVar, Self

from engine.chunks import Collector, explain
from engine.errors import WorkFailed
from engine.executor import Chunk, Outcome, Shipping, WorkerTime
from engine.modes.base import LocalExecutor
from engine.pool.arena import Arena, pack
from engine.pool.crew import Crew
from engine.pool.slots import Slots, make_slots


class SharedMemory(LocalExecutor):
    """Worker processes over one arena; chunks are handed out as workers become free."""

    name: ClassVar[str] = "shared-memory"
    summary: ClassVar[str] = "processes over one copy of the data; results go into shared slots"
    honours: ClassVar[frozenset[str]] = frozenset(
        {"kernel", "chunk_size", "workers", "start_method", "threads_per_worker"}
    )

    @classmethod
    def unavailable(cls) -> str | None:
        """Return why this mode cannot run here; None: it can."""
        return None if os.name == "posix" else "needs a POSIX system (Linux, macOS, WSL)"

    def __enter__(self) -> Self:
        self._crew = Crew(self._plan.workers, self._plan.start_method)
        begun = time.perf_counter()
        self._arena: Arena = _packed((self._job.data, self._job.tasks))
        packed = time.perf_counter() - begun
        self._slots: Slots | None = make_slots(len(self._job.tasks), self._job.result) if self._job.result else None
        try:
            ready = self._crew.start(self._arena, self._slots, self._job.kernel)
        except BaseException:
            self.__exit__()
            raise
        # workers rebuild the data side by side, so the slowest of them is what set-up waited for
        self._ship_seconds = packed + max(each.unpack_seconds for each in ready)
        self._results = self._slots.array() if self._slots else None
        return self

    @property
    def shipping(self) -> Shipping:
        """Packing and unpacking; what is not in buffers is copied to each worker."""
        workers = self._plan.workers
        return Shipping(self._ship_seconds, self._arena.file.size + self._arena.copied_bytes * workers, 0)

    def run(self, chunks: Sequence[Chunk]) -> Outcome:
        """Execute every chunk once."""
        collector = None if self._slots else Collector(len(self._job.tasks), None)
        busy = [WorkerTime(0.0, 0.0, 0)] * self._plan.workers
        for worker, done in self._crew.run(chunks):
            if collector:
                collector.put(Chunk(done.start, done.stop), done.results)
            seen = busy[worker]
            busy[worker] = WorkerTime(seen.wall + done.wall, seen.cpu + done.cpu, seen.chunks + 1)
        return Outcome(collector.results if collector else self._results, tuple(busy))

    def __exit__(self, *_: Any) -> None:
        self._crew.end()
        self._arena.file.close()
        if self._slots:
            self._slots.file.close()


def _packed(thing: Any) -> Arena:
    try:
        return pack(thing)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise WorkFailed(
            f"the data or the tasks cannot be pickled, so they cannot be shared: {explain(error)}"
        ) from None
