"""A talk with a process of our own: it is asked one thing, answers in lines of JSON, and is always ended."""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

import msgspec

from engine.groups import end_group
from engine.threads import environment

Answer = TypeVar("Answer")

LOOK = 0.1
"""Seconds between two looks at the stop flag while no answer comes; bounds how long a stop takes to be noticed."""


class Stopped(Exception):
    """Whoever listens was asked to stop; what was heard so far counts."""


class Silent(Exception):
    """The process said nothing for longer than the patience; the message says how long that was."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no progress for {seconds:g} s")
        self.seconds = seconds


class Conversation(Generic[Answer]):
    """``python -m module ...`` in a group of its own; as a context it is sent the request, and ended with its group."""

    def __init__(
        self, module: tuple[str, ...], request: msgspec.Struct, decode: Callable[[bytes], Answer], threads: int = 1
    ) -> None:
        """``decode``: the answer of one line. ``threads``: how many the process's libraries may use."""
        self._request, self._decode = msgspec.json.encode(request) + b"\n", decode
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", *module],  # -P: the user's random.py must not take the place of Python's own
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            start_new_session=True,
            env=os.environ | environment(threads),
        )

    def __enter__(self) -> Self:
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):  # it died at once; its last words tell why
            self._process.stdin.write(self._request)
            self._process.stdin.flush()  # stays open: for systems whose lifeline is this pipe
        return self

    def answers(self, patience: Callable[[], float], stop: threading.Event | None = None) -> Iterator[Answer]:
        """Yield its answers until it ends.

        Raises Silent after as many seconds without one as ``patience()`` says by then, Stopped once the flag is set.
        """
        assert self._process.stdout
        descriptor, pending, heard = self._process.stdout.fileno(), b"", time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while True:
                if stop is not None and stop.is_set():
                    raise Stopped
                if not selector.select(LOOK):
                    if time.monotonic() - heard > (longest := patience()):
                        raise Silent(longest)
                    continue
                part = os.read(descriptor, 1 << 16)
                if not part:
                    return
                *lines, pending = (pending + part).split(b"\n")
                yield from map(self._decode, lines)
                heard = time.monotonic()  # after the yield: what the listener takes is not the process's silence

    def exit_code(self) -> int:
        """Wait for its end; return the exit code, below 0 that of the signal that killed it."""
        return self._process.wait()

    def last_words(self) -> str:
        """Wait for its end; return how it ended and the last line it wrote to standard error."""
        code = self.exit_code()
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").strip().splitlines()
        return how + (f": {lines[-1]}" if lines else "")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end_group(self._process)
        for stream in (self._process.stdin, self._process.stdout, self._complaints):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()
