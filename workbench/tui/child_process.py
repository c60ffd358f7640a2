"""A child process that answers one request with events, and of which nothing stays behind."""

import asyncio
import contextlib
import signal
import sys
from asyncio.subprocess import Process
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from workbench.tui.children import end, signal_group, start

STOP_PATIENCE = 0.8
"""Seconds the child gets to end in good order; Esc promises to stop within one."""

EXIT_PATIENCE = 2.0
"""Seconds it gets to tidy up after its last event."""

Event = TypeVar("Event")


class ChildProcess(Generic[Event]):
    """``python -m engine ...`` with a request on its standard input, which stays open as its lifeline."""

    def __init__(self, request: msgspec.Struct, command: Sequence[str], folder: Path | None = None) -> None:
        """``folder``: where it runs; None: here."""
        self._request, self._command, self._folder = request, command, folder
        self._process: Process | None = None
        self._complaints: deque[str] = deque(maxlen=20)
        self._stopping = False
        self._ended = asyncio.Event()

    def decode(self, line: bytes) -> Event:
        """Return the event of a line. Raises msgspec.DecodeError for a line that is none."""
        raise NotImplementedError

    def is_last(self, event: Event) -> bool:
        """Whether no event follows this one."""
        raise NotImplementedError

    def silent(self) -> Event:
        """Return the last event of a child that was stopped and did not say anything in time."""
        raise NotImplementedError

    def dead(self, how: str) -> Event:
        """Return the last event of a child that died; ``how``: in words."""
        raise NotImplementedError

    async def events(self) -> AsyncIterator[Event]:
        """Yield events up to the last, which comes also when the child dies."""
        process = self._process = await start(self._command, self._folder)
        listening = asyncio.create_task(self._listen(process))
        try:
            await self._ask(process)
            async with contextlib.aclosing(self._read(process)) as events:
                async for event in events:
                    if self.is_last(event):
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
        """Ask it to end; without an answer in time, end everything."""
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

    async def _read(self, process: Process) -> AsyncGenerator[Event, None]:
        assert process.stdout
        while line := await process.stdout.readline():
            try:
                yield self.decode(line)
            except msgspec.DecodeError:
                self._complaints.append(line.decode(errors="replace").strip())

    async def _listen(self, process: Process) -> None:
        assert process.stderr
        with contextlib.suppress(ValueError):  # a line beyond the limit: nothing anyone could read
            while line := await process.stderr.readline():
                self._complaints.append(line.decode(errors="replace").strip())

    async def _died(self, process: Process, listening: "asyncio.Task[None]") -> Event:
        code = await process.wait()
        await asyncio.wait([listening], timeout=0.2)
        if self._stopping:
            return self.silent()
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        words = next((line for line in reversed(self._complaints) if line), "")
        return self.dead(how + (f": {words}" if words else ""))
