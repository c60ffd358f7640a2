"""A production run as a child process of the UI."""

import sys
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from engine.errors import INTERRUPTED
from engine.run_events import RunEnded, RunEvent, RunFailed, RunRequest, decode
from workbench.tui.child_process import ChildProcess


class ProductionRun(Protocol):
    """Where the events of a run come from."""

    def events(self) -> AsyncIterator[RunEvent]:
        """Yield events; the last is RunEnded or RunFailed."""

    async def stop(self) -> None:
        """End the run; its last event follows within a second."""

    def kill(self) -> None:
        """End everything at once."""


class RunProcess(ChildProcess[RunEvent]):
    """``python -m engine run``; stopped, it ends its workers and leaves no results."""

    def __init__(self, request: RunRequest, command: Sequence[str] = ()) -> None:
        super().__init__(request, command or (sys.executable, "-P", "-m", "engine", "run"))

    def decode(self, line: bytes) -> RunEvent:
        """Return the event of a line."""
        return decode(line)

    def is_last(self, event: RunEvent) -> bool:
        """Whether the run is over."""
        return isinstance(event, RunEnded | RunFailed)

    def silent(self) -> RunFailed:
        """There are no results."""
        return RunFailed(message="stopped; no results were written", exit_code=INTERRUPTED)

    def dead(self, how: str) -> RunFailed:
        """The run ends with it."""
        return RunFailed(message=f"the engine {how}", exit_code=4)
