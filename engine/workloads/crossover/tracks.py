"""What the batched kernels share: everything about a window that does not depend on the combination, computed once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.workload import Tasks
from engine.workloads.crossover.data import CrossoverData, Window, ticks_of
from engine.workloads.crossover.families import (
    EMA_LONG,
    EMA_SHORT,
    LOOK_BACK,
    OVERBOUGHT,
    OVERSOLD,
    RSI_PERIODS,
    SMA_PERIODS,
)
from engine.workloads.crossover.result import COLUMNS, finish
from engine.workloads.prices import FloatArray, IntArray

BoolArray = NDArray[np.bool_]

_Number = TypeVar("_Number", bound=np.generic)

EMA_PERIODS = EMA_SHORT + EMA_LONG


class Rules(NamedTuple):
    """How orders are filled and paid for; named tuples, because compiled code takes them apart."""

    cash: float
    shares: float
    """Bought at each entry; 0: as many as all cash buys."""
    fee: float
    slippage: float
    delay: int
    """Bars from a signal to its fill."""


class Track(NamedTuple):
    """One window: the averages that cross, the bars on which a cross counts, and prices."""

    averages: FloatArray
    """[rows, 1 + bars] EMAs, or sums of ticks, whole numbers; column 0 is the bar before the window. NaN: not known
    yet."""
    low: BoolArray
    """[rows, bars]: an upward cross counts."""
    high: BoolArray
    """[rows, bars]: a downward cross counts."""
    fills: FloatArray
    """[bars] price of an order filled on that bar, before slippage."""
    closes: FloatArray
    """[bars]"""


class Lanes(NamedTuple):
    """Where the combinations of a chunk find their rows, all [lanes]; fast crosses slow where fast_average *
    fast_weight crosses slow_average * slow_weight."""

    fast: IntArray
    slow: IntArray
    fast_weight: FloatArray
    slow_weight: FloatArray
    low: IntArray
    high: IntArray

    def part(self, block: slice) -> "Lanes":
        """Return some of the lanes."""
        fast, slow, fast_weight, slow_weight, low, high = self
        return Lanes(fast[block], slow[block], fast_weight[block], slow_weight[block], low[block], high[block])


@dataclass(frozen=True, eq=False)
class Tracks:
    """All windows of the data, and how to trade on them."""

    family: str
    rules: Rules
    bars_per_year: float
    tracks: tuple[Track, ...]
    parameters: int
    """Columns of a task behind the window."""


def tracks(data: CrossoverData) -> Tracks:
    """Compute the indicators of every window once per distinct period. The arrays are read-only."""
    trading = data.rules
    delay = 1 if data.fill == "next-open" else 0
    rules = Rules(trading.cash, trading.shares, trading.fee, trading.slippage, delay)
    made = tuple(_track(data, window) for window in data.windows)
    return Tracks(data.family, rules, data.bars_per_year, made, len(trading.parameters))


def _track(data: CrossoverData, window: Window) -> Track:
    closes, inside = data.closes[window.start : window.stop], slice(window.first, window.stop)
    lead_in = window.first - window.start
    if data.family == "sma":
        averages = window_sums(ticks_of(closes, window.decimals), SMA_PERIODS)
        low = high = np.ones((1, len(closes)), dtype=np.bool_)
    else:
        averages = np.stack([ema(closes, period) for period in EMA_PERIODS])
        strengths = [rsi(closes, period) for period in RSI_PERIODS]
        low = np.stack([_recently(strength < level) for strength in strengths for level in OVERSOLD])
        high = np.stack([_recently(strength > level) for strength in strengths for level in OVERBOUGHT])
    before = np.full((len(averages), 1), np.nan)
    fills = data.opens if data.fill == "next-open" else data.closes
    return Track(
        _frozen(np.hstack((before, averages))[:, lead_in:]),
        _frozen(low[:, lead_in:]),
        _frozen(high[:, lead_in:]),
        _frozen(fills[inside]),
        _frozen(data.closes[inside]),
    )


def _frozen(array: NDArray[_Number]) -> NDArray[_Number]:
    copy = np.array(array, order="C")
    copy.flags.writeable = False
    return copy


def window_sums(ticks: FloatArray, periods: range) -> FloatArray:
    """Return the sums of the last so many ticks, [periods, bars]; NaN until there are as many.

    All of them are whole numbers below 2**53, so they and their products with another period are exact.
    """
    totals = np.concatenate(([0], np.cumsum(ticks.astype(np.int64))))
    sums = np.full((len(periods), len(ticks)), np.nan)
    for row, period in zip(sums, periods, strict=True):
        row[period - 1 :] = totals[period:] - totals[:-period]
    return sums


def ema(prices: FloatArray, period: int) -> FloatArray:
    """Return the exponential moving average, alpha = 2 / (period + 1), started at the first price."""
    return _smoothed(prices, 2.0 / (period + 1))


def _smoothed(values: FloatArray, alpha: float) -> FloatArray:
    """y(t) = (1 - alpha) y(t-1) + alpha x(t) in one pass of compiled code, with the roundings of the plain loop."""
    from scipy.signal import lfilter

    keep = 1.0 - alpha
    rest, _ = lfilter([alpha], [1.0, -keep], values[1:], zi=[keep * values[0]])
    return np.concatenate((values[:1], rest))


def rsi(prices: FloatArray, period: int) -> FloatArray:
    """Return Wilder's relative strength index, as ``signals.rsi`` does; NaN for the first bar."""
    moves = np.diff(prices)
    gains = _smoothed(np.maximum(moves, 0.0), 1.0 / period)
    losses = _smoothed(np.maximum(-moves, 0.0), 1.0 / period)
    strength = np.where(gains > 0.0, 100.0, 50.0)
    lost = losses > 0.0
    strength[lost] = 100.0 - 100.0 / (1.0 + gains[lost] / losses[lost])
    return np.concatenate(([np.nan], strength))


