"""An engine whose events are recorded while they pass by, until the sweep has come to its end."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import IO, cast

from engine.errors import FileProblem
from engine.events import AnyEvent, SweepFinished, SweepStarted, TakenOver, TrialFinished, encode
from engine.request import SweepRequest
from workbench.tui import journal
from workbench.tui.engine_process import Engine
from workbench.tui.journal import Unfinished


class Journaled:
    """Passes the events of an engine through. What goes wrong with the recording never disturbs the sweep."""

    def __init__(self, engine: Engine, request: SweepRequest, earlier: Unfinished | None = None) -> None:
        """``earlier``: the recording that the engine goes on from; the new one takes its place."""
        self._engine, self._record, self._complained = engine, _Record(request, earlier), False
        self.on_problem: Callable[[str], None] = lambda problem: None
        """Called at most once, with why the sweep is not recorded any more."""

    async def events(self) -> AsyncIterator[AnyEvent]:
        """Yield the engine's events, each after it was written down."""
        events = cast(AsyncGenerator[AnyEvent, None], self._engine.events())
        try:
            async with contextlib.aclosing(events):
                async for event in events:
                    self._try(partial(self._record.add, event))
                    yield event
        finally:
            self._try(self._record.close)

    async def stop(self) -> None:
        """End the sweep early."""
        await self._engine.stop()

    def kill(self) -> None:
        """End everything at once."""
        self._engine.kill()

    def _try(self, write: Callable[[], None]) -> None:
        try:
            write()
        except (OSError, RuntimeError, FileProblem) as error:
            self._record.give_up()
            if not self._complained:
                self._complained = True
                self.on_problem(f"the sweep is not recorded: {error}")


class _Record:
    """A recording that begins with the first event, and is removed when it is of no use any more."""

    def __init__(self, request: SweepRequest, earlier: Unfinished | None) -> None:
        self._request, self._earlier = request, earlier
        self._path: Path | None = None
        self._file: IO[bytes] | None = None
        self._waiting: list[AnyEvent] = []
        """What is told again of the earlier recording, which stays until all of it is here."""
        self._wanted, self._worth_keeping = True, False

    def add(self, event: AnyEvent) -> None:
        """Write an event down."""
        if isinstance(event, SweepFinished) and event.report.complete:
            self._remove()
        elif self._wanted:
            self._waiting.append(event)
            begins = isinstance(event, TakenOver) or (isinstance(event, SweepStarted) and not event.continued)
            if self._file or begins:
                self._write()

    def _write(self) -> None:
        if self._file is None:
            folder = self._earlier.folder if self._earlier else Path.cwd()
            self._path, self._file = journal.begin(self._request, folder)
        self._file.write(b"".join(map(encode, self._waiting)))
        self._file.flush()
        self._worth_keeping |= any(isinstance(event, TrialFinished) for event in self._waiting)
        self._waiting.clear()
        if self._earlier and self._worth_keeping:
            journal.forget(self._earlier.path)
            self._earlier = None

    def _remove(self) -> None:
        """The sweep is over, and its report is with whoever follows the events."""
        self.give_up()
        for path in (self._path, self._earlier.path if self._earlier else None):
            if path:
                journal.forget(path)

    def close(self) -> None:
        """End the recording; without a single measurement nothing is worth going on from."""
        wanted = self._wanted
        self.give_up()
        if wanted and self._path and not self._worth_keeping:
            journal.forget(self._path)

    def give_up(self) -> None:
        """Write nothing more; what was written stays."""
        self._wanted = False
        self._waiting.clear()
        if self._file:
            file, self._file = self._file, None
            with contextlib.suppress(OSError):  # what could not be written cannot be written now either
                file.close()
