"""What a pair of price offsets earns over some days. The one formula behind every kernel.

``xp`` is the array library, numpy or torch: the operations used here have the same names and meanings in both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

Array = Any
"""A NumPy array or a torch tensor, in double precision."""

BOUND = 0.03
"""Offsets are searched in [-BOUND, BOUND], in fractions of the previous close."""

TIE = 1e-12
"""Profits closer than this are equal: among them the first pair wins, and a gain below it is none. Kernels add in
different orders, which moves a profit by about 1e-16; without this they would choose different pairs of equal worth."""


@dataclass(frozen=True, eq=False)
class Trades:
    """Days on which a strategy may trade, each [..., days]. Moves and forecasts are fractions of the previous close."""

    close: Array
    high: Array
    predicted_high: Array
    low: Array
    predicted_low: Array
    long: Array
    """Size of the long position of the day, at least 0."""
    short: Array
    """Size of the short position of the day, at most 0."""

    def apply(self, function: Callable[[Array], Array]) -> "Trades":
        """Return the same with ``function`` applied to each array."""
        return Trades(*map(function, vars(self).values()))

    def at(self, index: Any) -> "Trades":
        """Return the searches or simulations at an index."""
        return self.apply(lambda values: values[index])


@dataclass(frozen=True)
class Policy:
    """How positions are left, and what a side costs."""

    close_at_eod: bool
    """Leave at the close, whatever the day's high and low were."""
    fee: float
    """Fraction of the size, for every side entered."""


def profit(xp: ModuleType, trades: Trades, policy: Policy, high_offset: Array, low_offset: Array) -> Array:
    """Return the profit summed over the days, in fractions of the previous closes: [...].

    The offsets are added to the forecasts and broadcast against [..., days]. A long position is entered at the
    predicted low if the low went below it, and left at the predicted high if the high reached it, otherwise at the
    close; a short position the other way round. The favourable order of the day's high and low is assumed, as in the
    origin (lee101/stock-prediction, loss_utils.py, calculate_trading_profit_torch_with_entry_buysell).
    """
    high = xp.clip(trades.predicted_high + high_offset, 0.0, 10.0)
    low = xp.clip(trades.predicted_low + low_offset, -1.0, 0.0)
    sell, cover = _exits(xp, trades, policy, high, low)
    long = trades.long * (low > trades.low)
    short = trades.short * (high < trades.high)
    earned = long * (sell - low) + short * (cover - high) - policy.fee * (long - short)
    return earned.sum(-1)


def surface(xp: ModuleType, trades: Trades, policy: Policy, highs: Array, lows: Array) -> Array:
    """Return the profit of every pair of offsets, [searches, highs, lows], for trades of [searches, days].

    ``highs`` and ``lows`` are [searches, points]. The sum of ``profit`` taken apart: what one offset decides alone is
    worked out once per point of its axis, and what both decide, exit price times size entered, is a matrix product over
    the days.
    """
    days = trades.apply(lambda values: values[:, None, :])
    high = xp.clip(days.predicted_high + highs[:, :, None], 0.0, 10.0)
    low = xp.clip(days.predicted_low + lows[:, :, None], -1.0, 0.0)
    long = days.long * (low > days.low)
    short = days.short * (high < days.high)
    by_low = (long * (low + policy.fee)).sum(-1)
    by_high = (short * (high - policy.fee)).sum(-1)
    if policy.close_at_eod:
        by_low = by_low - (long * days.close).sum(-1)
        by_high = by_high - (short * days.close).sum(-1)
        return -by_high[:, :, None] - by_low[:, None, :]
    sell, cover = _exits(xp, days, policy, high, low)
    return sell @ long.mT + short @ cover.mT - by_high[:, :, None] - by_low[:, None, :]


def _exits(xp: ModuleType, trades: Trades, policy: Policy, high: Array, low: Array) -> tuple[Array, Array]:
    """Prices at which a long and a short position are left."""
    if policy.close_at_eod:
        return trades.close, trades.close
    sell = xp.where(high <= trades.high, high, trades.close)
    return sell, xp.where(low >= trades.low, low, trades.close)
