"""The contract of an execution mode: one executor class per mode, each in its own file of ``engine/modes``."""

from collections.abc import Generator
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from engine.errors import TaskFailed
from engine.workload import Data, Kernel, ResultSpec, Tasks

if TYPE_CHECKING:  # workers import this module, and would start 10 ms later for what they never call
    from engine.plan import Plan

Seconds = float
Bytes = int


@dataclass(frozen=True)
class Job:
    """A workload bound to its data: what an executor executes, the same in every mode."""

    kernel: Kernel
    data: Data
    tasks: Tasks
    result: ResultSpec | None
    data_bytes: Bytes = 0
    """Bytes of the data when serialised, where that was counted."""


@dataclass(frozen=True)
class Chunk:
    """Tasks ``start`` to ``stop`` (exclusive) of the job."""

    start: int
    stop: int


@dataclass(frozen=True)
class WorkerTime:
    """How long one worker was inside the kernel during one run."""

    wall: Seconds
    cpu: Seconds
    chunks: int


@dataclass(frozen=True)
class Shipping:
    """What set-up spent on getting the data to the workers."""

    seconds: Seconds = 0.0
    """Serialising, copying and rebuilding, summed over workers where that happens one after the other."""
    bytes: Bytes = 0
    """Bytes written for all workers together."""
    copies: int = 0
    """How many workers received a copy of their own; 0: the data is shared."""


@dataclass(frozen=True)
class Outcome:
    """What one run produced."""

    results: Any
    """In task order: an array [tasks, *shape] where the workload declares its result, else a list. Valid until the next
    run."""
    workers: tuple[WorkerTime, ...]
    chunk_size: int
    """Tasks of the largest chunk."""
    bytes_back: Bytes = 0
    """Bytes of results that travelled through a pipe."""
    pickled: bool = False
    """Results were pickled in the workers and unpickled here."""
    longest: Seconds = 0.0
    """Of all chunks the longest, in the kernel."""
    transfer: Seconds = 0.0
    """What a worker spent on handing its results back, on average, where it can tell."""


Steps = Generator[int | TaskFailed, None, Outcome]
"""A run on its way: after each chunk how many tasks are done with it, or the task that failed."""


def finish(steps: Steps) -> Outcome:
    """Take a run to its end. Raises what it raises."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome


@dataclass(frozen=True)
class Limit:
    """What holds a mode back on this machine, whether it can run or not."""

    sentence: str
    lift: str
    """What to do about it."""


class Executor(Protocol):
    """Entering is set-up and returns when every worker can work; leaving is tear-down. It owns no clock of its own."""

    name: ClassVar[str]
    summary: ClassVar[str]
    honours: ClassVar[frozenset[str]]
    """Knobs of the plan that change something in this mode; a sweep collapses plans that differ only in others."""
    on_device: ClassVar[bool]
    """Takes the kernels that compute on a torch device, and no others."""

    def __init__(self, job: Job, plan: "Plan") -> None: ...

    @classmethod
    def unavailable(cls) -> str | None:
        """Return why this mode cannot run here and what to install, or None if it can."""

    @classmethod
    def limit(cls) -> Limit | None:
        """Return what holds this mode back here, and how to lift that; None: nothing does."""

    @classmethod
    def copies(cls, plan: "Plan") -> int:
        """Return how many workers surely hold a copy of the whole data of their own."""

    @property
    def shipping(self) -> Shipping:
        """What set-up spent on the data; known after entering."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not as it should be with the workers or the data, one sentence each."""

    def __enter__(self) -> Self: ...

    def run(self, tasks: int | None = None) -> Outcome:
        """Compute every task once, or only the first so many. Raises TaskFailed naming the first that raised."""

    def steps(self, tasks: int | None = None, *, often: bool = False) -> Steps:
        """Do the same and tell how far it is; closing it gives up what is not computed yet.

        ``often``: where chunks are free, they may be cut smaller than in a run that is timed, so as to be told of.
        """

    @property
    def hands(self) -> tuple[int, int] | None:
        """How many workers are alive and how many of them are busy; None: the mode cannot tell."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
