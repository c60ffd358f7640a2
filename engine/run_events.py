"""What happens during a production run, as frozen values; each is one line of JSON."""

import msgspec

from engine.events import Event
from engine.plan import Plan
from engine.report import Host


class RunRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What ``python -m engine run`` is asked for."""

    config: str
    """Path of the tuned config."""
    out: str = ""
    """Where the results go, .parquet or .npy; empty: nowhere."""
    check_data: bool = True
    """Say when the data is not what the plan was tuned on."""


class RunStarted(Event, frozen=True, kw_only=True):
    """First event: what will be run, and how."""

    workload: str
    size: str
    plan: Plan
    because: str
    """Why this plan."""
    notes: tuple[str, ...] = ()
    """What differs on this machine from the one the config was made on."""
    host: Host


class TasksLoaded(Event, frozen=True, kw_only=True):
    """The data is here; workers are started next."""

    tasks: int
    seconds: float
    notes: tuple[str, ...] = ()
    """What is different about the data."""


class RunProgress(Event, frozen=True, kw_only=True):
    """How far the run is; the first one says that every worker can work. At most ten a second."""

    done: int
    """Tasks settled, the failed included."""
    failed: int = 0
    tasks: int
    seconds: float
    """Since the run began, loading included."""
    rate: float = 0.0
    """Tasks per second since every worker could work; 0: unknown."""
    seconds_left: float | None = None
    """At this rate; None: unknown."""
    workers_alive: int | None = None
    """None: the mode cannot tell."""
    workers_busy: int | None = None


class TaskFailed(Event, frozen=True, kw_only=True):
    """A task has failed, and with it the run; the first hundred are told."""

    position: int
    error: str


class RunEnded(Event, frozen=True, kw_only=True):
    """Last event: all is done, and the results are written."""

    done: int
    failed: int = 0
    seconds: float
    rate: float = 0.0
    out: str = ""
    """Where the results are; empty: they were not to be written."""


class RunFailed(Event, frozen=True, kw_only=True):
    """Ends a stream of events in place of RunEnded: there are no results."""

    message: str
    exit_code: int


RunEvent = RunStarted | TasksLoaded | RunProgress | TaskFailed | RunEnded | RunFailed

_decoder: msgspec.json.Decoder[RunEvent] = msgspec.json.Decoder(RunEvent)


def decode(line: bytes | str) -> RunEvent:
    """Return the event of one line. Raises msgspec.DecodeError (ValidationError for a wrong shape)."""
    return _decoder.decode(line)
