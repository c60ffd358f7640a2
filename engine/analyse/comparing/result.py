"""What a comparison of two reports found: the JSON that ``workbench compare --json`` prints (``schema: 1``)."""

from typing import Literal

import msgspec

from engine.plan import Plan
from engine.report import Goal

SCHEMA = 1
Verdict = Literal["same", "faster", "slower", "ambiguous", "contaminated"]
Reference = Literal["others", "control", "nothing"]
"""What a change is relative to, in the same block: the median of the other plans and the control, the control alone, or
nothing."""

EXIT_CODES: dict[Verdict, int] = {"same": 0, "faster": 0, "slower": 10, "ambiguous": 11, "contaminated": 12}
"""What the program ends with; no other outcome has 10, 11 or 12."""
NO_BASELINE = 13
"""The exit code where there is no report to compare with."""


class Ratio(msgspec.Struct, frozen=True):
    """Seconds after divided by seconds before, above 0; more than 1 is slower. With its 95 % interval."""

    estimate: float
    low: float
    high: float


class PlanComparison(msgspec.Struct, frozen=True, kw_only=True):
    """One plan before and after."""

    plan: Plan
    verdict: Verdict
    reason: str
    """A code of ``engine.analyse.comparing.verdicts.REASONS``."""
    sentence: str
    counts: bool = True
    """Whether a doubt about it is one about the whole; not for a plan that both sweeps gave up as too slow."""
    before: float | None = None
    """Seconds: trimmed geometric mean over the undisturbed blocks; None where there is none."""
    after: float | None = None
    blocks_before: int = 0
    """Undisturbed blocks."""
    blocks_after: int = 0
    disturbed_before: int = 0
    """Blocks in which nothing was measured undisturbed, so that they do not count."""
    disturbed_after: int = 0
    measured: Ratio | None = None
    """As measured; None with fewer than two blocks in a report."""
    change: Ratio | None = None
    """What the verdict rests on: relative to ``against``."""
    against: Reference = "nothing"
    chance: float | None = None
    """Probability, over all plans together, of such a change where the code did not change."""


class LeftOut(msgspec.Struct, frozen=True):
    """A plan that was not compared."""

    plan: Plan
    reason: str


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """Which report it was."""

    created: str
    workbench: str
    blocks: int
    complete: bool


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What the machine did between the reports."""

    control: Ratio | None = None
    """Of the control, which is no part of the code; None: not in both reports."""
    plans: Ratio | None = None
    """Of the median plan, as measured."""
    sentence: str = ""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two reports of one workload on one machine, compared plan by plan."""

    schema: int = SCHEMA
    verdict: Verdict
    """Of the whole: slower before contaminated before ambiguous before faster and same."""
    reason: str
    sentence: str
    exit_code: int
    threshold: float
    """The limit that was asked for, as a share: 0.05."""
    minimum: float
    """The least estimate that fails, as a share: half the threshold."""
    confidence: float
    """Coverage of every interval, 0 to 1."""
    goal: Goal
    """Which seconds: ``steady`` runs, or the whole ``job``."""
    workload: str
    size: str
    before: Side
    after: Side
    plans: tuple[PlanComparison, ...]
    machine: Machine
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    """What else to know, such as differences that were overruled."""
