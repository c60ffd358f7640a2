"""The contract of a start method: how a worker process comes to be, and how its engine sees it."""

import signal
import socket
from typing import Protocol


class Process(Protocol):
    """A worker process as its engine sees it."""

    pid: int
    handle: int
    """A descriptor that is readable once the process has ended (pidfd); -1 where the system has none (macOS)."""

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal, through the handle where there is one, since a pid can be reused. No error if it is gone."""

    def exit_code(self, patience: float) -> int | None:
        """Return the exit code, waiting at most so many seconds for it. Negative: killed by that signal. None: it is
        still alive."""

    def close(self) -> None:
        """Give descriptors back; the process is reaped if it has ended. Idempotent."""


class Starter(Protocol):
    """One way to start a worker process."""

    def start(self, channel: socket.socket, body: str) -> Process:
        """Start a process that calls ``body`` ("module:function") with its end of a channel.

        It ends with exit code 0 when the function returns, with 1 and a traceback on standard error when it raises.
        Before the function runs, the process is in a group of its own, ignores SIGINT, has none of the engine's signal
        handlers, reads /dev/null, holds none of the engine's private descriptors, and ends with the engine.
        The caller closes its copy of the socket afterwards.

        Raises Lacking when the system refuses a process, RequestError when called while a child imports the main
        module.
        """
