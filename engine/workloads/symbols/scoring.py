"""What forecasts would have earned: the two maxdiff strategies under both close policies, each with the best offsets
there are.

The functions take the module of their arrays, ``numpy`` or ``torch``, as ``xp`` and compute alike in both, in double
precision.
"""

from dataclasses import dataclass
from typing import Any

from engine.workloads.symbols.data import CLOSE, HIGH, LOW

Array = Any
"""An array of the module ``xp``, float64 unless said otherwise."""

FEE = 0.0000278
"""Part of a position that entering it costs."""

LIMIT = 0.03
"""Largest offset of a predicted high or low, either way."""

STEP = 1e-7
"""How far beyond a breakpoint the other side of it is looked at."""

VARIANTS = ("maxdiff", "maxdiff_eod", "always_on", "always_on_eod")
"""``maxdiff`` takes the side of the larger predicted move, ``always_on`` both sides; ``_eod`` leaves at the close."""


@dataclass(frozen=True, eq=False)
class Days:
    """What happened and what was predicted on the days of each simulation; each [simulations, 7], as fractions of the
    close before."""

    high: Array
    low: Array
    close: Array
    predicted_high: Array
    """Not negative."""
    predicted_low: Array
    """Not positive."""


def days_of(actual: Array, predicted: Array) -> Days:
    """Return what the strategies look at, from the moves of all four series, each [simulations, 4, 7].

    A high is predicted above the close before it and a low below, whatever the sign of the forecast.
    """
    return Days(
        high=actual[:, HIGH],
        low=actual[:, LOW],
        close=actual[:, CLOSE],
        predicted_high=abs(predicted[:, HIGH]),
        predicted_low=-abs(predicted[:, LOW]),
    )


def best_profits(xp: Any, days: Days) -> Array:
    """Return the largest profit of each variant: [simulations, 4], as a fraction of the money at work.

    Positions of a day with an invalid forecast, whose low is not below its high, are 0 in ``maxdiff``.
    """
    bigger = days.predicted_high > -days.predicted_low
    valid = days.predicted_low < days.predicted_high
    every = xp.ones_like(days.high)
    long, short = every * (bigger & valid), every * (~bigger & valid)
    return xp.stack(
        [
            exact_profit(xp, days, positions, at_close)
            for positions in ((long, short), (every, every))
            for at_close in (False, True)
        ],
        1,
    )


def exact_profit(xp: Any, days: Days, positions: tuple[Array, Array], at_close: bool) -> Array:
    """Return the profit with the best offsets of the predicted highs and lows, [simulations].

    ``positions``: how much is bought and how much is sold each day, each [simulations, 7] and not negative.

    Between breakpoints the profit is linear in both offsets, so its maximum is found among 31 offsets per axis, all 961
    pairs of them at once. A day's long profit is (exit - entry) * entered, where the exit depends on the offset of the
    high alone and the entry on that of the low; with the short profit it is the other way round. So each is a product
    of two small matrices. Without offsets being among the pairs, no result is below that of the forecasts as they are.
    """
    long, short = (position[:, None, :] for position in positions)
    high, low, close = (series[:, None, :] for series in (days.high, days.low, days.close))
    # [simulations, 31, 7] each; pairs are [simulations, 31 offsets of the high, 31 of the low]
    highs = _offset(xp, days.high, days.predicted_high).clip(0.0, 10.0)
    lows = _offset(xp, days.low, days.predicted_low).clip(-1.0, 0.0)
    at_high, at_low = (highs <= high) & (not at_close), (lows >= low) & (not at_close)
    bought, sold = long * (lows > low), short * (highs < high)
    long_exit, short_exit = xp.where(at_high, highs, close), xp.where(at_low, lows, close)
    profit = long_exit @ bought.swapaxes(1, 2) - sold @ short_exit.swapaxes(1, 2)
    profit = profit - (bought * (lows + FEE)).sum(-1)[:, None, :] + (sold * (highs - FEE)).sum(-1)[:, :, None]
    return xp.amax(profit, (1, 2))


def _offset(xp: Any, actual: Array, predicted: Array) -> Array:
    """Predictions with each offset that may be best: [simulations, 7] -> [simulations, 31, 7].

    The offsets are none, the largest either way, those at which a prediction meets what happened or just misses it, and
    those at which it becomes 0.
    """
    gap, none = actual - predicted, xp.zeros_like(predicted[:, :1])
    parts = [none - LIMIT, none, none + LIMIT, gap, gap - STEP, gap + STEP, -predicted]
    return predicted[:, None, :] + xp.concatenate(parts, 1).clip(-LIMIT, LIMIT)[:, :, None]
