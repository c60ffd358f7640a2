"""Where tasks come from: a sequence, cut as it is, or anything that can be iterated, taken as it is needed."""

from collections.abc import Iterable, Sized
from itertools import islice
from typing import Any

import numpy as np

from engine.chunks import describe_task
from engine.errors import RequestError
from engine.workload import Tasks

_SLICED = (list, tuple, range, np.ndarray)
"""What is cut as it is. Other sequences are iterated: a deque takes no slices, and one of the user's may take none."""


class Supply:
    """Tasks in order, a run of them at a time."""

    def __init__(self, tasks: Iterable[Any]) -> None:
        """Raises RequestError for what cannot be iterated."""
        try:
            self._iterator = iter(tasks)
        except TypeError as error:
            raise RequestError(f"tasks: expected something to iterate over, got {describe_task(tasks)}") from error
        self.taken = 0
        self.total = length(tasks)
        """Number of tasks; None where only the end will tell."""
        self._sequence: Any = tasks if isinstance(tasks, _SLICED) else None
        self._ended = self.total == 0

    @property
    def remaining(self) -> int | None:
        """Tasks not taken yet; None: unknown."""
        if self._ended:
            return 0
        # a length that was too small does not end it
        return None if self.total is None or self.taken >= self.total else self.total - self.taken

    def take(self, count: int) -> tuple[int, Tasks]:
        """Return the position of the first and up to ``count`` tasks; none at the end. Raises what iterating raises."""
        first = self.taken
        if self._ended:
            return first, ()
        if self._sequence is not None:
            tasks: Tasks = self._sequence[first : first + count]
        else:
            tasks = list(islice(self._iterator, count))
        self.taken += len(tasks)
        self._ended = self.taken == self.total if self._sequence is not None else len(tasks) < count
        return first, tasks

    def end(self) -> None:
        """Give no more tasks."""
        self._ended = True


def length(tasks: Iterable[Any]) -> int | None:
    """Return the number of tasks; None where only the end will tell."""
    try:
        return len(tasks) if isinstance(tasks, Sized) else None
    except TypeError:  # a wrapper, such as a progress bar, around something that has none
        return None
