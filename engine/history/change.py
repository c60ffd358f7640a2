"""Whether a sweep differs from those before it by more than noise.

Sweeps are not paired, so three things must be ruled out. Chance: the 95 % interval of the new sweep must lie outside
that of every sweep before. The machine's wander from day to day, which no interval inside a sweep holds: a change must
be larger than what sweeps of one and the same commit usually differ by. And a machine that is slower or faster as such:
what is left of the change after dividing by the control's must be as large and of the same direction.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from engine.history.records import Change
from engine.report import Interval

CONFIDENCE = 0.95
"""What intervals must hold for a change to be called one."""
SMALLEST = 0.02
"""Smallest change that is ever taken for one."""
WANDER = 4.0
"""A change must be so many times what two sweeps of the same commit differ by, at the median."""
LEVEL = 5
"""Sweeps before it, since the last change, that a sweep is compared with."""


@dataclass(frozen=True)
class Reading:
    """One sweep, as far as it matters here."""

    seconds: Interval
    """All above 0."""
    confidence: float = CONFIDENCE
    """Of the interval."""
    disturbed: bool = False
    """Something else went on all the time: it is compared with nothing, and nothing with it."""
    control: float | None = None
    """Seconds of the control, which is the same code in every sweep; None: unknown."""
    subject: object = ""
    """What only equal sweeps share: data, number of tasks."""
    code: object = None
    """What only sweeps of equal code share: the commit and the plan; None: not known to be equal to any."""


@dataclass(frozen=True)
class Judgement:
    """How a sweep compares."""

    change: Change
    ratio: float | None = None
    """Its seconds / those of the sweeps before; None without any."""


@dataclass
class _Level:
    """Sweeps of one subject since the last change."""

    readings: list[Reading] = field(default_factory=list)

    def judge(self, new: Reading, floor: float) -> Judgement:
        """Compare a sweep with the level, then make it part of the level, or the start of a new one."""
        if new.disturbed:
            return Judgement("contaminated")
        judgement = compare(self.readings[-LEVEL:], new, floor)
        if judgement.change in ("faster", "slower"):
            self.readings.clear()
        self.readings.append(new)
        return judgement


def judge_all(readings: Sequence[Reading]) -> tuple[list[Judgement], float]:
    """Compare each sweep, oldest first, with those before it; return that and the floor, a share such as 0.02."""
    floor = noise_floor(readings)
    levels: dict[object, _Level] = {}
    return [levels.setdefault(each.subject, _Level()).judge(each, floor) for each in readings], floor


def compare(level: Sequence[Reading], new: Reading, floor: float) -> Judgement:
    """Compare a sweep with earlier ones of the same subject; ``floor``: share below which nothing is a change."""
    if not level:
        return Judgement("first")
    ratio = new.seconds.median / median(each.seconds.median for each in level)
    least = math.log1p(floor)
    if abs(math.log(ratio)) <= least:
        return Judgement("same", ratio)
    left = math.log(ratio / _control_ratio(level, new)) * math.copysign(1, ratio - 1)
    if left <= least or not _apart(level, new):
        return Judgement("ambiguous", ratio)
    return Judgement("slower" if ratio > 1 else "faster", ratio)


def _apart(level: Sequence[Reading], new: Reading) -> bool:
    """Return whether the interval of a sweep lies outside all earlier ones, on one side."""
    if min(each.confidence for each in (*level, new)) < CONFIDENCE:
        return False
    above = new.seconds.low > max(each.seconds.high for each in level)
    return above or new.seconds.high < min(each.seconds.low for each in level)


def _control_ratio(level: Sequence[Reading], new: Reading) -> float:
    """Return how much slower the machine itself was, 1 where that is unknown."""
    before = [each.control for each in level if each.control]
    return new.control / median(before) if new.control and before else 1.0


def noise_floor(readings: Sequence[Reading]) -> float:
    """Return the smallest share that may be called a change, from sweeps of equal code that followed each other."""
    readings = [each for each in readings if not each.disturbed]
    moves = [
        abs(math.log(later.seconds.median / earlier.seconds.median))
        for earlier, later in pairwise(readings)
        if earlier.code is not None and (earlier.code, earlier.subject) == (later.code, later.subject)
    ]
    return max(SMALLEST, math.expm1(WANDER * median(moves))) if moves else SMALLEST
