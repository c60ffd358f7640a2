"""What a check is asked, what it says while it runs, and what it has found."""

from typing import Annotated, Literal

import msgspec

from engine.events import Event, Failed
from engine.knob import Scalar

SCHEMA = 1

Severity = Literal["breaks", "warning"]


class CheckRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which workload to check, and how much of it to run."""

    workload: str
    """Built-in or installed name, module:attribute or file.py:attribute."""
    tasks: str = ""
    """The same for the tasks of a plain function."""
    data: str = ""
    """The same for its data."""
    size: str = ""
    """Empty: the workload's first size."""
    settings: dict[str, Scalar] = {}
    """Those that are not the default."""
    most: Annotated[int, msgspec.Meta(ge=1)] = 5
    """Tasks to run, from the first on; fewer when they are slow."""
    workers: Annotated[int, msgspec.Meta(ge=1)] = 2
    leave_out: tuple[str, ...] = ()
    """Steps not to take, by name, because they have been taken or end the process."""


class StepStarted(Event, frozen=True, kw_only=True):
    """The check is about to look at something; if its process ends, it was this that ended it."""

    step: str


class Finding(Event, frozen=True, kw_only=True):
    """Something that breaks, or may surprise."""

    severity: Severity
    step: str
    """What the check was at."""
    what: str
    """One sentence."""
    where: str = ""
    """Path inside the object, ``data['book'].session``, or file and line; empty where the sentence says it."""
    advice: str = ""
    """What to do about it."""


class Tried(Event, frozen=True, kw_only=True):
    """The workload is loaded, and its first tasks were run one after the other."""

    name: str
    tasks: int
    """All tasks of the workload."""
    tried: int
    """Those that the check runs."""
    load_seconds: float
    task_seconds: float
    """Of the first task, with what it does only once."""


class StepLeftOut(Event, frozen=True, kw_only=True):
    """A step cannot be taken here."""

    step: str
    reason: str


CheckEvent = StepStarted | StepLeftOut | Finding | Tried | Failed


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a check found."""

    schema: int = SCHEMA
    workbench: str
    workload: str
    """Its name; the reference where it could not be loaded."""
    tasks: int
    tried: int
    """Tasks that were run in every mode."""
    passed: tuple[str, ...]
    """Steps without a finding that breaks."""
    left_out: dict[str, str]
    """Steps that could not be taken here, with the reason."""
    findings: tuple[Finding, ...]
    """What breaks first."""

    @property
    def breaks(self) -> bool:
        """Whether anything breaks."""
        return any(finding.severity == "breaks" for finding in self.findings)


_decoder: msgspec.json.Decoder[CheckEvent] = msgspec.json.Decoder(CheckEvent)


def decode(line: bytes) -> CheckEvent:
    """Return the event of one line. Raises msgspec.DecodeError."""
    return _decoder.decode(line)
