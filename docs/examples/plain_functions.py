"""A backtest as plain functions, with nothing of Workbench in it.

workbench check plain_functions.py:run_one --tasks plain_functions.py:tasks --data plain_functions.py:load
workbench sweep plain_functions.py:run_one --tasks plain_functions.py:tasks --data plain_functions.py:load
"""

import numpy as np
from numpy.typing import NDArray

Task = tuple[int, int]


def load() -> dict[str, NDArray[np.float64]]:
    """Return ten years of daily closes: the data that all tasks share, loaded once and never written to."""
    steps = np.random.default_rng(7).normal(0.0003, 0.01, 2_520)
    return {"close": 100 * np.exp(np.cumsum(steps))}


def tasks() -> list[Task]:
    """Return the windows to try: one task is one backtest."""
    return [(fast, slow) for fast in range(5, 25) for slow in range(30, 80, 5)]


def run_one(data: dict[str, NDArray[np.float64]], task: Task) -> float:
    """Return what one unit of money becomes when it is invested while the fast average is above the slow one."""
    close = data["close"]
    fast, slow = (moving_average(close, window) for window in task)
    invested = fast[:-1] > slow[:-1]
    equity = 1.0
    for growth, in_market in zip((close[1:] / close[:-1]).tolist(), invested.tolist(), strict=True):
        equity *= growth if in_market else 1.0
    return equity


def moving_average(close: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Return the mean of the last ``window`` closes of each day, NaN while there are fewer."""
    sums = np.cumsum(np.concatenate(([0.0], close)))
    return np.concatenate((np.full(window - 1, np.nan), (sums[window:] - sums[:-window]) / window))


if __name__ == "__main__":  # worker processes import this file
    print(max(run_one(load(), task) for task in tasks()))
