"""What happens during a sweep, as frozen values; each is one line of JSON, and together they are the recording."""

from collections.abc import Iterable
from statistics import median
from typing import IO

import msgspec

from engine.errors import WorkbenchError
from engine.plan import Plan
from engine.report import Breakdown, Goal, Host, Noise, Status, SweepReport


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag=True):
    """Base of all events."""


class SweepStarted(Event, frozen=True, kw_only=True):
    """First event: everything that will be measured, in the order of the table."""

    workload: str
    reference: str
    """How the workload was named in the request."""
    tasks_reference: str = ""
    """How the tasks of a plain function were named."""
    data_reference: str = ""
    """How its data was named."""
    size: str
    host: Host
    plans: tuple[Plan, ...]
    baseline: int
    """Index of the baseline in ``plans``."""
    blocks: int
    """Blocks of the full grid; a race takes as many as it needs."""
    race: bool = False
    """Plans that cannot win are dropped on the way."""
    sample: int = 0
    """Tasks that are measured of all; 0: all."""
    code: str = ""
    """sha256 of what is measured, but for the data: the workload's files, Workbench and the kernels' libraries."""
    continued: bool = False
    """What follows, up to TakenOver, was measured by an earlier sweep."""


class BlockStarted(Event, frozen=True, kw_only=True):
    """A fresh measuring process is about to load the data; a block has one for each environment the plans need."""

    block: int
    """From 0."""
    plans: tuple[int, ...] = ()
    """Those that will be measured in it; none named: all that have not failed."""


class DataLoaded(Event, frozen=True, kw_only=True):
    """The measuring process holds the data."""

    block: int
    plan: int
    """A plan whose settings this data has; all plans with the same settings share it."""
    tasks: int
    """Those that will be run."""
    all_tasks: int = 0
    """Where these are a sample: how many there are in all."""
    seconds: float
    data_bytes: int = 0
    data_hash: str = ""
    objects: str = ""
    """The biggest container of Python objects in the data, in words; empty: none is big."""


class ControlMeasured(Event, frozen=True, kw_only=True):
    """What one copy of the CPU-only control took by itself at the start of a measuring process."""

    block: int
    seconds: float


class CeilingMeasured(Event, frozen=True, kw_only=True):
    """What independent copies of a control got just now."""

    block: int
    workers: int
    speedup: float
    """Of a loop of integers, which needs nothing but a core."""
    bandwidth: float | None = None
    """Of a copy of more memory than any cache holds; once a measuring process for each number of workers."""


class TrialStarted(Event, frozen=True, kw_only=True):
    """A plan is about to be set up."""

    block: int
    plan: int
    """Index into ``SweepStarted.plans``."""
    seconds_left: float | None = None
    """Estimate for the whole rest of the sweep; None while nothing is known."""


class RunFinished(Event, frozen=True, kw_only=True):
    """One run of all tasks is done."""

    block: int
    plan: int
    kind: str
    """``set-up``, ``first`` or ``steady``."""
    seconds: float


class PartRun(msgspec.Struct, frozen=True):
    """A steady run over the first tasks of a sample."""

    tasks: int
    seconds: float


class Lane(msgspec.Struct, frozen=True):
    """One worker in the first run."""

    wall: float
    """Seconds inside the kernel."""
    cpu: float
    """Those of them with a core."""
    chunks: int


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One plan in one block: the unit of replication."""

    setup: float
    first_run: float
    steady: tuple[float, ...]
    """Every steady run of the block; its median is the block's one point."""
    breakdown: Breakdown
    """Of set-up plus first run."""
    steady_breakdown: Breakdown | None = None
    """Of the steady run that took the median time."""
    shipped_bytes: int
    shipped_copies: int
    bytes_back: int
    peak_memory_bytes: int | None
    identical: bool | None
    """None when the same kernel was never run sequentially."""
    max_error: float
    score: float | None
    chunk_size: int
    """What ``auto`` came to."""
    parts: tuple[PartRun, ...] = ()
    """Shorter runs. Where a sample is measured they tell how time grows with tasks; where work is to grow with workers,
    there is one, over the plan's share."""
    lanes: tuple[Lane, ...] = ()
    """The workers one by one, as far as they are told apart."""
    notes: tuple[str, ...] = ()
    """What is not as it should be with its workers or its data."""
    noise: Noise | None = None
    """What else went on meanwhile, judged."""

    @property
    def undisturbed(self) -> bool:
        """Whether nothing else went on that would spoil it."""
        return self.noise is None or not self.noise.reasons

    @property
    def job_seconds(self) -> float:
        """One whole job: set-up plus first run."""
        return self.setup + self.first_run

    @property
    def steady_seconds(self) -> float:
        """One steady run: the median of those of the block."""
        return median(self.steady)

    def goal_seconds(self, goal: Goal) -> float:
        """What plans are judged by for this goal."""
        return self.job_seconds if goal == "job" else self.steady_seconds


