"""Processes that are children of this one, and the words for a system that refuses another."""

import contextlib
import errno
import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from math import ceil
from multiprocessing import spawn

from engine.errors import Lacking
from engine.pool import lifeline

_PAUSE = 0.005
"""Seconds between two looks at a process on a system without handles."""
_DAY = 86400
"""Seconds; poll takes no more than 24 days."""

_REMEDY = {
    errno.EAGAIN: "use fewer workers, or raise the limit of processes (ulimit -u, or the container's limit)",
    errno.ENOMEM: "use fewer workers, or free memory",
    errno.EMFILE: "use fewer workers, or raise the limit of open files (ulimit -n)",
    errno.ENFILE: "the whole machine has too many open files",
}


def lacking(number: int | None) -> Lacking:
    """Say in words why the system refuses a process, given its errno."""
    number = number or 0
    remedy = _REMEDY.get(number, "the system gives no other reason")
    return Lacking(f"the system refuses to start another process ({os.strerror(number)}): {remedy}")


@contextlib.contextmanager
def in_words() -> Iterator[None]:
    """Turn an OSError into Lacking."""
    try:
        yield
    except OSError as error:
        raise lacking(error.errno) from None


def open_handle(pid: int) -> int:
    """Return a private pidfd of a process that has not been reaped, -1 where there are none. Raises OSError."""
    if not hasattr(os, "pidfd_open"):
        return -1
    with lifeline.unforked():
        handle = os.pidfd_open(pid)
        lifeline.keep_private(handle)
    return handle


def wait_for(patience: float, *descriptors: int) -> bool:
    """Wait at most so many seconds, and no longer than a day, until a descriptor is readable; say whether one is.

    -1, a handle on a system without any, never is.
    """
    poll = select.poll()
    for descriptor in descriptors:
        if descriptor >= 0:
            poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(ceil(min(max(patience, 0), _DAY) * 1000)))


def send_signal(handle: int, number: signal.Signals) -> None:
    """Send a signal to the process behind a handle. No error if it is gone, or if this is a fork of its engine."""
    try:
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return
    except OSError as error:
        if error.errno != errno.EBADF:  # /dev/null: what a fork of the engine has in place of a handle
            raise


def give_back(handle: int) -> int:
    """Close a private descriptor, unless it is -1; return -1."""
    if handle >= 0:
        lifeline.release(handle)
        os.close(handle)
    return -1


class Child:
    """A process that this one started itself."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._lock = threading.Lock()  # whoever asks first reaps; the others must not wait for a pid that is gone
        self._code: int | None = None
        try:
            self.handle = open_handle(pid)
        except OSError as error:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise lacking(error.errno) from None

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal. No error if the process is gone."""
        if self.handle >= 0:
            send_signal(self.handle, number)
        elif self._reap() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def exit_code(self, patience: float) -> int | None:
        """Return the exit code within so many seconds, or None. 1 if somebody else in this process collected it."""
        if self.handle >= 0:
            wait_for(patience, self.handle)
            return self._reap()
        deadline = time.monotonic() + patience
        while self._reap() is None and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        return self._code

    def _reap(self) -> int | None:
        with self._lock:
            if self._code is None:
                try:
                    pid, status = os.waitpid(self.pid, os.WNOHANG)
                except ChildProcessError:
                    self._code = 1
                else:
                    self._code = os.waitstatus_to_exitcode(status) if pid else None
            return self._code

    def close(self) -> None:
        """Give the handle back and reap the process if it has ended. Idempotent."""
        self._reap()
        with self._lock:
            self.handle = give_back(self.handle)


def launch(code: str, descriptors: Sequence[int], environment: dict[str, str] | None, *, session: bool) -> Child:
    """Start an interpreter that runs a line of code, in a group or a session of its own.

    It sees the modules that this one sees and inherits the given descriptors. Raises Lacking, OSError.
    """
    path = ascii([str(entry) for entry in sys.path])
    # a private call, but the one that multiprocessing makes: it knows the flags of each version of Python
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    with standard_output() as (output, errors):
        started = subprocess.Popen(
            [spawn.get_executable(), *flags, "-c", f"import sys; sys.path[:] = {path}; {code}"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            pass_fds=descriptors,
            env=environment,
            start_new_session=session,
            process_group=None if session else 0,
        )
    started.returncode = 0  # Child reaps it; Popen would reap it too, or warn that nobody has
    return Child(started.pid)


@contextlib.contextmanager
def standard_output() -> Iterator[list[int]]:
    """Lend duplicates of this process's standard output and error; /dev/null for one that it has closed."""
    lent: list[int] = []
    try:
        for descriptor in (1, 2):
            lent.append(_open_or_null(descriptor))
        yield lent
    finally:
        for descriptor in lent:
            os.close(descriptor)


def _open_or_null(descriptor: int) -> int:
    try:
        return os.dup(descriptor)
    except OSError as error:
        if error.errno != errno.EBADF:
            raise
        return os.open(os.devnull, os.O_WRONLY)


@contextlib.contextmanager
def beyond_standard(channel: socket.socket) -> Iterator[int]:
    """Lend a private duplicate of a channel that is not 0, 1 or 2, for the same reason as ``above_standard``."""
    with lifeline.unforked():
        duplicate = fcntl.fcntl(channel, fcntl.F_DUPFD_CLOEXEC, 3)
        lifeline.keep_private(duplicate)
    try:
        yield duplicate
    finally:
        give_back(duplicate)


def steady_parent() -> int:
    """Return the parent that a child may depend on: this process, or 0 in a thread that may end before it.

    The kernel sends the parent-death signal when the thread ends that made the child.
    """
    return os.getpid() if threading.current_thread() is threading.main_thread() else 0
