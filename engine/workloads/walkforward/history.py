"""The naive features: one asset and one day at a time, from lists of what has happened so far.

The trend strength is what the origin spent its time on: rolling line fits over the history, anew on every day, although
only the last value is used.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.workloads.walkforward.bars import FIELDS, Bars
from engine.workloads.walkforward.features import FLAT, TREND_WINDOWS
from engine.workloads.walkforward.names import CHOP, TREND
from engine.workloads.walkforward.regime import ROWS, points_of


@dataclass(frozen=True)
class Day:
    """What is known of one asset at the close of one day."""

    open: float
    close: float
    numbers: list[float]
    """As ``names.NUMBERS``."""
    regime: int
    trend: float
    long: list[bool]
    """The wish of each strategy."""


@dataclass(frozen=True)
class History:
    """One asset bar by bar; every list has an entry for each bar."""

    opens: list[float]
    highs: list[float]
    lows: list[float]
    closes: list[float]
    volumes: list[float]
    moves: list[float]
    returns: list[float]
    ups: list[float]
    """Directional moves (Wilder 1978), zero where the other one is larger; equal ones count as down."""
    downs: list[float]
    atrs: list[float]
    """Mean true range of 14 bars."""
    dxs: list[float]
    reverting: list[bool]
    """Whether mean reversion wants to be long."""


def history_of(bars: Bars, asset: int) -> History:
    """Return the bars of one asset and what builds up bar by bar."""
    opens, highs, lows, closes, volumes = (getattr(bars, field)[asset].tolist() for field in FIELDS)
    moves = [math.nan] + [now - before for before, now in pairwise(closes)]
    returns = [math.nan] + [now / before - 1.0 for before, now in pairwise(closes)]
    ups, downs = _directional(highs, lows)
    return History(
        opens, highs, lows, closes, volumes, moves, returns, ups, downs,
        _average_ranges(highs, lows, closes), _directional_indices(ups, downs), _reverting(closes),
    )  # fmt: skip


def look(history: History, row: int, refit_days: int) -> Day:
    """Return what is known at the close of a bar, from the fiftieth bar on."""
    closes = history.closes
    numbers = _numbers(history, row)
    regime = CHOP
    if row + 1 >= ROWS:
        points = points_of(measures(history, row))
        regime = points.index(max(points))
    mean20, mean50 = mean(_last(closes, row, 20)), mean(_last(closes, row, 50))
    momentum, reversion, crossover = closes[row] > closes[row - 19], history.reverting[row], mean20 > mean50 * _TIE
    aware = momentum if regime == TREND else reversion if regime == CHOP else False
    long = [aware, momentum, reversion, crossover, momentum + reversion + crossover >= 2]
    return Day(history.opens[row], closes[row], numbers, regime, trend_strength(closes, row, refit_days), long)


def trend_strength(closes: list[float], row: int, refit_days: int) -> float:
    """Return the mean slope of lines through the last 10, 20 and 50 closes.

    As in the origin the fits roll over the history: over its last ``refit_days`` days, or all of it for 0.
    """
    slopes = []
    for length in TREND_WINDOWS:
        first = length - 1 if refit_days == 0 else max(length - 1, row - refit_days + 1)
        rolling = [np.polyfit(np.arange(length), _last(closes, day, length), 1)[0] for day in range(first, row + 1)]
        slopes.append(float(rolling[-1]))
    return mean(slopes)


_TIE = 1.0 + FLAT


def total(values: Sequence[float]) -> float:
    """Return the sum, added up in order; what ``sum`` does depends on the version of Python."""
    added = 0.0
    for value in values:
        added += value
    return added


def mean(values: Sequence[float]) -> float:
    """Return the mean."""
    return total(values) / len(values)


def deviation(values: Sequence[float]) -> float:
    """Return the standard deviation, ddof 1."""
    centre = mean(values)
    return math.sqrt(total([(value - centre) * (value - centre) for value in values]) / (len(values) - 1))


def _last(values: list[float], row: int, length: int) -> list[float]:
    """The last values up to a bar, that one included."""
    return values[row - length + 1 : row + 1]


def _numbers(history: History, row: int) -> list[float]:
    closes = history.closes
    moves = _last(history.moves, row, 14)
    gains, losses = total([max(move, 0.0) for move in moves]), total([max(-move, 0.0) for move in moves])
    low, high = min(_last(history.lows, row, 20)), max(_last(history.highs, row, 20))
    volume = mean(_last(history.volumes, row, 20))
    return [
        deviation(_last(history.returns, row, 20)),
        gains / (gains + losses) if gains + losses else 0.5,
        mean(_last(closes, row, 20)) / mean(_last(closes, row, 50)),
        history.volumes[row] / volume if volume else 1.0,
        (closes[row] - low) / (high - low) if high != low else 0.5,
        closes[row] / closes[row - 4] - 1.0,
        closes[row] / closes[row - 19] - 1.0,
        _z_score(closes, row),
        history.returns[row],
        total(_last(history.returns, row, 5)),
    ]


def measures(history: History, row: int) -> list[float]:
    """Return what the regime is judged by, as ``regime.RULES``; NaN where the history is too short or nothing moves."""
    closes, volumes = history.closes, history.volumes
    volume = mean(_last(volumes, row, 20))
    path = total([abs(move) for move in _last(history.moves, row, 20)])
    return [
        mean(_last(history.dxs, row, 14)),
        _over(deviation(_last(history.returns, row, 20)), deviation(_last(history.returns, row, 252))),
        abs(closes[row] / mean(_last(closes, row, 20)) - 1.0),
        _over(history.atrs[row], mean(_last(history.atrs, row, 252))),
        (volumes[row] / volume if volume else 1.0) - 1.0,
        abs(closes[row] - closes[row - 19]) / path if path else 0.0,
    ]


def _over(above: float, below: float) -> float:
    return above / below if below else math.nan


def _z_score(closes: list[float], row: int) -> float:
    last = _last(closes, row, 20)
    spread, centre = deviation(last), mean(last)
    return (closes[row] - centre) / spread if spread > FLAT * centre else 0.0


def _directional(highs: list[float], lows: list[float]) -> tuple[list[float], list[float]]:
    ups, downs = [0.0], [0.0]
    for row in range(1, len(highs)):
        up, down = highs[row] - highs[row - 1], lows[row - 1] - lows[row]
        ups.append(up if up > down and up > 0.0 else 0.0)
        downs.append(down if down >= up and down > 0.0 else 0.0)
    return ups, downs


def _average_ranges(highs: list[float], lows: list[float], closes: list[float]) -> list[float]:
    before = closes[:1] + closes
    ranges = [
        max(high - low, abs(high - close), abs(low - close))
        for high, low, close in zip(highs, lows, before, strict=False)
    ]
    return [mean(_last(ranges, row, 14)) if row >= 13 else math.nan for row in range(len(ranges))]


def _directional_indices(ups: list[float], downs: list[float]) -> list[float]:
    indices = []
    for row in range(len(ups)):
        plus, minus = total(_last(ups, row, 14)), total(_last(downs, row, 14))
        short = row < 13
        indices.append(math.nan if short else 100.0 * abs(plus - minus) / (plus + minus) if plus + minus else 0.0)
    return indices


def _reverting(closes: list[float]) -> list[bool]:
    """Long from a z-score below -1 until one of at least 0."""
    long, wishes = False, []
    for row in range(len(closes)):
        z = _z_score(closes, row) if row >= 19 else 0.0
        long = z < -1.0 or (long and z < 0.0)
        wishes.append(long)
    return wishes
