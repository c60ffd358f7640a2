"""The machine's ceiling: independent bare processes, each doing its part of the same tasks with nobody to tell.

What they are worth is the sum of their rates. The time until the last one is done would be a lower bar: where a
neighbour takes part of one core, the other copy waits for it, while a pool hands that core fewer tasks.
"""

import contextlib
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

from overhead_arms.work import Function


class Copies:
    """Processes that share nothing; every one gets each so-many-th task beforehand and starts at a word."""

    def __init__(self, count: int) -> None:
        pipes = [multiprocessing.Pipe() for _ in range(count)]
        self._channels = [ours for ours, _ in pipes]
        self._processes = [multiprocessing.Process(target=_copy, args=(theirs,), daemon=True) for _, theirs in pipes]
        for process in self._processes:
            process.start()
        self._held: tuple[Function, Sequence[int]] | None = None
        self._spent: list[tuple[int, float]] = []

    def prepare(self, function: Function, tasks: Sequence[int]) -> None:
        """Give each copy its part of the tasks, before the clock starts."""
        if self._held == (function, tasks):
            return
        for position, channel in enumerate(self._channels):
            channel.send((function, tasks[position :: len(self._channels)]))
        for channel in self._channels:
            channel.recv()
        self._held = (function, tasks)

    def run(self) -> None:
        """Let every copy do its part; return when the last one has."""
        self._spent = self._ask("run")

    def seconds(self) -> float:
        """Return how long all tasks of the last run take at the sum of the copies' rates, each timed by itself."""
        parts = [count / spent for count, spent in self._spent]
        return sum(count for count, _ in self._spent) / sum(parts)

    def results(self) -> list[Any]:
        """Return what the last run computed, in task order."""
        parts = self._ask("results")
        together: list[Any] = [None] * sum(map(len, parts))
        for position, part in enumerate(parts):
            together[position :: len(parts)] = part
        return together

    def _ask(self, word: str) -> list[Any]:
        for channel in self._channels:
            channel.send(word)
        return [channel.recv() for channel in self._channels]

    def close(self) -> None:
        """End the copies."""
        for process, channel in zip(self._processes, self._channels, strict=True):
            process.kill()
            process.join()
            channel.close()


@contextlib.contextmanager
def open_copies(count: int) -> Iterator[Copies]:
    """Yield so many bare processes."""
    copies = Copies(count)
    try:
        yield copies
    finally:
        copies.close()


def _copy(channel: Connection) -> None:
    function: Function = int
    tasks: Sequence[int] = ()
    results: list[Any] = []
    while True:
        message = channel.recv()
        if message == "run":
            begun = time.perf_counter()
            results = [function(task) for task in tasks]
            channel.send((len(tasks), time.perf_counter() - begun))
        elif message == "results":
            channel.send(results)
        else:
            function, tasks = message
            channel.send(None)
