"""How far a run is, told at most ten times a second."""

import time
from collections.abc import Callable, Generator
from typing import Any

from engine import run_events
from engine.errors import TaskFailed
from engine.executor import Steps
from engine.run_events import RunEvent, RunProgress

EVERY = 0.1
"""Seconds between two RunProgress."""
TOLD = 100
"""Failed tasks that are told one by one."""


class Pace:
    """Counts what is done since every worker could work."""

    def __init__(self, tasks: int, begun: float, hands: Callable[[], tuple[int, int] | None]) -> None:
        """``begun``: when the run began, by ``time.perf_counter``; ``hands``: workers alive and busy, if known."""
        self._tasks, self._run_begun, self._hands = tasks, begun, hands
        self._begun = time.perf_counter()
        self._failed: set[int] = set()
        self.done = 0

    @property
    def failed(self) -> int:
        """Tasks that failed so far."""
        return len(self._failed)

    def tell(self, steps: Steps) -> Generator[RunEvent, None, Any]:
        """Take a run to its end, yielding how far it is; return its results. Raises what it raises."""
        yield self._progress()
        told = time.perf_counter()
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                yield self._progress()
                return end.value.results
            except TaskFailed as error:
                yield from self._failure(error)
                raise
            if isinstance(step, TaskFailed):
                yield from self._failure(step)
            else:
                self.done += step
            if time.perf_counter() - told >= EVERY:
                yield self._progress()
                told = time.perf_counter()

    def _failure(self, error: TaskFailed) -> Generator[RunEvent]:
        """A mode may tell of a failure while it goes on, and raise the same in the end."""
        if error.index in self._failed:
            return
        self._failed.add(error.index)
        self.done += 1
        if len(self._failed) <= TOLD:
            yield run_events.TaskFailed(position=error.index, error=str(error))

    @property
    def rate(self) -> float:
        """Tasks per second; 0: unknown."""
        return self.done / max(time.perf_counter() - self._begun, 1e-9)

    def _progress(self) -> RunProgress:
        alive, busy = self._hands() or (None, None)
        rate = self.rate
        return RunProgress(
            done=self.done,
            failed=self.failed,
            tasks=self._tasks,
            seconds=time.perf_counter() - self._run_begun,
            rate=rate,
            seconds_left=(self._tasks - self.done) / rate if rate else None,
            workers_alive=alive,
            workers_busy=busy,
        )