class TrialFinished(Event, frozen=True, kw_only=True):
    """A plan was measured in one block, and its results were right."""

    block: int
    plan: int
    sample: Sample


class TrialDisturbed(Event, frozen=True, kw_only=True):
    """Something else went on while a plan was measured; it does not count, and the plan is measured again at once."""

    block: int
    plan: int
    sample: Sample
    """Its noise has the reasons."""


class TrialFailed(Event, frozen=True, kw_only=True):
    """A plan could not be measured, or its results were wrong; the sweep goes on without it."""

    block: int
    plan: int
    status: Status
    reason: str


class PlanEliminated(Event, frozen=True, kw_only=True):
    """A measured plan leaves the race: it cannot win any more."""

    block: int
    plan: int
    reason: str


class RaceLooked(Event, frozen=True, kw_only=True):
    """How the race stands after a block."""

    block: int
    leader: int
    """The plan that is in front."""
    within: float | None
    """It is at most this share slower than any other plan, with 95 %; None: nothing is known yet."""
    wanted: float
    """What ``within`` has to come down to."""
    racing: tuple[int, ...]
    """Plans that may be the fastest, the leader first."""
    bounds: dict[int, float] = {}
    """The same as ``within`` for each of them, where it is known."""
    blocks: int
    """Blocks in which the leader was measured."""
    decided: bool = False
    confirmed: bool = False
    """The finalists were measured once more after the decision, and it held."""


class TakenOver(Event, frozen=True, kw_only=True):
    """All blocks of an earlier sweep have been told; what follows is measured now."""

    samples: int
    """Measurements that were taken over."""
    plans: int
    """Of how many plans they are."""
    blocks: int
    """In how many blocks."""


class BlockFinished(Event, frozen=True, kw_only=True):
    """Every plan still in the sweep has one more sample."""

    block: int
    seconds: float


class SweepFinished(Event, frozen=True, kw_only=True):
    """Last event: the report, also when the sweep was stopped early."""

    report: SweepReport


class Failed(Event, frozen=True, kw_only=True):
    """The request was wrong or the work failed as a whole; ends a stream of events in place of SweepFinished."""

    message: str
    exit_code: int

    def error(self) -> WorkbenchError:
        """Return the error it tells of, which another process met."""
        error = WorkbenchError(self.message)
        error.exit_code = self.exit_code
        return error


AnyEvent = (
    SweepStarted
    | BlockStarted
    | DataLoaded
    | ControlMeasured
    | CeilingMeasured
    | TrialStarted
    | RunFinished
    | TrialFinished
    | TrialDisturbed
    | TrialFailed
    | BlockFinished
    | PlanEliminated
    | RaceLooked
    | TakenOver
    | SweepFinished
    | Failed
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def encode(event: Event) -> bytes:
    """Return the event as one line of JSON, newline included."""
    return _encoder.encode(event) + b"\n"


def decode(line: bytes | str) -> AnyEvent:
    """Return the event of one line. Raises msgspec.DecodeError (ValidationError for a wrong shape)."""
    return _decoder.decode(line)


def write_all(stream: IO[bytes], events: Iterable[Event]) -> None:
    """Write events to a binary stream as they come."""
    for event in events:
        stream.write(encode(event))
        stream.flush()
