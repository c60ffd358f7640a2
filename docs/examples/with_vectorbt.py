"""A vectorbt sweep: a chunk of tasks is computed at once, as the columns of one portfolio. Needs vectorbt.

workbench check with_vectorbt.py:CROSSOVER
workbench sweep with_vectorbt.py:CROSSOVER
"""

from typing import Any

import numpy as np
import pandas as pd
import vectorbt as vbt
from numpy.typing import NDArray

from engine import Kernel, ResultSpec, Workload

Task = tuple[int, int]


def load(size: str) -> pd.Series:
    """Return daily closes."""
    days = {"small": 500, "large": 5_000}[size]
    close = 100 * np.exp(np.cumsum(np.random.default_rng(7).normal(0.0003, 0.01, days)))
    return pd.Series(close, index=pd.bdate_range("2000-01-03", periods=days))


def tasks(close: pd.Series) -> list[Task]:
    """Return the windows to try."""
    return [(fast, slow) for fast in range(5, 25) for slow in range(30, 80, 5)]


def prepare(close: pd.Series, device: str) -> pd.Series:
    """Compile during set-up what numba compiles when it is first called."""
    evaluate(close, [(5, 30), (10, 40)])
    return close


def evaluate(close: pd.Series, chunk: list[Task]) -> NDArray[np.float64]:
    """Return the final value of each task; a task is one column of the signals."""
    fast = vbt.MA.run(close, [task[0] for task in chunk], short_name="fast")
    slow = vbt.MA.run(close, [task[1] for task in chunk], short_name="slow")
    entries, exits = fast.ma_crossed_above(slow), fast.ma_crossed_below(slow)
    portfolio = vbt.Portfolio.from_signals(close, entries, exits, init_cash=10_000, fees=0.001, freq="1D")
    return np.atleast_1d(np.asarray(portfolio.final_value(), dtype=np.float64))


def result(settings: Any) -> ResultSpec:
    """Return the form of one result."""
    return ResultSpec("float64")


CROSSOVER = Workload(
    name="with_vectorbt",
    summary="a moving-average crossover as vectorbt computes it",
    load=load,
    tasks=tasks,
    kernels={"vectorbt": Kernel(evaluate, prepare, bytes_per_task=200 * 500)},
    result=result,
    sizes={"small": "500 days", "large": "5,000 days"},
)
