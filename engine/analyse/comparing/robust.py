"""Means of few noisy points and their differences, for many plans (and many replays of a sweep) at once.

Every function takes arrays whose last axis but one is the plans and whose last is the blocks; NaN is a block that does
not count. Values are logarithms of seconds, so a difference of 0.05 is about 5 %.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, polygamma, stdtr, stdtrit

Array = NDArray[np.float64]

CONFIDENCE = 0.95
"""Coverage of every interval, for one plan."""

FAR, PROTECTED = 1e-4, 3
"""Part of honest points that lie where a point is taken for a disturbance that no sensor noticed, and the least number
of blocks to judge that by."""

MANY = 1e9
"""Degrees of freedom as good as infinite."""

FINEST = 1e-3
"""No two processes agree better than to a thousandth: the least standard deviation that is believed."""

POOLED = 3
"""Plans of a sweep from which on their variances say something about each other's."""


@dataclass(frozen=True)
class Mean:
    """Means over blocks, with what is needed to compare two of them."""

    value: Array
    spread: Array
    """Variance of one kept block; NaN with fewer than two."""
    kept: Array
    """Blocks behind the mean."""
    freedom: Array
    """Degrees of freedom of the spread."""


@dataclass(frozen=True)
class Difference:
    """After minus before."""

    value: Array
    low: Array
    high: Array
    """95 % interval."""
    slower: Array
    """Probability of such an increase, or a larger one, where nothing changed; NaN where it cannot be told."""
    faster: Array
    """The same for a decrease."""


def mean(points: Array) -> Mean:
    """Return the mean over the blocks of each plan, without points that stand far out, and the variance of the rest."""
    return _plain_mean(without_spikes(points))


