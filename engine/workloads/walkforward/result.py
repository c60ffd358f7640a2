"""The result of one fold as numbers: its window, its metrics and its models; or its trades."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.knob import Settings
from engine.workload import ResultSpec
from engine.workloads.prices import TRADING_DAYS, FloatArray, IntArray
from engine.workloads.walkforward.learner import Models
from engine.workloads.walkforward.names import INPUTS, STRATEGIES
from engine.workloads.walkforward.trading import CAPITAL, Account

FACTS = (
    "train_first", "train_last", "test_first", "test_last", "training_trades", "trades", "open_positions",
    "final_equity", "return", "sharpe", "max_drawdown", "win_rate", "fees", "trend_strength",
)  # fmt: skip
"""The first columns of ``rows=folds``. Day numbers of the window (both ends included); closed trades of the training
window and of the test; positions left open; equity at the last close; return and largest drawdown as shares; annualised
Sharpe ratio of daily returns without a risk-free rate; share of trades with a profit; fees paid; mean trend strength of
all assets and test days, in price per bar. NaN: a ratio whose denominator is zero."""

COLUMNS = (*FACTS, *(f"{strategy}: {name}" for strategy in STRATEGIES for name in ("intercept", *INPUTS)))
"""All columns of ``rows=folds``; those after the facts are the coefficients of each strategy's ridge on its scaled
inputs, NaN for a strategy without a model and for forests."""

TRADE_COLUMNS = (
    "asset", "strategy", "regime", "entry_day", "exit_day", "units", "entry_price", "exit_price", "percent",
)  # fmt: skip
"""One trade of ``rows=trades``: positions in the lists of assets, ``names.STRATEGIES`` and ``names.REGIMES``, day
numbers and prices of both fills, and the profit after fees in percent."""

TradeRow = tuple[int, int, int, int, int, float, float, float, float]


@dataclass(frozen=True, eq=False)
class FoldRun:
    """One fold, trained and tested."""

    dates: IntArray
    """[4] day numbers: first and last day of training and of testing."""
    days: IntArray
    """Day numbers of the test window's bars."""
    training_trades: int
    models: Models
    account: Account
    trend_strength: float


def result(settings: Settings) -> ResultSpec | None:
    """Return the form of one task's result: numbers, or None for a tuple of trades."""
    return None if settings["rows"] == "trades" else ResultSpec("float64", (len(COLUMNS),))


Answers = FloatArray | list[tuple[TradeRow, ...]]
"""[tasks, columns] or, for ``rows=trades``, a tuple of trades for each task."""


def answers(runs: Sequence[FoldRun], rows: str) -> Answers:
    """Return what tasks return of their folds, as asked for by the setting ``rows``."""
    if rows == "trades":
        return [trades_of(run) for run in runs]
    return np.array([row_of(run) for run in runs]).reshape(-1, len(COLUMNS))


def row_of(run: FoldRun) -> FloatArray:
    """Return the fold as one row of COLUMNS."""
    account = run.account
    equity = np.array([CAPITAL, *account.equity])
    open_positions = sum(held is not None for held in account.positions)
    facts = (
        *run.dates, run.training_trades, len(account.trades), open_positions, equity[-1], equity[-1] / CAPITAL - 1.0,
        sharpe(equity), max_drawdown(equity), win_rate(account), account.fees, run.trend_strength,
    )  # fmt: skip
    missing = np.full(len(INPUTS) + 1, np.nan)
    models = [run.models[s].coefficients() if s in run.models else missing for s in range(len(STRATEGIES))]
    return np.concatenate([np.array(facts, dtype=np.float64), *models])


def trades_of(run: FoldRun) -> tuple[TradeRow, ...]:
    """Return the fold's closed trades, each a row of TRADE_COLUMNS, in the order of exit day and asset."""
    days = run.days.tolist()
    return tuple(
        (t.asset, t.strategy, t.regime, days[t.entry], days[t.leave], t.units, t.entry_price, t.leave_price, t.percent)
        for t in run.account.trades
    )


def sharpe(equity: FloatArray) -> float:
    """Return mean over standard deviation (ddof 1) of the daily returns, times the root of 252; NaN without any."""
    returns = equity[1:] / equity[:-1] - 1.0
    spread = returns.std(ddof=1) if len(returns) > 1 else 0.0
    return float(returns.mean() / spread * np.sqrt(TRADING_DAYS)) if spread > 0.0 else float("nan")


def max_drawdown(equity: FloatArray) -> float:
    """Return the largest fall from a peak, as a share of the peak."""
    return float((1.0 - equity / np.maximum.accumulate(equity)).max())


def win_rate(account: Account) -> float:
    """Return the share of closed trades with a profit; NaN without trades."""
    if not account.trades:
        return float("nan")
    return sum(trade.percent > 0.0 for trade in account.trades) / len(account.trades)


def score(results: Any) -> float:
    """Return the mean out-of-sample return of the folds or, for ``rows=trades``, the mean profit of a trade; both in
    percent."""
    if isinstance(results, np.ndarray):
        return float(100.0 * results[:, COLUMNS.index("return")].mean())
    percents = [trade[-1] for trades in results for trade in trades]
    return sum(percents) / len(percents) if percents else 0.0