def _recently(happened: BoolArray) -> BoolArray:
    """Whether it happened on one of the last LOOK_BACK bars, this one among them."""
    bars = np.arange(len(happened))
    last = np.maximum.accumulate(np.where(happened, bars, -LOOK_BACK))
    recent: BoolArray = bars - last < LOOK_BACK
    return recent


def lanes(family: str, combinations: IntArray) -> Lanes:
    """Return the rows of these combinations, [lanes, parameters]."""
    ones, zeros = np.ones(len(combinations)), np.zeros(len(combinations), dtype=np.int64)
    if family == "sma":
        fast, slow = combinations.T
        first = SMA_PERIODS[0]
        # mean against mean without a division: sum(fast) / fast against sum(slow) / slow
        return Lanes(fast - first, slow - first, slow.astype(np.float64), fast.astype(np.float64), zeros, zeros)
    short, long, period, oversold, overbought = combinations.T
    row = _rows(RSI_PERIODS, period) * len(OVERSOLD)
    low, high = row + _rows(OVERSOLD, oversold), row + _rows(OVERBOUGHT, overbought)
    return Lanes(_rows(EMA_PERIODS, short), _rows(EMA_PERIODS, long), ones, ones, low, high)


def _rows(known: tuple[int, ...], wanted: IntArray) -> IntArray:
    return np.searchsorted(np.array(known), wanted).astype(np.int64)


def by_window(given: Tracks, tasks: Tasks, summed: Callable[[int, Lanes], FloatArray]) -> FloatArray:
    """Return the results of a chunk, [tasks, 14]: ``summed(window, lanes) -> [lanes, 12]`` is asked once per window."""
    table = np.asarray(tasks, dtype=np.int64).reshape(len(tasks), 1 + given.parameters)
    results = np.empty((len(table), len(COLUMNS)))
    for window in np.unique(table[:, 0]):
        chosen = table[:, 0] == window
        sums = summed(int(window), lanes(given.family, table[chosen, 1:]))
        bars = len(given.tracks[window].closes)
        results[chosen] = finish(sums, bars, given.rules.cash, given.bars_per_year)
    return results
