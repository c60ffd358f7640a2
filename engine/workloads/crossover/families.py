"""The two families of strategies: their combinations of parameters, and how their orders are paid for.

``ema-rsi`` is the grid of investing-algorithm-framework's guide to parallel backtests (docusaurus/docs/Advanced
Concepts/PARALLEL_PROCESSING_GUIDE.md), ``sma`` the pairs of moving averages that the libraries of the field show off
with.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from engine.workloads.prices import TRADING_DAYS, IntArray

EMA_SHORT, EMA_LONG = (10, 15, 20, 25, 30), (50, 75, 100, 150, 200)
RSI_PERIODS, OVERSOLD, OVERBOUGHT = (7, 14, 21), (25, 30, 35), (65, 70, 75)

SMA_PERIODS = range(2, 101)

LOOK_BACK = 24
"""Bars, the signal bar among them, in which the RSI must have been oversold (overbought) for a cross to count. Asked
for on the very bar of the cross, as the origin does, no combination ever trades."""

HOURS_PER_YEAR = 8_766


@dataclass(frozen=True, eq=False)
class Family:
    """A grid of strategies with one way of trading; long or flat, one position at a time."""

    parameters: tuple[str, ...]
    """Names of the columns of ``combinations``."""
    combinations: IntArray
    """[combinations, parameters]"""
    cash: float
    """What a backtest starts with."""
    shares: float
    """Bought at each entry, with borrowed money where cash does not suffice; 0: as many as all cash buys."""
    fee: float
    """Share of the traded value, on both sides."""
    slippage: float
    """Share of the price by which a fill is worse."""
    lead_in: int
    """Bars before a window that only warm the indicators up: twice the longest, after which every trade of a vector and
    of an event engine agreed (docs/architecture/backtest/vector-vs-event-engine-parity.md of the origin)."""
    least: int
    """Fewest bars a window may have."""
    bars_per_year: float
    """Of the made-up prices."""


def _grid(rows: Iterable[tuple[int, ...]]) -> IntArray:
    return np.array(list(rows), dtype=np.int64)


FAMILIES = {
    "ema-rsi": Family(
        parameters=("short", "long", "rsi", "oversold", "overbought"),
        combinations=_grid(product(EMA_SHORT, EMA_LONG, RSI_PERIODS, OVERSOLD, OVERBOUGHT)),
        cash=1_000.0,
        shares=0.0,
        fee=0.001,
        slippage=0.0005,
        lead_in=2 * max(EMA_LONG),
        least=LOOK_BACK,
        bars_per_year=HOURS_PER_YEAR,
    ),
    "sma": Family(
        parameters=("fast", "slow"),
        combinations=_grid(combinations(SMA_PERIODS, 2)),
        cash=1_000_000.0,
        shares=10.0,
        fee=0.001,
        slippage=0.0,
        lead_in=0,
        least=SMA_PERIODS[-1] + 2,
        bars_per_year=TRADING_DAYS,
    ),
}
"""By name: 675 and 4,851 combinations."""
