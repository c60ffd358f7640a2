"""The first moments of a worker process, whatever started it: cut off from the terminal, tied to the engine, then
its body."""

import contextlib
import importlib
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

from engine.pool.lifeline import die_with_parent, tie


def live(body: str, channel: int, read_end: int, parent: int, first: Callable[[], None] = lambda: None) -> NoReturn:
    """Be a worker: call ``body`` with the channel, and end without ever returning into the caller's frames.

    ``read_end`` is the engine's lifeline. ``parent`` is the process whose death ends this one as well, or 0 if a thread
    of it started this one that may end sooner. ``first`` is what else a start method has to tidy up.
    """
    code = 1
    try:
        calm()
        os.setpgid(0, 0)  # Ctrl-C goes to the terminal's foreground group; the engine decides when a worker ends
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        depend(read_end, parent)
        first()
        _read_nothing()
        code = _run(body, channel)
    except BaseException:  # noqa: BLE001 - whatever it is, this process ends here and not in somebody else's frames
        traceback.print_exc()
    finally:
        flush()
        os._exit(code)


def calm() -> None:
    """Take back every signal handler of Python's, ignore SIGINT and SIGPIPE, and leave SIGTERM and SIGCHLD alone."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # as Python does; a peer that is gone is an exception


def depend(read_end: int, parent: int) -> None:
    """Tie this process to the engine by its lifeline, and to its parent unless that is 0."""
    if parent:
        die_with_parent()
        if os.getppid() != parent:  # it ended before the kernel was asked
            os.kill(os.getpid(), signal.SIGKILL)
    tie(read_end)


def flush() -> None:
    """Write out what was printed so far. What nobody can read any more is lost."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):  # None, broken or closed
            stream.flush()


def _read_nothing() -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    if null:
        os.dup2(null, 0)
        os.close(null)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - the old one holds what the engine has read


def _run(body: str, channel: int) -> int:
    module, _, name = body.partition(":")
    function = getattr(importlib.import_module(module), name)
    os.set_inheritable(channel, False)
    try:
        with socket.socket(fileno=channel) as end:
            function(end)
    except SystemExit as left:
        if left.code is None or isinstance(left.code, int):
            return left.code or 0
        raise
    return 0
