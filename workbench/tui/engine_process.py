"""The engine as a child process: a request goes in, events come out, and nothing of it stays behind."""

import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

from engine.errors import INTERRUPTED
from engine.events import AnyEvent, Failed, SweepFinished, decode
from engine.request import SweepRequest
from workbench.tui.child_process import ChildProcess

ENGINE = (sys.executable, "-P", "-m", "engine", "sweep")


class Engine(Protocol):
    """Where the events of a sweep come from: the engine itself, or a recording."""

    def events(self) -> AsyncIterator[AnyEvent]:
        """Yield events; the last is SweepFinished or Failed."""

    async def stop(self) -> None:
        """End the sweep early; its last event follows within a second."""

    def kill(self) -> None:
        """End everything at once."""


class EngineProcess(ChildProcess[AnyEvent]):
    """``python -m engine sweep``; stopped, it writes a partial report."""

    def __init__(
        self,
        request: SweepRequest,
        command: Sequence[str] = (),
        *,
        earlier: Path | None = None,
        folder: Path | None = None,
    ) -> None:
        """``earlier``: the recording of a sweep to go on from. ``folder``: from where the request's files are seen;
        None: from here."""
        super().__init__(request, [*(command or ENGINE), *([str(earlier)] if earlier else [])], folder)

    def decode(self, line: bytes) -> AnyEvent:
        """Return the event of a line."""
        return decode(line)

    def is_last(self, event: AnyEvent) -> bool:
        """Whether the sweep is over."""
        return isinstance(event, SweepFinished | Failed)

    def silent(self) -> Failed:
        """There is no report."""
        return Failed(
            message="stopped before the engine could report; the figures above are all there is", exit_code=INTERRUPTED
        )

    def dead(self, how: str) -> Failed:
        """The sweep ends with it."""
        return Failed(message=f"the engine {how}", exit_code=4)
