"""A fresh Python process that calls functions by name: every peer lives in one of its own.

So no peer forks while the threads of another run, the clock of one is not slowed by the interpreter lock of another, a
start is measured in a process that has imported nothing yet, and a peer that hangs is ended with everything it started.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PATIENCE = 120.0
"""Seconds a call may take; the longest of a whole run takes about 40."""

LAST_WORDS = 5.0
"""Seconds a process gets to close its pools before it and what it started is killed."""

_BOOT = "import sys; sys.path[0] = {folder!r}; from overhead_arms.remote import serve; serve({descriptor})"


class RemoteFailure(Exception):
    """The call raised, the process died, or it did not answer in time; the message says which."""


class Remote:
    """The process, as the one that asks it sees it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            boot = _BOOT.format(folder=str(Path(__file__).parents[1]), descriptor=theirs.fileno())
            self._process = subprocess.Popen(
                [sys.executable, "-c", boot],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr,
                start_new_session=True,
            )
        self._death = os.pidfd_open(self._process.pid)
        self._channel = Connection(ours.detach())

    def call(self, function: Callable[..., Any], *arguments: Any, patience: float = PATIENCE) -> Any:
        """Call a module-level function there and return what it returns. Raises RemoteFailure."""
        name = function.__name__
        try:
            self._channel.send((function, arguments))
            ready = wait([self._channel, self._death], patience)
            if self._channel not in ready:
                raise RemoteFailure(f"{name} was killed" if ready else f"{name} took longer than {patience:g} s")
            worked, value = self._channel.recv()
        except (EOFError, OSError):
            raise RemoteFailure(f"{name}: its process ended") from None
        if not worked:
            raise RemoteFailure(value)
        return value

    def close(self) -> None:
        """Let it close its pools, then kill whatever is left of its process group. Idempotent."""
        if self._death < 0:
            return
        self._channel.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(LAST_WORDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._death)
        self._death = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


closing = contextlib.ExitStack()
"""What a served process closes when it is told to end: the pools it opened."""


def serve(descriptor: int) -> None:
    """Body of the process: answer calls until the channel closes."""
    os.set_inheritable(descriptor, False)
    channel = Connection(descriptor)
    with closing, contextlib.suppress(EOFError, ConnectionError):
        while True:
            function, arguments = channel.recv()
            try:
                reply = (True, function(*arguments))
            except Exception as error:  # noqa: BLE001 - whatever a peer raises becomes the reason its arm is not available
                last = traceback.extract_tb(error.__traceback__)[-1]
                reply = (False, f"{type(error).__name__}: {error}, {Path(last.filename).name}:{last.lineno}")
            channel.send(reply)


def fresh(function: Callable[..., Any], *arguments: Any, patience: float = PATIENCE) -> Any:
    """Call a function in a process that does nothing else."""
    with Remote() as remote:
        return remote.call(function, *arguments, patience=patience)
