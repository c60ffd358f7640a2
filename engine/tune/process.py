"""A measuring process as the sweep sees it: started in a process group of its own, read with patience, and always
ended."""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import msgspec

from engine.events import AnyEvent, decode
from engine.groups import end_group
from engine.threads import environment

ENGINE = (sys.executable, "-P", "-m", "engine")
"""-P: a random.py in the user's folder must not take the place of Python's own."""

LOOK = 0.1
"""Seconds between two looks at the stop flag while no event comes; bounds how long a stop takes to be noticed."""


class Stopped(Exception):
    """The sweep was asked to stop; what was measured so far counts."""


class Silent(Exception):
    """The process said nothing for longer than the request's patience."""


class MeasuringProcess:
    """``python -m engine block`` with its request; iterate ``events`` until it ends."""

    def __init__(self, request: msgspec.Struct, threads: int) -> None:
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._process = subprocess.Popen(
            [*ENGINE, "block"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            start_new_session=True,
            env=os.environ | environment(threads),
        )
        self._request = msgspec.json.encode(request) + b"\n"

    def __enter__(self) -> Self:
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):  # it died at once; its last words tell why
            self._process.stdin.write(self._request)
            self._process.stdin.flush()  # stays open: for systems whose lifeline is this pipe
        return self

    def events(self, stop: threading.Event, patience: float) -> Iterator[AnyEvent]:
        """Yield its events until it ends. Raises Stopped, or Silent after ``patience`` seconds without an event."""
        assert self._process.stdout
        descriptor, pending, heard = self._process.stdout.fileno(), b"", time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while True:
                if stop.is_set():
                    raise Stopped
                if not selector.select(LOOK):
                    if time.monotonic() - heard > patience:
                        raise Silent
                    continue
                part = os.read(descriptor, 1 << 16)
                if not part:
                    return
                *lines, pending = (pending + part).split(b"\n")
                heard = time.monotonic()
                yield from map(decode, lines)

    def last_words(self) -> str:
        """Return how the process ended and the last line it wrote to standard error."""
        code = self._process.wait()
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").strip().splitlines()
        return f"the measuring process {how}" + (f": {lines[-1]}" if lines else "")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end_group(self._process)
        for stream in (self._process.stdin, self._process.stdout, self._complaints):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()
