"""A process that runs the user's code for a check: started in a group of its own, read with patience, always ended."""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import msgspec

from engine.checking.findings import CheckEvent, CheckRequest, decode
from engine.groups import end_group
from engine.threads import environment

COMMAND = (sys.executable, "-P", "-m", "engine.checking")
"""-P: a random.py in the user's folder must not take the place of Python's own."""


class CheckingProcess:
    """``python -m engine.checking`` with its request; iterate ``events`` until it ends."""

    def __init__(self, request: CheckRequest) -> None:
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            start_new_session=True,
            env=os.environ | environment(1),
        )
        self._request = msgspec.json.encode(request) + b"\n"

    def __enter__(self) -> Self:
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):  # it died at once; how it ended tells why
            self._process.stdin.write(self._request)
            self._process.stdin.flush()  # stays open: for systems whose lifeline is this pipe
        return self

    def events(self, patience: float) -> Iterator[CheckEvent]:
        """Yield its events until it ends. Raises TimeoutError after ``patience`` seconds without one."""
        assert self._process.stdout
        descriptor, pending = self._process.stdout.fileno(), b""
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            deadline = time.monotonic() + patience
            while True:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError
                part = os.read(descriptor, 1 << 16)
                if not part:
                    return
                *lines, pending = (pending + part).split(b"\n")
                yield from map(decode, lines)
                deadline = time.monotonic() + patience

    def how_it_ended(self) -> str:
        """Return nothing where it ended as it should; else how, with the last line it wrote to standard error."""
        code = self._process.wait()
        if not code:
            return ""
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").strip().splitlines()
        return f"the process {how}" + (f": {lines[-1]}" if lines else "")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end_group(self._process)
        for stream in (self._process.stdin, self._process.stdout, self._complaints):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()
