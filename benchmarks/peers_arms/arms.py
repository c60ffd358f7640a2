"""The arms: each does the same sweep its own way and hands back final equity and entries of every pair."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module, metadata, util
from typing import Any

import numpy as np

from engine.workloads.crossover.data import Series, build
from engine.workloads.crossover.result import COLUMNS
from peers_arms.series import CASH, FEE, PAIRS, SHARES, as_frame

OWN, VECTORBT, BACKTESTING = "numba", "vectorbt", "backtesting.py"

Figures = tuple[np.ndarray, np.ndarray]
"""Final equity and number of entries, one of each per pair."""


@dataclass(frozen=True)
class Arm:
    """One way to do the sweep."""

    name: str
    open: Callable[[Series, Sequence[int]], Callable[[], Figures]]
    """``open(series, pairs) -> sweep``: imports what it needs; ``pairs`` are positions in PAIRS; ``sweep()`` is timed,
    averages included."""
    note: str
    """What the timed sweep computes."""
    module: str = ""
    """What has to be installed."""
    counts_open: bool = True
    """Entries hold a position that is still open at the end."""
    fills_last: bool = True
    """An order decided on the last bar is filled at its close."""
    few: bool = False
    """So slow that it gets some of the pairs."""

    def missing(self) -> str | None:
        """Return why it cannot run, or None."""
        if self.module and util.find_spec(self.module) is None:
            return f"{self.module} is not installed; pip install 'workbench[bench]'"
        return None


def _open_own(kernel: str, series: Series, pairs: Sequence[int]) -> Callable[[], Figures]:
    module = import_module(f"engine.workloads.crossover.{kernel}_kernel")
    data = build([series], "sma", "same-close")
    tasks = data.task_table[np.array(pairs)]

    def sweep() -> Figures:
        results = module.evaluate(module.prepare(data, "cpu"), tasks)
        return results[:, COLUMNS.index("final_equity")], results[:, COLUMNS.index("entries")]

    return sweep


def _open_numba(series: Series, pairs: Sequence[int]) -> Callable[[], Figures]:
    return _open_own("numba", series, pairs)


def _open_numpy(series: Series, pairs: Sequence[int]) -> Callable[[], Figures]:
    return _open_own("numpy", series, pairs)


def _open_vectorbt(series: Series, pairs: Sequence[int]) -> Callable[[], Figures]:
    import vectorbt as vbt

    close = as_frame(series.closes).Close

    def sweep() -> Figures:
        windows = np.arange(PAIRS[0][0], PAIRS[-1][1] + 1)
        fast, slow = vbt.MA.run_combs(close, window=windows, r=2, short_names=["fast", "slow"])
        held = vbt.Portfolio.from_signals(
            close,
            fast.ma_crossed_above(slow),
            fast.ma_crossed_below(slow),
            size=SHARES,
            init_cash=CASH,
            fees=FEE,
            freq="1D",
        )
        return held.final_value().to_numpy()[pairs], held.trades.count().to_numpy()[pairs]

    return sweep


def _open_backtesting(series: Series, pairs: Sequence[int]) -> Callable[[], Figures]:
    from backtesting import Backtest, Strategy
    from backtesting.lib import crossover
    from backtesting.test import SMA

    class SmaCross(Strategy):  # type: ignore[misc]
        fast, slow = PAIRS[0]

        def init(self) -> None:
            self.short = self.I(SMA, self.data.Close, self.fast)
            self.long = self.I(SMA, self.data.Close, self.slow)

        def next(self) -> None:
            if crossover(self.short, self.long) and not self.position:
                self.buy(size=int(SHARES))
            elif crossover(self.long, self.short):
                self.position.close()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test = Backtest(as_frame(series.closes), SmaCross, cash=CASH, commission=FEE, trade_on_close=True)

    def sweep() -> Figures:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of positions that stay open
            stats: list[Any] = [test.run(fast=PAIRS[pair][0], slow=PAIRS[pair][1]) for pair in pairs]
        equity = np.array([each["Equity Final [$]"] for each in stats])
        return equity, np.array([each["# Trades"] for each in stats])

    return sweep


ARMS: tuple[Arm, ...] = (
    Arm(OWN, _open_numba, "14 figures per pair, no order records", "numba"),
    Arm("numpy", _open_numpy, "14 figures per pair, no order records"),
    Arm(VECTORBT, _open_vectorbt, "final value and trade count per pair, order records kept", "vectorbt"),
    Arm(
        BACKTESTING,
        _open_backtesting,
        "its 30 statistics, trades and equity curve per pair",
        "backtesting",
        counts_open=False,
        fills_last=False,
        few=True,
    ),
)
"""Ours first."""


def find_arm(name: str) -> Arm:
    """Return the arm of that name."""
    return next(arm for arm in ARMS if arm.name == name)


def versions() -> dict[str, str]:
    """Return the installed versions of what the arms are made of."""
    found = {}
    for name in ("numpy", "numba", "pandas", "vectorbt", "backtesting"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
