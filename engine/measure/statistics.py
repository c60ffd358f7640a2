"""Medians and their intervals over few, noisy points, without assuming a distribution."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, sqrt
from statistics import mean, median

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, stdtrit  # scipy.stats would add 0.6 s to the start of every sweep

from engine.report import Interval

FloatArray = NDArray[np.float64]

CONFIDENCE = 0.95

LIKE = 6.0
"""Degrees of freedom that the noise of all plans lends to each: with 3 a lucky pair of blocks looks like certainty,
with 20 a plan that is twice as noisy as the others is judged by their noise."""

PRIOR, PRIOR_FREEDOM = 0.08, 4.0
"""Noise of one block while hardly any plan was seen twice, as a share, and how firmly it is believed; processes of a
quiet machine differ by 2 %, those of a shared one by 5 to 10 %."""
KNOWN = 5.0
"""Degrees of freedom from which on what was seen stands for itself."""

_PASSES = 25
"""Of the additive fit, which converges by a digit a pass."""


@dataclass(frozen=True)
class Scatter:
    """How much logarithms of one plan's points differ between blocks, over all plans of a sweep."""

    variance: float = PRIOR**2
    freedom: float = PRIOR_FREEDOM
    """Degrees of freedom behind it."""

    @property
    def lent(self) -> float:
        """Degrees of freedom that it lends to each plan."""
        return min(LIKE, self.freedom)

    def of_two(self) -> "Scatter":
        """Return the scatter of the difference of two plans."""
        return Scatter(2 * self.variance, self.freedom)


def additive_fit(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Fit plan + block by alternating means; return the plans' effects and what is left, 0 where nothing was measured.

    [plans, blocks] with NaN where nothing was measured -> [plans], [plans, blocks]. Plans that were never measured have
    an effect of inf.
    """
    there = np.isfinite(values)
    rest, effects = np.where(there, values, 0.0), np.zeros(len(values))
    rows, columns = np.maximum(there.sum(axis=1), 1), np.maximum(there.sum(axis=0), 1)
    for _ in range(_PASSES):
        means = rest.sum(axis=1) / rows
        effects += means
        rest = np.where(there, rest - means[:, None], 0.0)
        rest = np.where(there, rest - rest.sum(axis=0) / columns, 0.0)
    effects[~there.any(axis=1)] = inf
    return effects, rest


def scatter(values: FloatArray, rest: FloatArray, block_effects: bool = True) -> Scatter:
    """Return the scatter of all plans that were measured in two blocks or more; while that is little, with the prior.

    ``rest``: what a fit of plans, and with ``block_effects`` of blocks, has left of ``values``, [plans, blocks].
    """
    there = np.isfinite(values)
    repeated = there.sum(axis=1) > 1
    blocks = int(there[repeated].any(axis=0).sum()) if block_effects else 1
    freedom = max(0.0, float(there[repeated].sum() - repeated.sum() - (blocks - 1)))
    prior = PRIOR_FREEDOM if freedom < KNOWN else 0.0
    total = prior + freedom
    return Scatter((prior * PRIOR**2 + float((rest[repeated] ** 2).sum())) / total, total)


def moderated_interval(points: Sequence[float], known: Scatter) -> Interval:
    """Return the median of positive points with a 95 % interval.

    A t-interval of logarithms whose variance is moderated by what is known of all plans (Smyth, Linear models and
    empirical Bayes methods, Statistical Applications in Genetics and Molecular Biology 3(1), 2004), so that even one
    point has an interval.
    """
    logs = [log(point) for point in points]
    middle, own = mean(logs), len(logs) - 1
    squares = sum((each - middle) ** 2 for each in logs)
    variance = (known.lent * known.variance + squares) / (known.lent + own)
    half = float(-stdtrit(known.lent + own, (1 - CONFIDENCE) / 2)) * sqrt(variance / len(logs))
    centre = median(points)
    return Interval(centre, min(centre, exp(middle - half)), max(centre, exp(middle + half)))


def median_interval(points: Sequence[float]) -> Interval:
    """Return the median with its order-statistic interval: the k-th smallest to the k-th largest point.

    k is the largest that covers the true median with at least 95 %; with fewer than six points it is the whole range,
    whose coverage ``coverage(len(points))`` states. (David & Nagaraja, Order Statistics, 3rd ed., section 7.1.)
    """
    ordered = sorted(points)
    trim = max((k for k in range(len(ordered) // 2 + 1) if _covered(len(ordered), k) >= CONFIDENCE), default=0)
    trim = min(trim, (len(ordered) - 1) // 2)
    return Interval(median(ordered), ordered[trim], ordered[-1 - trim])


def coverage(points: int) -> float:
    """Return the probability that ``median_interval`` of that many points holds the true median."""
    trim = max((k for k in range(points // 2 + 1) if _covered(points, k) >= CONFIDENCE), default=0)
    return _covered(points, trim)


def _covered(points: int, trim: int) -> float:
    return float(max(0.0, 1.0 - 2.0 * bdtr(trim, points, 0.5)))


def paired_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Interval:
    """Return the interval of the ratio block by block: pairs share a block's slow or fast moment, which cancels."""
    return median_interval([top / bottom for top, bottom in zip(numerators, denominators, strict=True)])


def karp_flatt(speedup: float, workers: int) -> float | None:
    """Return the experimentally determined serial fraction (1/S - 1/N) / (1 - 1/N); None for one worker.

    Karp and Flatt, Measuring parallel processor performance, CACM 33(5), 1990.
    """
    return None if workers < 2 else (1 / speedup - 1 / workers) / (1 - 1 / workers)
