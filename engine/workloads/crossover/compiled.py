"""The loops of the numba kernel. Importing this module imports numba; only the kernel does, when it runs.

Signals of all bars come first, in loops without a branch that the compiler turns into vector instructions. Trading then
jumps from signal to signal: while there is no position nothing changes but the length of a drawdown.
"""

from collections.abc import Callable
from typing import NamedTuple, ParamSpec, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

from engine.workloads.crossover.result import EVEN, TOUCH
from engine.workloads.crossover.tracks import Lanes, Rules, Track
from engine.workloads.prices import FloatArray, IntArray

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

Signals = NDArray[np.int8]

_WORD = 8
"""Signals in a machine word."""


def _compiled(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Compile; divisions as in NumPy, because a check for zero on each bar costs a tenth of the speed."""
    made: Callable[_Arguments, _Result] = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return made


class _Path(NamedTuple):
    """What the walk over the bars of a backtest knows so far."""

    profit: float
    """Equity less the initial cash."""
    peak: float
    trough: float
    """Lowest profit since the peak."""
    drawdown: float
    stay: int
    """Bars below the peak until now."""
    longest: int
    returns: float
    squares: float
    negative_squares: float


@_compiled
def run(rules: Rules, track: Track, lanes: Lanes, out: FloatArray) -> None:
    """Write into ``out``, [lanes, 12], what ``result.SUMMED`` names."""
    bars = len(track.closes)
    signs, signals, values = np.empty(bars + 1, np.int8), np.zeros(_whole_words(bars), np.int8), np.empty(bars)
    places = np.empty(len(signals) + 1, np.int64)
    for lane in range(len(lanes.fast)):
        _compare(track, lanes, lane, signs)
        _signal(track.low[lanes.low[lane]], track.high[lanes.high[lane]], signs, signals)
        _gather(signals, places)
        _trade(rules, track, signals, places, values, out[lane])


@_compiled
def _whole_words(count: int) -> int:
    """The count, rounded up to a multiple of a word's eight bytes."""
    return (count + _WORD - 1) // _WORD * _WORD


@_compiled
def _compare(track: Track, lanes: Lanes, lane: int, signs: Signals) -> None:
    """1 where the fast average is above the slow one, -1 where it is below, 0 where they tie or are not known."""
    fast, slow = track.averages[lanes.fast[lane]], track.averages[lanes.slow[lane]]
    fast_weight, slow_weight = lanes.fast_weight[lane], lanes.slow_weight[lane]
    for bar in range(len(signs)):
        distance = fast[bar] * fast_weight - slow[bar] * slow_weight
        signs[bar] = np.int8(distance > 0.0) - np.int8(distance < 0.0)


@_compiled
def _signal(low: NDArray[np.bool_], high: NDArray[np.bool_], signs: Signals, signals: Signals) -> None:
    """1 where an upward cross counts, -1 where a downward one does, otherwise 0."""
    for bar in range(len(low)):
        before, now = signs[bar], signs[bar + 1]
        buy = (before < 0) & (now > 0) & low[bar]
        sell = (before > 0) & (now < 0) & high[bar]
        signals[bar] = np.int8(buy) - np.int8(sell)


@_compiled
def _gather(signals: Signals, places: IntArray) -> None:
    """Write the bars with a signal into ``places``, ascending, and the number of bars behind the last.

    Few bars have one, so eight are looked at at a time: one by one that took a third of the whole backtest.
    """
    words, found = signals.view(np.int64), 0
    for word in range(len(words)):
        if words[word]:
            for bar in range(_WORD * word, _WORD * word + _WORD):
                places[found] = bar
                found += signals[bar] != 0
    places[found] = len(signals)


@_compiled
def _next(signals: Signals, places: IntArray, at: int, wanted: int) -> int:
    """The position in ``places``, from ``at`` on, of the next bar with that signal, or of the end."""
    while places[at] < len(signals) and signals[places[at]] != wanted:
        at += 1
    return at


@_compiled
def _trade(rules: Rules, track: Track, signals: Signals, places: IntArray, values: FloatArray, out: FloatArray) -> None:
    """Trade on the signals and sum up; ``values`` is scratch, a float per bar."""
    balance = 0.0  # cash less what there was at first
    path = _Path(0.0, 0.0, 0.0, 0.0, 0, 0, 0.0, 0.0, 0.0)
    entries = trades = wins = 0
    gains = losses = fees = 0.0
    bars, done = len(track.closes), 0
    last = bars - rules.delay  # a signal from here on is never filled
    at = _next(signals, places, 0, 1)
    while places[at] < last:
        entry, opened = places[at] + rules.delay, balance
        path = _rest(path, rules.cash, entry - done)
        price = track.fills[entry] * (1.0 + rules.slippage)
        units = rules.shares if rules.shares > 0.0 else (rules.cash + balance) / (price * (1.0 + rules.fee))
        balance -= units * price * (1.0 + rules.fee)
        fees += units * price * rules.fee
        entries += 1
        at = _next(signals, places, at + 1, -1)
        left = places[at] < last
        leave = places[at] + rules.delay if left else bars
        for bar in range(entry, leave):
            values[bar] = balance + units * track.closes[bar]
        done = leave
        if left:
            price = track.fills[leave] * (1.0 - rules.slippage)
            balance += units * price * (1.0 - rules.fee)
            fees += units * price * rules.fee
            values[leave] = balance
            done = leave + 1
            trades += 1
            earned = balance - opened
            wins += earned > EVEN * rules.cash
            gains += earned if earned > EVEN * rules.cash else 0.0
            losses -= earned if earned < -EVEN * rules.cash else 0.0
        path = _walk(path, rules.cash, values, entry, done)
        at = _next(signals, places, at, 1)
    path = _rest(path, rules.cash, bars - done)
    out[0], out[1], out[2], out[3], out[4], out[5] = entries, trades, wins, gains, losses, fees
    out[6], out[7], out[8], out[9] = path.profit, path.returns, path.squares, path.negative_squares
    out[10], out[11] = (
        max(path.drawdown, (path.peak - path.trough) / (rules.cash + path.peak)),
        max(path.longest, path.stay),
    )


@_compiled
def _rest(path: _Path, cash: float, bars: int) -> _Path:
    """So many bars without a position: nothing moves, a drawdown grows longer."""
    stay = path.stay + bars if path.peak - path.profit > TOUCH * (cash + path.peak) else 0
    return _Path(
        path.profit,
        path.peak,
        path.trough,
        path.drawdown,
        stay,
        max(path.longest, stay),
        path.returns,
        path.squares,
        path.negative_squares,
    )


@_compiled
def _walk(path: _Path, cash: float, values: FloatArray, start: int, stop: int) -> _Path:
    """The bars from ``start`` to ``stop``, on which profit is ``values``."""
    profit, peak, trough, drawdown, stay, longest, returns, squares, negative_squares = path
    for bar in range(start, stop):
        value = values[bar]
        change = (value - profit) / (cash + profit)
        fall = min(change, 0.0)
        returns += change
        squares += change * change
        negative_squares += fall * fall
        if peak - value <= TOUCH * (cash + peak):
            drawdown = max(drawdown, (peak - trough) / (cash + peak))
            peak = max(peak, value)
            trough = peak
            longest = max(longest, stay)
            stay = 0
        else:
            trough = min(trough, value)
            stay += 1
        profit = value
    return _Path(profit, peak, trough, drawdown, stay, longest, returns, squares, negative_squares)
