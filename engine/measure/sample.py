"""A part of the tasks: a sample, so that a job of hours is judged in a minute, or each worker's share."""

from typing import Any

import numpy as np

from engine.errors import RequestError
from engine.workload import Tasks

LEAST = 16
"""Tasks of the smallest sample: its quarter still has four."""

PARTS = (4, 2)
"""What the sample is divided by for the shorter runs that tell how time grows with the number of tasks."""


def check_size(size: int) -> None:
    """Raise RequestError for a sample too small to say anything; 0: none was asked for."""
    if 0 < size < LEAST:
        raise RequestError(f"--sample {size}: at least {LEAST} tasks are needed to see how time grows with them")


def draw(tasks: Tasks, size: int, block: int) -> Tasks:
    """Return a sample of the tasks: evenly spread over all of them, from a start that differs between blocks.

    Tasks often grow dearer along their order (later dates, longer windows), so a sample from one end would mislead. The
    first quarter and the first half of the sample are evenly spread as well. Systematic sampling: Cochran, Sampling
    Techniques, 3rd ed., chapter 8.
    """
    if size >= len(tasks):
        return tasks
    start = np.random.default_rng([block]).random()
    spread = np.floor((np.arange(size) + start) * len(tasks) / size).astype(np.int64)
    order = np.concatenate([spread[0::4], spread[2::4], spread[1::2]])
    return _taken(tasks, order)


def _taken(tasks: Any, positions: Any) -> Tasks:
    taken: Tasks = tasks[positions] if isinstance(tasks, np.ndarray) else [tasks[int(each)] for each in positions]
    return taken


def part_sizes(tasks: int) -> tuple[int, ...]:
    """Return how many of so many sampled tasks the shorter runs take."""
    return tuple(-(-tasks // part) for part in PARTS)


_GOLDEN = (5**0.5 - 1) / 2


def mix(tasks: Tasks, workers: int) -> Tasks:
    """Return the tasks in an order in which the first so many, however many, are evenly spread over all of them.

    Multiples of the golden ratio, of which only the fraction is kept, fill the unit interval most evenly (the three-gap
    theorem), so the first tasks are neither the cheap nor the dear ones. Raises RequestError where there is not one for
    each worker.
    """
    if len(tasks) < workers:
        raise RequestError(f"{len(tasks)} tasks are fewer than the {workers} workers among whom they would be shared")
    return _taken(tasks, np.argsort(np.arange(len(tasks)) * _GOLDEN % 1.0, kind="stable"))


def share(tasks: int, workers: int, most: int) -> int:
    """Return how many tasks so many workers get where ``most`` workers share all: the same number for each of them."""
    return tasks // most * workers
