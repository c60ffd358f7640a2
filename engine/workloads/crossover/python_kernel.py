"""The naive kernel: one backtest at a time, its own indicators, a loop over the bars, metrics from the ledger."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.workload import Tasks
from engine.workloads.crossover.data import CrossoverData
from engine.workloads.crossover.families import Family
from engine.workloads.crossover.result import COLUMNS, EVEN, TOUCH
from engine.workloads.crossover.signals import BUY, SELL, SIGNALS
from engine.workloads.prices import FloatArray

_NAN = float("nan")


@dataclass(frozen=True)
class Order:
    """One fill."""

    bar: int
    """Counted from the first bar of the window."""
    units: float
    """Positive: bought."""
    price: float
    fee: float


@dataclass(frozen=True)
class Ledger:
    """What a backtest leaves behind; the lists of figures have one entry per bar, taken at its close."""

    cash: list[float] = field(default_factory=list)
    units: list[float] = field(default_factory=list)
    equity: list[float] = field(default_factory=list)
    profit: list[float] = field(default_factory=list)
    """Equity less the initial cash, without its rounding."""
    orders: list[Order] = field(default_factory=list)


def evaluate(data: CrossoverData, tasks: Tasks) -> FloatArray:
    """Return the result of each task: [tasks, 14]."""
    results = np.empty((len(tasks), len(COLUMNS)))
    for result, task in zip(results, tasks, strict=True):
        result[:] = metrics(backtest(data, task), data.rules.cash, data.bars_per_year)
    return results


def backtest(data: CrossoverData, task: Sequence[int]) -> Ledger:
    """Return the ledger of one task."""
    window = data.windows[task[0]]
    closes = data.closes[window.start : window.stop].tolist()
    signals = SIGNALS[data.family](closes, window.decimals, [int(number) for number in task[1:]])
    due = signals[window.first - window.start :]
    if data.fill == "next-open":
        due = [0, *due[:-1]]
    fills = data.opens if data.fill == "next-open" else data.closes
    inside = slice(window.first, window.stop)
    return simulate(data.rules, due, fills[inside].tolist(), data.closes[inside].tolist())


def simulate(rules: Family, due: list[int], fills: list[float], closes: list[float]) -> Ledger:
    """Trade: ``due`` are the signals on the bars on which they are filled. The last position stays open."""
    ledger = Ledger()
    balance, units = 0.0, 0.0
    for bar, (signal, fill, close) in enumerate(zip(due, fills, closes, strict=True)):
        if signal == BUY and units == 0.0:
            price = fill * (1.0 + rules.slippage)
            units = rules.shares or (rules.cash + balance) / (price * (1.0 + rules.fee))
            ledger.orders.append(Order(bar, units, price, rules.fee * units * price))
            balance -= units * price + ledger.orders[-1].fee
        elif signal == SELL and units > 0.0:
            price = fill * (1.0 - rules.slippage)
            ledger.orders.append(Order(bar, -units, price, rules.fee * units * price))
            balance += units * price - ledger.orders[-1].fee
            units = 0.0
        ledger.cash.append(rules.cash + balance)
        ledger.units.append(units)
        ledger.profit.append(balance + units * close)
        ledger.equity.append(rules.cash + ledger.profit[-1])
    return ledger


def profits(ledger: Ledger) -> list[float]:
    """Return what each trade that was closed brought in, after the fees of both sides."""
    pairs = zip(ledger.orders[::2], ledger.orders[1::2], strict=False)
    return [
        -sale.units * sale.price - sale.fee - purchase.units * purchase.price - purchase.fee for purchase, sale in pairs
    ]


def metrics(ledger: Ledger, cash: float, bars_per_year: float) -> list[float]:
    """Return the figures of COLUMNS."""
    profit = np.array([0.0, *ledger.profit])
    returns = np.diff(profit) / (cash + profit[:-1])
    bars, mean, deviation = len(returns), float(returns.mean()), float(returns.std(ddof=1))
    downside = math.sqrt(float((np.minimum(returns, 0.0) ** 2).mean()))
    gained = ledger.profit[-1] / cash
    cagr = per_year(gained, bars_per_year / bars)
    drawdown, stay = drawdowns(profit, cash)
    trades = profits(ledger)
    gains = [profit for profit in trades if profit > EVEN * cash]
    losses = [-profit for profit in trades if profit < -EVEN * cash]
    root = math.sqrt(bars_per_year)
    return [
        len(ledger.orders[::2]),
        len(trades),
        cash + ledger.profit[-1],
        gained,
        cagr,
        deviation * root,
        _over(mean, deviation) * root,
        _over(mean, downside) * root,
        drawdown,
        stay,
        _over(cagr, drawdown),
        _over(sum(gains), sum(losses)),
        _over(len(gains), len(trades)),
        sum(order.fee for order in ledger.orders),
    ]


def per_year(gained: float, years: float) -> float:
    """Return (1 + gained) ** years - 1, with ``years`` the backtests per year; NaN where more than all is lost."""
    if gained <= -1.0:
        return _NAN
    with np.errstate(over="ignore"):
        return float(np.expm1(math.log1p(gained) * years))


def drawdowns(profit: FloatArray, cash: float) -> tuple[float, int]:
    """Return the largest share of a former peak that was lost, and the longest run of bars below a former peak."""
    peaks = np.maximum.accumulate(profit)
    losses = (peaks - profit) / (cash + peaks)
    longest = run = 0
    for below in (losses > TOUCH).tolist():
        run = run + 1 if below else 0
        longest = max(longest, run)
    return float(losses.max()), longest


def _over(above: float, below: float) -> float:
    return above / below if below != 0.0 else _NAN
