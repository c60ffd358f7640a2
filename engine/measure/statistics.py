"""Medians and their intervals over few, noisy points, without assuming a distribution."""

from collections.abc import Sequence
from statistics import median

from scipy.stats import binom

from engine.report import Interval

CONFIDENCE = 0.95


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
    return float(max(0.0, 1.0 - 2.0 * binom.cdf(trim, points, 0.5)))


def paired_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Interval:
    """Return the interval of the ratio block by block: pairs share a block's slow or fast moment, which cancels."""
    return median_interval([top / bottom for top, bottom in zip(numerators, denominators, strict=True)])


def karp_flatt(speedup: float, workers: int) -> float | None:
    """Return the experimentally determined serial fraction (1/S - 1/N) / (1 - 1/N); None for one worker.

    Karp and Flatt, Measuring parallel processor performance, CACM 33(5), 1990.
    """
    return None if workers < 2 else (1 / speedup - 1 / workers) / (1 - 1 / workers)
