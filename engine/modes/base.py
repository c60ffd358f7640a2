"""What the local modes have in common: the job, the plan, and the rule for ``chunk_size``."""

from collections.abc import Collection, Sequence
from typing import ClassVar, Self

from engine.chunks import Collector, auto_size, even_chunks
from engine.executor import Chunk, Job, Limit, Outcome, Shipping, Steps, WorkerTime, finish
from engine.plan import Plan


def worker_times(busy: Collection[Sequence[tuple[float, float]]], workers: int) -> tuple[tuple[WorkerTime, ...], float]:
    """Return each worker's time and the longest chunk's; ``busy``: wall and CPU seconds of each chunk, by worker."""
    times = [WorkerTime(sum(w for w, _ in each), sum(c for _, c in each), len(each)) for each in busy]
    idle = [WorkerTime(0.0, 0.0, 0)] * (workers - len(times))
    return (*times, *idle), max((wall for each in busy for wall, _ in each), default=0.0)


class LocalExecutor:
    """Base of the executors that run on this machine; not a mode itself."""

    on_device: ClassVar[bool] = False
    pieces_per_worker: ClassVar[int] = 16
    """How many chunks ``auto`` makes for each worker: enough that the last ones even out, few enough to cost nothing.
    """
    batches_per_worker: ClassVar[int] = 4
    """The same for kernels that compute a chunk at once: each of their chunks has a fixed cost of its own."""

    def __init__(self, job: Job, plan: Plan) -> None:
        self._job = job
        self._plan = plan
        self._chunks = self._cut(len(job.tasks))
        self._kept: Collector | None = None

    @classmethod
    def unavailable(cls) -> str | None:
        """Return why this mode cannot run here; None: it can."""
        return None

    @classmethod
    def limit(cls) -> Limit | None:
        """Return what holds this mode back here, and how to lift that; None: nothing does."""
        return None

    @classmethod
    def copies(cls, plan: Plan) -> int:
        """Return how many workers hold a copy of the data of their own: none where all is in one process."""
        return 0

    @property
    def shipping(self) -> Shipping:
        """What set-up spent on the data: nothing where it stays in this process."""
        return Shipping()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not as it should be with the workers or the data: nothing that is known."""
        return ()

    def _cut(self, tasks: int) -> Sequence[Chunk]:
        """Return the chunks of the first so many tasks that ``plan.chunk_size`` stands for."""
        size = self._plan.chunk_size
        return even_chunks(tasks, self._auto_size(tasks) if size == "auto" else size)

    def _auto_size(self, tasks: int) -> int:
        batched = bool(self._job.kernel.bytes_per_task)
        pieces = min(self.pieces_per_worker, self.batches_per_worker) if batched else self.pieces_per_worker
        return auto_size(tasks, self._plan.workers * pieces, self._job.kernel)

    def _collector(self) -> Collector:
        """Return where results go. Arrays go to the same place in every run, as in slots: 203 MB of fresh memory each
        time take a third of the time that a compiled kernel needs to fill them."""
        if self._kept is None or self._job.result is None:
            self._kept = Collector(len(self._job.tasks), self._job.result)
        return self._kept

    def _first(self, tasks: int | None) -> Sequence[Chunk]:
        """Return the chunks of a job of the first so many tasks; None: of all."""
        return self._chunks if tasks is None else self._cut(tasks)

    @property
    def _largest(self) -> int:
        return max((chunk.stop - chunk.start for chunk in self._chunks), default=0)

    @property
    def hands(self) -> tuple[int, int] | None:
        """Not known: nothing here looks at workers."""
        return None

    def steps(self, tasks: int | None = None, *, often: bool = False) -> Steps:
        """Compute every chunk once, or those of the first so many tasks, and tell of each."""
        raise NotImplementedError

    def run(self, tasks: int | None = None) -> Outcome:
        """Compute every chunk once, or those of the first so many tasks."""
        return finish(self.steps(tasks))

    def __enter__(self) -> Self:
        return self
