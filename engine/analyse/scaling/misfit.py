"""Whether the points lie on the law at all, as far as noise lets one see."""

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc

from engine.analyse.scaling.laws import Law, usl_speedup
from engine.analyse.scaling.points import Levels

SURPRISE = 0.01
"""Probability below which the distance of the points from the law is not noise any more."""

SMALL = 0.02
"""Share of the throughput by which points may miss the law, surprising or not, and the law still be of use."""


@dataclass(frozen=True)
class Misfit:
    """How the points miss the law by more than noise would let one expect."""

    workers: int
    """The count farthest from it."""
    share: float
    """By which part of the throughput it does more than the law says, negative for less."""
    stretch: float
    """By how much noise would have to be larger to explain it, above 1; intervals are widened by it."""
    probability: float
    """That noise alone misses by as much, 0 to 1."""

    @property
    def bad(self) -> bool:
        """Whether the law must not be followed beyond the points."""
        return self.probability < SURPRISE and abs(self.share) > SMALL

    def __str__(self) -> str:
        more = "more" if self.share > 0 else "less"
        count = "1 worker does" if self.workers == 1 else f"{self.workers} workers do"
        return f"{count} {abs(self.share):.0%} {more} than the law that fits best"


def misfit_of(levels: Levels, law: Law) -> Misfit | None:
    """Return how the levels miss the law; None where they miss it by no more than expected, or it cannot be told.

    Lack of fit against the variance around counts plus blocks, an F test (Draper and Smith, Applied Regression
    Analysis, 3rd ed., section 2.1). The stretch is the square root of F where that is above 1, whether or not the test
    is significant, as in averages of physical constants (Particle Data Group, Review of Particle Physics, introduction,
    section 5.2.2: the scale factor).
    """
    at_bounds = (law.contention in (0.0, 1.0)) + (law.coherency == 0.0)
    spare = len(levels.workers) - 3 + at_bounds
    if spare < 1 or levels.spare < 1 or not levels.variance:
        return None
    apart = levels.level - np.log(usl_speedup(levels.workers, law.contention, law.coherency))
    ratio = float(((levels.root @ apart) ** 2).sum()) / spare / levels.variance
    if ratio <= 1:
        return None
    apart = apart - apart.mean()
    worst = int(np.abs(apart).argmax())
    share, probability = np.expm1(apart[worst]), fdtrc(spare, levels.spare, ratio)
    return Misfit(int(levels.workers[worst]), float(share), float(np.sqrt(ratio)), float(probability))
