"""The features of all assets and days at once.

Windows are summed oldest bar first, one vector addition per bar of the window, and not by differences of cumulative
sums: those carry rounding from bar to bar, which decides ties and thresholds otherwise than a sum over the window does.
So the features are bit for bit those of the naive kernel, and so are all trades. The trend strength alone is computed
in another way: the naive kernel fits lines.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.workloads.prices import FloatArray, IntArray
from engine.workloads.walkforward.bars import Bars
from engine.workloads.walkforward.names import CHOP, TREND
from engine.workloads.walkforward.regime import regimes_of

BoolArray = NDArray[np.bool_]

Term = Callable[[FloatArray, int], FloatArray]
"""Of values, and their position in the window."""

FLAT = 1e-9
"""A deviation or a distance between two averages below this share of the price is rounding: a tie."""

TREND_WINDOWS = (10, 20, 50)


@dataclass(frozen=True, eq=False)
class Features:
    """What is known of every asset at the close of every day; correct from the fiftieth bar on."""

    numbers: FloatArray
    """[assets, days, 10], as ``names.NUMBERS``."""
    regime: IntArray
    """[assets, days]"""
    trend: FloatArray
    """[assets, days] trend strength, in price per bar."""
    long: BoolArray
    """[assets, days, 5]: whether each strategy wants to be long."""


def features_of(bars: Bars) -> Features:
    """Return the features of the bars; those of a day depend on no later bar."""
    close = bars.close
    mean20, sum50 = window_sum(close, 20) / 20, window_sum(close, 50)
    returns = close / _ago(close, 1) - 1.0
    volatility, z = deviation(returns, 20), _z_score(close, mean20)
    volume = ratio(bars.volume, window_sum(bars.volume, 20) / 20, 1.0)
    numbers = (
        volatility, _rsi(close), mean20 / (sum50 / 50), volume, _position(bars), close / _ago(close, 4) - 1.0,
        close / _ago(close, 19) - 1.0, z, returns, window_sum(returns, 5),
    )  # fmt: skip
    regime = regimes_of(measures_of(bars))
    signals = (close > _ago(close, 19), _reverting(z), mean20 > sum50 / 50 * (1.0 + FLAT))
    return Features(np.stack(numbers, axis=-1), regime, trend_strength(close), _long(regime, *signals))


def measures_of(bars: Bars) -> tuple[FloatArray, ...]:
    """Return what the regime is judged by, as ``regime.RULES``: six arrays [assets, days]; NaN where the history is too
    short or nothing moves."""
    close = bars.close
    returns = close / _ago(close, 1) - 1.0
    return (
        _adx(bars),
        ratio(deviation(returns, 20), deviation(returns, 252), np.nan),
        np.abs(close / (window_sum(close, 20) / 20) - 1.0),
        _range_ratio(bars),
        ratio(bars.volume, window_sum(bars.volume, 20) / 20, 1.0) - 1.0,
        _efficiency(close),
    )


def window_sum(values: FloatArray, length: int) -> FloatArray:
    """Return the sum of the last ``length`` values, [..., days] -> [..., days]; NaN where there are fewer."""
    return _accumulated(values, length, lambda part, at: part)


def _accumulated(values: FloatArray, length: int, term: Term) -> FloatArray:
    """The sum of ``term(value, position in the window)`` over each window."""
    sums = np.full(values.shape, np.nan)
    count = values.shape[-1] - length + 1
    if count > 0:
        total = np.zeros((*values.shape[:-1], count))
        for at in range(length):
            total += term(values[..., at : at + count], at)
        sums[..., length - 1 :] = total
    return sums


def deviation(values: FloatArray, length: int) -> FloatArray:
    """Return the standard deviation (ddof 1) of the last ``length`` values, [..., days] -> [..., days]."""
    mean = (window_sum(values, length) / length)[..., length - 1 :]

    def squared(part: FloatArray, at: int) -> FloatArray:
        apart = part - mean
        return apart * apart

    return np.sqrt(_accumulated(values, length, squared) / (length - 1))


def trend_strength(close: FloatArray) -> FloatArray:
    """Return the mean of the least-squares slopes of the last 10, 20 and 50 closes, [assets, days].

    The slope of y_0..y_(n-1) over 0..n-1 is sum((i - (n-1)/2) y_i) / (n(n^2-1)/12): the abscissae are centred, and the
    sum of their squares has that closed form.
    """
    first, second, third = (slope(close, length) for length in TREND_WINDOWS)
    return (first + second + third) / 3


def slope(close: FloatArray, length: int) -> FloatArray:
    """Return the least-squares slope of the last ``length`` values, [..., days] -> [..., days]."""
    centre = (length - 1) / 2
    return _accumulated(close, length, lambda part, at: (at - centre) * part) / (length * (length**2 - 1) / 12)


def ratio(above: FloatArray, below: FloatArray, otherwise: float) -> FloatArray:
    """Return ``above / below``, and ``otherwise`` where that would divide by zero."""
    quotient: FloatArray = np.divide(above, below, out=np.full(above.shape, otherwise), where=below != 0.0)
    return quotient


def _ago(values: FloatArray, bars: int) -> FloatArray:
    """The values of some bars earlier; NaN at the start."""
    shifted = np.full(values.shape, np.nan)
    shifted[:, bars:] = values[:, :-bars]
    return shifted


def _rsi(close: FloatArray) -> FloatArray:
    """RSI14 / 100 with simple means: gains over gains and losses; 0.5 without any move."""
    moves = close - _ago(close, 1)
    gains = window_sum(np.where(moves > 0.0, moves, 0.0), 14)
    losses = window_sum(np.where(moves < 0.0, -moves, 0.0), 14)
    return ratio(gains, gains + losses, 0.5)


def _position(bars: Bars) -> FloatArray:
    """Where the close lies between the lowest low and the highest high of 20 bars; 0.5 where these are equal."""
    low, high = _extreme(bars.low, np.minimum), _extreme(bars.high, np.maximum)
    return ratio(bars.close - low, high - low, 0.5)


def _extreme(values: FloatArray, better: np.ufunc) -> FloatArray:
    found = np.full(values.shape, np.nan)
    if (count := values.shape[1] - 19) > 0:
        best = values[:, :count]
        for at in range(1, 20):
            best = better(best, values[:, at : at + count])
        found[:, 19:] = best
    return found


def _z_score(close: FloatArray, mean: FloatArray) -> FloatArray:
    spread = deviation(close, 20)
    return np.divide(close - mean, spread, out=np.zeros(close.shape), where=spread > FLAT * mean)


def _adx(bars: Bars) -> FloatArray:
    """ADX14 with simple means. The true range of the directional indices cancels out of their quotient."""
    up, down = bars.high - _ago(bars.high, 1), _ago(bars.low, 1) - bars.low
    plus = window_sum(np.where((up > down) & (up > 0.0), up, 0.0), 14)
    minus = window_sum(np.where((down >= up) & (down > 0.0), down, 0.0), 14)
    return window_sum(ratio(100.0 * np.abs(plus - minus), plus + minus, 0.0), 14) / 14


def _range_ratio(bars: Bars) -> FloatArray:
    """ATR14 over its mean of 252 bars."""
    before = np.concatenate([bars.close[:, :1], bars.close[:, :-1]], axis=1)
    true_range = np.maximum(bars.high - bars.low, np.maximum(np.abs(bars.high - before), np.abs(bars.low - before)))
    atr = window_sum(true_range, 14) / 14
    return ratio(atr, window_sum(atr, 252) / 252, np.nan)


def _efficiency(close: FloatArray) -> FloatArray:
    """The distance covered over the path walked (Kaufman's efficiency ratio) in 20 bars."""
    path = window_sum(np.abs(close - _ago(close, 1)), 20)
    return ratio(np.abs(close - _ago(close, 19)), path, 0.0)


def _reverting(z: FloatArray) -> BoolArray:
    """Long from a z-score below -1 until one of at least 0."""
    changes = np.where((z < -1.0) | (z >= 0.0), np.arange(z.shape[1]), 0)
    return np.take_along_axis(z, np.maximum.accumulate(changes, axis=1), axis=1) < -1.0


def _long(regime: IntArray, momentum: BoolArray, reversion: BoolArray, crossover: BoolArray) -> BoolArray:
    """The wish of each strategy, [assets, days, 5], in the order of ``names.STRATEGIES``."""
    aware = ((regime == TREND) & momentum) | ((regime == CHOP) & reversion)
    votes = momentum.astype(np.int8) + reversion + crossover
    return np.stack([aware, momentum, reversion, crossover, votes >= 2], axis=-1)
