"""The result of one backtest as numbers, and the formulas that turn what a kernel has summed up into it."""

from typing import Any

import numpy as np

from engine.knob import Settings
from engine.workload import ResultSpec
from engine.workloads.prices import FloatArray

COLUMNS = (
    "entries", "trades", "final_equity", "return", "cagr", "volatility", "sharpe", "sortino", "max_drawdown",
    "max_drawdown_bars", "calmar", "profit_factor", "win_rate", "fees",
)  # fmt: skip
"""Columns of a result: [14]. Where a denominator is zero the figure is NaN.

- entries: purchases; trades: those of them that were sold again.
- final_equity: cash plus the open position at the last close; fees: all that was paid; both in the currency.
- return: final equity over initial cash, less 1; cagr: the same per year.
- volatility: sample standard deviation (ddof 1) of the returns of the bars, the first one against the initial cash,
  times the square root of the bars per year.
- sharpe: mean over standard deviation of these returns; sortino: mean over the root of the mean squared negative part,
  all bars counted (Sortino and Price, Performance measurement in a downside risk framework, 1994); both with a
  risk-free rate of zero and times the square root of the bars per year.
- max_drawdown: largest 1 - equity / peak; max_drawdown_bars: longest run of bars below a former peak; calmar: cagr over
  max_drawdown.
- profit_factor: gains over losses of the trades after fees; win_rate: share of the trades with a gain.
"""

SUMMED = (
    "entries", "trades", "wins", "gains", "losses", "fees", "profit", "returns", "squares", "negative_squares",
    "max_drawdown", "max_drawdown_bars",
)  # fmt: skip
"""What the batched kernels sum up over the bars and trades of a backtest: [12]. Profit is equity less the initial
cash: ten shares move a million by its last digits. Losses are positive; returns, squares and negative_squares are sums
over bars."""

EVEN = 1e-11
"""A trade that ends within this share of the initial cash of where it began neither won nor lost. In cents that happens
exactly (buy at 99.90, sell at 100.10, fees of 0.1 %), and rounding must not decide it."""

TOUCH = 1e-11
"""Share of the peak below which equity is back at it: prices in cents return to the very same level, and rounding must
not decide whether a drawdown ended."""


def result(settings: Settings) -> ResultSpec:
    """Return the form of one task's result."""
    return ResultSpec("float64", (len(COLUMNS),))


def score(results: Any) -> float:
    """Return the mean return over all backtests."""
    return float(np.mean(np.asarray(results)[:, COLUMNS.index("return")]))


def finish(summed: FloatArray, bars: int, cash: float, bars_per_year: float) -> FloatArray:
    """Return the results [tasks, 14] of what was summed up, [tasks, 12], over so many bars."""
    entries, trades, wins, gains, losses, fees, profit, total, squares, negative, drawdown, stay = summed.T
    per_year = np.sqrt(bars_per_year)
    mean = total / bars
    deviation = np.sqrt(np.maximum(squares - total * mean, 0.0) / (bars - 1))
    gained = profit / cash
    # financed with borrowed money a position can lose more than there is, and no rate leads there
    with np.errstate(over="ignore"):
        cagr = np.expm1(np.log1p(np.where(gained > -1.0, gained, np.nan)) * (bars_per_year / bars))
    return np.column_stack(
        (
            entries,
            trades,
            cash + profit,
            gained,
            cagr,
            deviation * per_year,
            _over(mean, deviation) * per_year,
            _over(mean, np.sqrt(negative / bars)) * per_year,
            drawdown,
            stay,
            _over(cagr, drawdown),
            _over(gains, losses),
            _over(wins, trades),
            fees,
        )
    )


def _over(above: FloatArray, below: FloatArray) -> FloatArray:
    """above / below; NaN where below is zero."""
    quotient: FloatArray = np.divide(above, below, out=np.full(len(above), np.nan), where=below != 0.0)
    return quotient