def without_spikes(points: Array) -> Array:
    """Return the points with NaN for those that stand far out from the rest of their plan: at most a fifth of it.

    The largest number is set aside of which the least far still is where fewer than 1 in 10,000 honest points lie, by
    the variance of what stays, drawn towards the sweep's. (Rosner, Percentage points for a generalized ESD many-outlier
    procedure, Technometrics 25(2), 1983.) A disturbance that no sensor noticed would otherwise hide a slowdown by its
    variance, or look like one.
    """
    count = np.sum(~np.isnan(points), axis=-1, keepdims=True)
    prior, weight = (each[..., None] for each in _prior(_plain_mean(points)))
    far = np.argsort(-np.abs(points - median(points)[..., None]), axis=-1)  # NaN last
    ordered = np.take_along_axis(points, far, axis=-1)
    most = np.where(count >= PROTECTED, np.maximum(1, count // 5), 0)
    beyond = np.zeros_like(count)
    for number in range(1, max(1, points.shape[-1] // 5) + 1):
        rest = _plain_mean(ordered[..., number:])
        spread = _mixed(prior, weight, rest.freedom[..., None], rest.spread[..., None])
        limit = stdtrit(np.minimum(weight, MANY) + rest.freedom[..., None], 1 - FAR / 2)
        distance = np.abs(ordered[..., number - 1 : number] - rest.value[..., None])
        out = (number <= most) & (distance > limit * np.sqrt(spread * (1 + 1 / np.maximum(count - number, 1))))
        beyond = np.where(out, number, beyond)
    result = np.empty_like(points)
    kept = np.where(np.arange(points.shape[-1]) < beyond, np.nan, ordered)
    np.put_along_axis(result, far, kept, axis=-1)
    return result


def _plain_mean(points: Array) -> Mean:
    count = np.sum(~np.isnan(points), axis=-1)
    value = _ratio(np.nansum(points, axis=-1), count)
    squares = np.nansum((points - value[..., None]) ** 2, axis=-1)
    spread = np.where(count >= 2, np.maximum(_ratio(squares, count - 1), FINEST**2), np.nan)
    return Mean(value, spread, count * 1.0, np.where(count >= 2, count - 1.0, np.nan))


def median(points: Array) -> Array:
    """Return the median over the last axis, NaN left out; NaN where nothing is left."""
    ordered, count = np.sort(points, axis=-1), np.sum(~np.isnan(points), axis=-1, keepdims=True)
    places = (np.clip(place, 0, points.shape[-1] - 1) for place in ((count - 1) // 2, count // 2))
    low, high = (np.take_along_axis(ordered, place, axis=-1) for place in places)
    return np.asarray(np.where(count > 0, (low + high) / 2, np.nan)[..., 0])


def _ratio(top: Array, bottom: NDArray[np.int_]) -> Array:
    """Divide; NaN by nothing."""
    return np.where(bottom > 0, top / np.maximum(bottom, 1), np.nan)


def moderated(means: Mean) -> Mean:
    """Return the means with each plan's variance drawn towards that of its sweep, as far as the plans are alike in it.

    Smyth, Linear models and empirical Bayes methods for assessing differential expression in microarray experiments,
    Statistical Applications in Genetics and Molecular Biology 3(1), 2004, section 6.2. Few blocks say little about a
    variance; many plans together say much.
    """
    prior, weight = _prior(means)
    most = np.nansum(means.freedom, axis=-1, keepdims=True)
    spread = _mixed(prior, weight, means.freedom, means.spread)
    return Mean(means.value, spread, means.kept, np.minimum(means.freedom + weight, most))


def _mixed(prior: Array, weight: Array, freedom: Array, spread: Array) -> Array:
    """The mean of two variances by their degrees of freedom; NaN where the second is."""
    finite = np.minimum(weight, MANY)
    return np.asarray((finite * prior + freedom * spread) / (finite + freedom))


def _prior(means: Mean) -> tuple[Array, Array]:
    """The variance of a sweep and its degrees of freedom: 0 where plans are too few, infinite where all are alike."""
    known = ~np.isnan(means.spread)
    plans = np.sum(known, axis=-1, keepdims=True)
    half = np.where(known, means.freedom, 2.0) / 2
    logs = np.log(np.where(known, means.spread, 1.0)) - digamma(half) + np.log(half)
    divisor = np.maximum(plans, 1)
    centre = np.sum(logs, axis=-1, keepdims=True, where=known) / divisor
    between = np.sum((logs - centre) ** 2, axis=-1, keepdims=True, where=known) / np.maximum(plans - 1, 1)
    between = between * (1 + np.sqrt(2 / np.maximum(plans - 1, 1)))  # it is known that well only
    excess = between - np.sum(polygamma(1, half), axis=-1, keepdims=True, where=known) / divisor
    alike = excess <= 0
    weight = 2 * _inverse_trigamma(np.where(alike, 1.0, excess))
    prior = np.exp(centre + np.where(alike, 0.0, digamma(weight / 2) - np.log(weight / 2)))
    return prior, np.where(plans < POOLED, 0.0, np.where(alike, np.inf, weight))


def _inverse_trigamma(values: Array) -> Array:
    """Solve trigamma(x) = value by Newton's method on 1 / trigamma, which is nearly straight (Smyth 2004, appendix)."""
    guess = 0.5 + 1 / values
    for _ in range(8):  # it converges from one side, by the square each time
        slope = polygamma(1, guess)
        guess = guess + slope * (1 - slope / values) / polygamma(2, guess)
    return np.asarray(guess, dtype=np.float64)


def difference(before: Mean, after: Mean, doubt: Array | float = 0.0) -> Difference:
    """Return Welch's comparison of two independent means, with Satterthwaite's degrees of freedom.

    ``doubt``: a variance on top that no block shows, such as that of a session.
    """
    parts = [each.spread / each.kept for each in (before, after)]
    variance = parts[0] + parts[1] + doubt
    freedom = variance**2 / (parts[0] ** 2 / before.freedom + parts[1] ** 2 / after.freedom)
    error = np.sqrt(variance)
    value = np.where(np.isnan(error), np.nan, after.value - before.value)
    reach = error * stdtrit(freedom, 0.5 + CONFIDENCE / 2)
    score = value / error
    return Difference(value, value - reach, value + reach, stdtr(freedom, -score), stdtr(freedom, score))


def holm(chances: Array) -> Array:
    """Return probabilities that hold for all plans of a sweep together, over the last axis; NaN, no plan, becomes 1.

    Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6(2), 1979.
    """
    order = np.argsort(chances, axis=-1)  # NaN last
    left = np.sum(~np.isnan(chances), axis=-1, keepdims=True) - np.arange(chances.shape[-1])
    ordered = np.nan_to_num(np.take_along_axis(chances, order, axis=-1), nan=1.0)
    scaled = np.minimum(ordered * np.maximum(left, 1), 1.0)
    adjusted = np.empty_like(chances)
    np.put_along_axis(adjusted, order, np.maximum.accumulate(scaled, axis=-1), axis=-1)
    return adjusted
