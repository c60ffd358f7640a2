"""Ctrl-C wherever it arrives: where Python makes something else of it, and where it would be lost."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def unwrapped_interrupt() -> Iterator[None]:
    """Raise KeyboardInterrupt in place of an error that only came of one.

    Inside a class body Python 3.11 makes RuntimeError of it, which is what an import of dataclasses mostly is, and code
    that is being imported makes of it what it likes.
    """
    try:
        yield
    except Exception as error:
        if _came_of_interrupt(error):
            raise KeyboardInterrupt from error
        raise


def _came_of_interrupt(error: BaseException) -> bool:
    while not isinstance(error, KeyboardInterrupt):
        before = error.__cause__ or error.__context__
        if before is None:
            return False
        error = before
    return True


@contextmanager
def held_back() -> Iterator[None]:
    """Let SIGINT and SIGTERM wait until the block is over; for blocks that take milliseconds.

    What they raise in a callback that Python calls itself, as those of ``os.register_at_fork``, is printed and dropped,
    and the work goes on as if nobody had pressed a key: 4 % of the runs interrupted while their pool forked. Blocking
    them by mask is not enough, since another thread may take them. Elsewhere than in the main thread: nothing, since
    they never arrive there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with _held(signal.SIGINT), _held(signal.SIGTERM):
        yield


@contextmanager
def _held(number: signal.Signals) -> Iterator[None]:
    came = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True

    before = signal.signal(number, note)
    try:
        yield
    finally:
        signal.signal(number, signal.SIG_DFL if before is None else before)
        if came:
            signal.raise_signal(number)


def forget_interrupt() -> None:
    """Let this process end with the exit code it returns.

    CPython remembers a KeyboardInterrupt that has left an ``exec`` of text, which is how every dataclass makes its
    methods, and kills the process with SIGINT in the end, however the exception was answered: 2 % of the runs that were
    interrupted in their first 50 ms. The next ``exec`` of text forgets it (``run_eval_code_obj`` in pythonrun.c).
    """
    exec("")
