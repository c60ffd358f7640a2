"""The engine as a child process: a request goes in, events come out, and nothing of it stays behind."""

import asyncio
import contextlib
import signal
import sys
from asyncio.subprocess import Process
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from engine.events import AnyEvent, Failed, SweepFinished, decode
from engine.request import SweepRequest
from workbench.tui.children import end, signal_group, start

STOP_PATIENCE = 0.8
"""Seconds the engine gets to write what it has measured; Esc promises to stop within one."""

EXIT_PATIENCE = 2.0
"""Seconds it gets to tidy up after its last event."""


ENGINE = (sys.executable, "-P", "-m", "engine", "sweep")


class Engine(Protocol):
    """Where the events of a sweep come from: the engine itself, or a recording."""

    def events(self) -> AsyncIterator[AnyEvent]:
        """Yield events; the last is SweepFinished or Failed."""

    async def stop(self) -> None:
        """End the sweep early; its last event follows within a second."""

    def kill(self) -> None:
        """End everything at once."""


class EngineProcess:
    """``python -m engine sweep`` with a request on its standard input, which stays open as its lifeline."""

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
        self._request, self._folder = request, folder
        self._command = [*(command or ENGINE), *([str(earlier)] if earlier else [])]
        self._process: Process | None = None
        self._complaints: deque[str] = deque(maxlen=20)
        self._stopping = False
        self._ended = asyncio.Event()

    async def events(self) -> AsyncIterator[AnyEvent]:
        """Yield events; the last is SweepFinished or Failed, also when the engine dies."""
        process = self._process = await start(self._command, self._folder)
        listening = asyncio.create_task(self._listen(process))
        try:
            await self._ask(process)
            async with contextlib.aclosing(self._read(process)) as events:
                async for event in events:
                    if isinstance(event, SweepFinished | Failed):
                        self._ended.set()
                    yield event
                    if self._ended.is_set():
                        return
            yield await self._died(process, listening)
        finally:
            self._ended.set()
            await end(process, 0 if sys.exc_info()[0] else EXIT_PATIENCE)
            listening.cancel()

    async def stop(self) -> None:
        """Ask for the partial report; without an answer in time, end everything."""
        self._stopping = True
        if self._process is None or self._ended.is_set():
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._ended.wait(), STOP_PATIENCE)
        except TimeoutError:
            self.kill()

    def kill(self) -> None:
        """End the whole process group at once."""
        if self._process is not None:
            signal_group(self._process, signal.SIGKILL)

    async def _ask(self, process: Process) -> None:
        assert process.stdin
        if self._stopping:  # stop() came before there was a process
            process.terminate()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it died at once; _died tells why
            process.stdin.write(msgspec.json.encode(self._request) + b"\n")
            await process.stdin.drain()

    async def _read(self, process: Process) -> AsyncGenerator[AnyEvent, None]:
        assert process.stdout
        while line := await process.stdout.readline():
            try:
                yield decode(line)
            except msgspec.DecodeError:
                self._complaints.append(line.decode(errors="replace").strip())

    async def _listen(self, process: Process) -> None:
        assert process.stderr
        with contextlib.suppress(ValueError):  # a line beyond the limit: nothing anyone could read
            while line := await process.stderr.readline():
                self._complaints.append(line.decode(errors="replace").strip())

    async def _died(self, process: Process, listening: "asyncio.Task[None]") -> Failed:
        code = await process.wait()
        await asyncio.wait([listening], timeout=0.2)
        if self._stopping:
            return Failed(
                message="stopped before the engine could report; the figures above are all there is", exit_code=130
            )
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        words = next((line for line in reversed(self._complaints) if line), "")
        return Failed(message=f"the engine {how}" + (f": {words}" if words else ""), exit_code=4)
