"""What the arms compute: functions of one task that every pool can import in its workers."""

import os
import random
import time
from collections.abc import Callable

import numpy as np

Function = Callable[[int], object]

SHAPE = (76, 20)
"""Rows and columns of the result a backtest gives back: 12,160 bytes of float64."""

TABLE = np.arange(76 * 20, dtype="float64").reshape(SHAPE)
"""The one prebuilt table: making it costs a task nothing, moving it costs the pool everything.

Tasks return a view of it, for 0.1 µs. The very same object would be pickled once per chunk: results of different tasks
are never one object, and with chunks of 100 concurrent.futures would seem to move 12 kB in 4 µs instead of 40.
"""

DTYPE = str(TABLE.dtype)


def echo(task: int) -> int:
    """Return the task: nothing but dispatch, and the answer tells the order."""
    return task


def table(task: int) -> object:
    """Return the prebuilt table: dispatch and 12,160 bytes back."""
    return TABLE.view()


def spin(task: int) -> int:
    """Compute for ``task`` loops in pure Python; about 60 ns each, nothing shared, nothing allocated."""
    total = 0
    for number in range(task):
        total += number * number % 7
    return total


def spin_table(task: int) -> object:
    """Compute for ``task`` loops, then return the prebuilt table."""
    spin(task)
    return TABLE.view()


def stamp(task: int) -> tuple[int, float]:
    """Return who computed this and when it began, on the clock that all processes share."""
    begun = time.monotonic()
    spin(task)
    return os.getpid(), begun


def loops_per_second() -> float:
    """Return how many loops of ``spin`` one core does per second when nothing disturbs it: the best of thirty tries."""
    loops, best = 50_000, float("inf")
    for _ in range(30):
        begun = time.perf_counter()
        spin(loops)
        best = min(best, time.perf_counter() - begun)
    return loops / best


def even_tasks(count: int, seconds: float, speed: float) -> list[int]:
    """Return tasks of so many seconds each; they differ by a few loops, so that their answers tell the order."""
    loops = round(seconds * speed)
    return [loops + index % 8 for index in range(count)]


def mixed_tasks(count: int, speed: float) -> list[int]:
    """Return tasks of 0.3 to 200 ms, as many below 8 ms as above, the same in every run."""
    chance = random.Random(1)
    return [round(0.0003 * (0.2 / 0.0003) ** chance.random() * speed) for _ in range(count)]
