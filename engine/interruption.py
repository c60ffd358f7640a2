"""Ctrl-C wherever it arrives. The user's imports and the engine's own are places where Python makes something else of
it."""

from collections.abc import Iterator
from contextlib import contextmanager


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


def forget_interrupt() -> None:
    """Let this process end with the exit code it returns.

    CPython remembers a KeyboardInterrupt that has left an ``exec`` of text, which is how every dataclass makes its
    methods, and kills the process with SIGINT in the end, however the exception was answered: 2 % of the runs that were
    interrupted in their first 50 ms. The next ``exec`` of text forgets it (``run_eval_code_obj`` in pythonrun.c).
    """
    exec("")
