"""What happens during a sweep, as frozen values; each is one line of JSON, and together they are the recording."""

from collections.abc import Iterable
from typing import IO

import msgspec

from engine.plan import Plan
from engine.report import Breakdown, Host, Status, SweepReport


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


class BlockStarted(Event, frozen=True, kw_only=True):
    """A fresh measuring process is about to load the data; a block has one for each environment the plans need."""

    block: int
    """From 0."""


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


class CeilingMeasured(Event, frozen=True, kw_only=True):
    """What independent copies of a CPU-only control got just now."""

    block: int
    workers: int
    speedup: float


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


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One plan in one block: the unit of replication."""

    setup: float
    first_run: float
    steady: tuple[float, ...]
    """Every steady run of the block; its median is the block's one point."""
    breakdown: Breakdown
    """Of set-up plus first run."""
    worker_wall: float
    """Busy wall seconds of all workers in the first run."""
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
    """Where a sample of the tasks is measured: shorter runs, which tell how time grows with the number of tasks."""
    notes: tuple[str, ...] = ()
    """What is not as it should be with its workers or its data."""


class TrialFinished(Event, frozen=True, kw_only=True):
    """A plan was measured in one block, and its results were right."""

    block: int
    plan: int
    sample: Sample


class TrialFailed(Event, frozen=True, kw_only=True):
    """A plan could not be measured, or its results were wrong; the sweep goes on without it."""

    block: int
    plan: int
    status: Status
    reason: str


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


AnyEvent = (
    SweepStarted
    | BlockStarted
    | DataLoaded
    | CeilingMeasured
    | TrialStarted
    | RunFinished
    | TrialFinished
    | TrialFailed
    | BlockFinished
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
