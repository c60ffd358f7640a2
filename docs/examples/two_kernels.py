"""A workload with two kernels: the loop that people write, and one that computes a whole chunk at once.

workbench check two_kernels.py:CROSSOVER
workbench sweep two_kernels.py:CROSSOVER --size small
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import Kernel, ResultSpec, Workload

DAYS = {"small": 500, "large": 10_000}

Closes = NDArray[np.float64]
Task = tuple[int, int]


def load(size: str) -> Closes:
    """Return daily closes; the same array is shared by all workers."""
    steps = np.random.default_rng(7).normal(0.0003, 0.01, DAYS[size])
    return np.asarray(100 * np.exp(np.cumsum(steps)))


def tasks(closes: Closes) -> list[Task]:
    """Return the windows to try."""
    return [(fast, slow) for fast in range(5, 25) for slow in range(30, 80, 5)]


def evaluate_python(closes: Closes, chunk: list[Task]) -> list[float]:
    """Return the equity of each task, day by day."""
    values = closes.tolist()
    return [_equity(values, *task) for task in chunk]


def _equity(closes: list[float], fast: int, slow: int) -> float:
    equity = 1.0
    for day in range(slow - 1, len(closes) - 1):
        quick = sum(closes[day + 1 - fast : day + 1]) / fast
        steady = sum(closes[day + 1 - slow : day + 1]) / slow
        equity *= closes[day + 1] / closes[day] if quick > steady else 1.0
    return equity


def evaluate_numpy(closes: Closes, chunk: list[Task]) -> Closes:
    """Return the equity of each task, all days of a task at once."""
    sums = np.cumsum(np.concatenate(([0.0], closes)))
    growth = closes[1:] / closes[:-1]
    return np.array([np.prod(np.where(_above(sums, *task), growth, 1.0)) for task in chunk])


def _above(sums: Closes, fast: int, slow: int) -> NDArray[np.bool_]:
    """Whether the fast average is above the slow one, on every day but the last."""
    days = np.arange(slow, len(sums) - 1)
    above = np.zeros(len(sums) - 2, dtype=np.bool_)
    above[slow - 1 :] = (sums[days] - sums[days - fast]) / fast > (sums[days] - sums[days - slow]) / slow
    return above


def result(settings: Any) -> ResultSpec:
    """Return the form of one result: with it, results come back through shared memory."""
    return ResultSpec("float64")


CROSSOVER = Workload(
    name="two_kernels",
    summary="a moving-average crossover with a loop and a vectorised kernel",
    load=load,
    tasks=tasks,
    kernels={"python": Kernel(evaluate_python), "numpy": Kernel(evaluate_numpy, bytes_per_task=8 * 4 * 10_000)},
    result=result,
    sizes={size: f"{days:,} days" for size, days in DAYS.items()},
)
