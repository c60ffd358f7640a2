"""Indicators and signals of one backtest in plain Python, for the naive kernel."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from engine.workloads.crossover.families import LOOK_BACK

BUY, SELL = 1, -1


def ema(prices: Sequence[float], period: int) -> list[float]:
    """Return the exponential moving average, alpha = 2 / (period + 1), started at the first price."""
    return _smoothed(prices, 2.0 / (period + 1))


def _smoothed(values: Sequence[float], alpha: float) -> list[float]:
    keep = 1.0 - alpha
    value = values[0]
    smoothed = [value]
    for new in values[1:]:
        value = keep * value + alpha * new
        smoothed.append(value)
    return smoothed


def rsi(prices: Sequence[float], period: int) -> list[float]:
    """Return the relative strength index, 0 to 100, of every bar but the first (Wilder, New Concepts in Technical
    Trading Systems, 1978).

    Gains and losses are averaged with alpha = 1 / period from the first move on. No losses: 100; no moves: 50.
    """
    moves = [now - before for before, now in pairwise(prices)]
    gains = _smoothed([move if move > 0.0 else 0.0 for move in moves], 1.0 / period)
    losses = _smoothed([-move if move < 0.0 else 0.0 for move in moves], 1.0 / period)
    return [_strength(gain, loss) for gain, loss in zip(gains, losses, strict=True)]


def _strength(gain: float, loss: float) -> float:
    if loss > 0.0:
        return 100.0 - 100.0 / (1.0 + gain / loss)
    return 100.0 if gain > 0.0 else 50.0


def ema_rsi_signals(closes: list[float], decimals: int, parameters: list[int]) -> list[int]:
    """Return BUY, SELL or 0 for each bar.

    BUY: the short EMA crosses the long one upwards, d(t-1) < 0 < d(t), and the RSI was below oversold in one of the
    last LOOK_BACK bars. SELL mirrors it with overbought.
    """
    short, long, period, oversold, overbought = parameters
    distances = [fast - slow for fast, slow in zip(ema(closes, short), ema(closes, long), strict=True)]
    strengths = rsi(closes, period)
    signals = [0] * len(closes)
    low_at = high_at = -LOOK_BACK
    for bar in range(1, len(closes)):
        if strengths[bar - 1] < oversold:
            low_at = bar
        elif strengths[bar - 1] > overbought:
            high_at = bar
        if distances[bar - 1] < 0.0 < distances[bar]:
            signals[bar] = BUY if bar - low_at < LOOK_BACK else 0
        elif distances[bar] < 0.0 < distances[bar - 1]:
            signals[bar] = SELL if bar - high_at < LOOK_BACK else 0
    return signals


def sma_signals(closes: list[float], decimals: int, parameters: list[int]) -> list[int]:
    """Return BUY where the mean of the last ``fast`` closes crosses that of the last ``slow`` upwards, SELL where it
    crosses downwards, otherwise 0.

    The means are compared as whole numbers, sum(fast) * slow against sum(slow) * fast in ticks, because the rounding of
    a running mean decides ties by chance. A tie is neither above nor below: no cross starts or ends there.
    """
    fast, slow = parameters
    ticks = [round(close * 10.0**decimals) for close in closes]
    signals = [0] * len(ticks)
    fast_sum = slow_sum = before = 0
    for bar, tick in enumerate(ticks):
        fast_sum += tick - (ticks[bar - fast] if bar >= fast else 0)
        slow_sum += tick - (ticks[bar - slow] if bar >= slow else 0)
        now = fast_sum * slow - slow_sum * fast if bar >= slow - 1 else 0
        if before < 0 < now:
            signals[bar] = BUY
        elif now < 0 < before:
            signals[bar] = SELL
        before = now
    return signals


SIGNALS: dict[str, Callable[[list[float], int, list[int]], list[int]]] = {
    "ema-rsi": ema_rsi_signals,
    "sma": sma_signals,
}
"""By family: the closes of a window with its lead-in, the decimals of a tick, the parameters -> a signal per bar."""
