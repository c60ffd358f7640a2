"""A strategy of backtesting.py, one run for each pair of windows. Needs backtesting (pip install backtesting).

workbench check with_backtesting.py:run_one --tasks with_backtesting.py:tasks --data with_backtesting.py:load
workbench sweep with_backtesting.py:run_one --tasks with_backtesting.py:tasks --data with_backtesting.py:load
"""

import os
import warnings

import numpy as np
import pandas as pd

os.environ.setdefault("TQDM_DISABLE", "1")  # no progress bar for each of the runs

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says so when it finds no notebook
    from backtesting import Backtest, Strategy
    from backtesting.lib import crossover

Task = tuple[int, int]


def load() -> pd.DataFrame:
    """Return two years of daily bars in the columns that backtesting.py wants."""
    random = np.random.default_rng(7)
    close = 100 * np.exp(np.cumsum(random.normal(0.0003, 0.01, 500)))
    opened = np.concatenate(([close[0]], close[:-1]))
    spread = random.uniform(0.0, 0.5, len(close))
    columns = {
        "Open": opened,
        "High": np.maximum(opened, close) + spread,
        "Low": np.minimum(opened, close) - spread,
        "Close": close,
        "Volume": random.integers(1_000, 2_000, len(close)),
    }
    return pd.DataFrame(columns, index=pd.bdate_range("2020-01-01", periods=len(close)))


def tasks() -> list[Task]:
    """Return the windows to try."""
    return [(fast, slow) for fast in range(5, 25, 5) for slow in range(30, 80, 10)]


def run_one(bars: pd.DataFrame, task: Task) -> dict[str, float]:
    """Return the figures of one backtest; the whole statistics hold the strategy, which is big and cannot travel."""
    fast, slow = task
    figures = Backtest(bars, Crossover, cash=10_000, commission=0.001, finalize_trades=True).run(fast=fast, slow=slow)
    return {"equity": float(figures["Equity Final [$]"]), "trades": float(figures["# Trades"])}


def moving_average(values: np.ndarray, window: int) -> pd.Series:
    """Return the mean of the last ``window`` values."""
    return pd.Series(values).rolling(window).mean()


class Crossover(Strategy):  # type: ignore[misc]
    """Long while the fast average is above the slow one."""

    fast = 10
    slow = 30

    def init(self) -> None:
        """Compute both averages once."""
        self.quick = self.I(moving_average, self.data.Close, self.fast)
        self.steady = self.I(moving_average, self.data.Close, self.slow)

    def next(self) -> None:
        """Buy or sell when they cross."""
        if crossover(self.quick, self.steady):
            self.buy()
        elif crossover(self.steady, self.quick):
            self.position.close()
