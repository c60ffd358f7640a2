"""fork: every worker is a copy of the engine as it is at that moment. Nothing is imported, nothing is prepared.

A lock that another thread of the engine holds at that moment stays locked in the worker for ever.
"""

import contextlib
import os
import signal
import socket
from collections.abc import Iterator, Sequence

from engine.interruption import held_back
from engine.pool import lifeline
from engine.pool.starting.contract import Process
from engine.pool.starting.direct import Child, beyond_standard, in_words, steady_parent
from engine.pool.starting.newborn import flush, live
from engine.pool.starting.preparation import note_copied, refuse_while_importing


class Fork:
    """Starts workers as copies of the engine."""

    def __init__(self, preload: Sequence[str] = (), threads: int = 1) -> None:
        """Take no notice of either: a copy has what the engine has, and the worker limits the threads of that."""

    def start(self, channel: socket.socket, body: str) -> Process:
        """Start a process that calls ``body`` with the channel. Raises Lacking, RequestError."""
        refuse_while_importing()
        flush()  # or the worker would print what the engine has not written out yet
        parent = steady_parent()
        with in_words(), beyond_standard(channel) as end:
            read_end = lifeline.read_end()
            with held_back(), lifeline.spared(read_end, end), _no_signals():
                pid = os.fork()
                if not pid:
                    live(body, end, read_end, parent, first=lambda: _leave(channel))
        return Child(pid)


def _leave(channel: socket.socket) -> None:
    channel.close()  # the copy that the engine closes as well; the worker has a duplicate
    note_copied()


@contextlib.contextmanager
def _no_signals() -> Iterator[None]:
    """Until the worker ignores SIGINT, it would run the engine's handler: KeyboardInterrupt in the engine's frames."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
