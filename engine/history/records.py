"""What is read from the history. Seconds and dates as in a report."""

from typing import Annotated, Literal

import msgspec

from engine.knob import Scalar
from engine.plan import Plan
from engine.report import Goal, Interval

Change = Literal["first", "same", "faster", "slower", "ambiguous", "contaminated"]
"""How a sweep compares with those before it on the same data; ``first``: there is none, ``contaminated``: all of it was
disturbed, so it says nothing."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured where."""

    workload: str
    reference: str
    """What finds it again, as in a report."""
    size: str
    settings: dict[str, Scalar]
    """Those common to every plan of the sweep."""
    host: str
    """Fingerprint."""
    cpu: str
    cores: int
    """Usable ones."""


class Summary(Subject, frozen=True, kw_only=True):
    """One sweep in a line."""

    id: int
    """Never used again, also after the sweep was removed."""
    created: str
    """ISO 8601, UTC."""
    workbench: str
    """Version that measured it."""
    commit: str | None
    """git commit of the workload's folder; None: not a checkout."""
    dirty: bool | None
    """Whether files differed from the commit; None: unknown."""
    tasks: int
    data_hash: str
    complete: bool
    """False when it was stopped before its last block."""
    blocks: int
    plans: int
    """Trials, whatever became of them."""
    recommended: Plan | None
    goal: Goal | None
    speedup: Interval | None
    """Of the recommended plan, for the goal."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A steady run of one plan in one sweep."""

    sweep: int
    """Its id."""
    created: str
    commit: str | None
    dirty: bool | None
    plan: Plan
    seconds: Interval
    speedup: Interval | None
    points: int
    """Undisturbed blocks behind the figures."""
    disturbed: bool
    """Whether something else went on during every block."""
    confidence: float
    """Of the intervals."""
    control: Annotated[float, msgspec.Meta(gt=0, lt=1e300)] | None
    """Seconds of a fixed loop in the same sweep, the median over blocks: what the machine itself did. None: unknown."""
    tasks: int
    data_hash: str
    change: Change = "first"
    """Against the sweeps before it with the same data and tasks, since the last change beyond noise."""
    ratio: float | None = None
    """Its seconds / theirs; None where there is none."""


class Series(Subject, frozen=True, kw_only=True):
    """What can be compared over time: one workload, size and settings on one host."""

    plan: Plan | None
    """The plan of every point; None: each point has the plan its sweep recommended."""
    floor: float
    """Smallest change that is taken for one, such as 0.02: what sweeps of one and the same commit differ by."""
    points: tuple[Point, ...]
    """Oldest first."""


class Best(Subject, frozen=True, kw_only=True):
    """The fastest recommended plan known for a workload, size, data and host."""

    data_hash: str
    tasks: int
    plan: Plan
    goal: Goal
    seconds: Interval
    """A whole job or a steady run, as the goal has it."""
    speedup: Interval
    sweep: int
    created: str
    commit: str | None
    dirty: bool | None
