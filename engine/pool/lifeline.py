"""Processes that must not outlive the one that needs them, and descriptors that none of its children may hold.

The lifeline is a pipe whose write end the engine process alone holds. Every process that must end with it opens the
read end anew, asks the kernel to send SIGKILL when the pipe hangs up, and needs no thread for it: it ends within a
millisecond of the engine, also while it computes in C with the GIL held.
"""

import contextlib
import ctypes
import fcntl
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager

_PR_SET_PDEATHSIG = 1

KERNEL_SIDE = hasattr(fcntl, "F_SETSIG")
"""The kernel can hold the lifeline. False on macOS, where a thread has to."""


class _Held:
    """What this process keeps for itself. Emptied in every forked child."""

    private: set[int] = set()
    pipe: tuple[int, int] | None = None
    tied: int = -1
    """The read end of the lifeline that ends this process."""


_forks = threading.RLock()  # held while this process forks, so that no child is made between opening and registering
_sparing = threading.local()


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Ask the kernel to send this process a signal when the thread that started it ends. Linux; elsewhere nothing
    happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)


def end_group_with(descriptor: int) -> None:
    """End this process group when the pipe behind ``descriptor`` closes: for systems without a parent-death signal.

    Not used on Linux, because a thread in a process that forks workers is what makes fork unsafe.
    """

    def wait() -> None:
        while os.read(descriptor, 4096):
            pass
        os.killpg(0, signal.SIGTERM)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def read_end() -> int:
    """Return the read end of this process's lifeline, to be passed to a child that calls ``tie``.

    The pipe is made when first asked for, and made anew after a fork. Raises OSError when descriptors are short.
    """
    with _forks:
        if _Held.pipe is None:
            ours, theirs = os.pipe()
            _Held.pipe = above_standard(ours), above_standard(theirs)
        return _Held.pipe[0]


def above_standard(descriptor: int) -> int:
    """Move a new descriptor out of 0, 1 and 2, which are free where the engine has closed its own; return the new one.

    What is printed would go into it, and a child would get its standard descriptors in its place. Raises OSError.
    """
    if descriptor > 2:
        return descriptor
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
    finally:
        os.close(descriptor)


def tie(descriptor: int) -> None:
    """End this process with SIGKILL when the process behind a lifeline ends, or at once if it has.

    The read end belongs to the lifeline from here on.

    Where the kernel cannot send the signal (macOS) a daemon thread reads the pipe instead. It is weaker: the process
    ends only when the thread gets the GIL, so a long call in C that holds it is finished first, and a process that is
    stopped stays.
    """
    try:
        own = _reopen(descriptor) if KERNEL_SIDE else -1
    except OSError:  # /proc is not mounted
        own = -1
    if _Held.tied >= 0:
        os.close(_Held.tied)
    _Held.tied = own
    if own >= 0:
        os.close(descriptor)
    else:
        os.set_inheritable(descriptor, False)
        threading.Thread(target=_read_until_closed, args=(descriptor,), name="lifeline", daemon=True).start()


def _reopen(descriptor: int) -> int:
    """Open the read end anew: who is to be signalled is a property of the open file, which forked processes share."""
    own = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.fcntl(own, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(own, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(own, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    poll = select.poll()
    poll.register(own, select.POLLIN)
    if poll.poll(0):  # it closed before the signal was asked for
        os.kill(os.getpid(), signal.SIGKILL)
    return own


def _read_until_closed(descriptor: int) -> None:
    while os.read(descriptor, 4096):
        pass
    os._exit(1)


def unforked() -> AbstractContextManager[object]:
    """Hold back forks by other threads, for as long as it takes to open a descriptor and call ``keep_private``."""
    return _forks


def keep_private(descriptor: int) -> None:
    """Take a descriptor from every child that this process forks, the user's own forks included.

    A child finds it replaced by /dev/null, not closed: the object that owns it lives on in the child, and would
    otherwise close whatever has got the number since. Call ``release`` before it is closed.
    """
    with _forks:
        _Held.private.add(descriptor)


def release(descriptor: int) -> None:
    """Forget a descriptor that is about to be closed. No error if it is unknown."""
    with _forks:
        _Held.private.discard(descriptor)


@contextlib.contextmanager
def spared(*descriptors: int) -> Iterator[None]:
    """Let a child that this thread forks inside keep these private descriptors, and the lifeline's read end."""
    _sparing.descriptors = descriptors
    try:
        yield
    finally:
        _sparing.descriptors = ()


def _strip_child() -> None:
    spared_ones = set(getattr(_sparing, "descriptors", ()))
    for descriptor in _Held.private - spared_ones:
        _blank(descriptor)
    for descriptor in set(_Held.pipe or ()) - spared_ones:
        os.close(descriptor)
    _Held.private, _Held.pipe = set(), None
    _forks.release()


def _blank(descriptor: int) -> None:
    try:
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # no descriptor is free: rather a hole than a channel that never closes
        os.close(descriptor)
        return
    os.dup2(null, descriptor, inheritable=False)
    os.close(null)


os.register_at_fork(before=_forks.acquire, after_in_parent=_forks.release, after_in_child=_strip_child)
