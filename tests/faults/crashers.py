"""Things that go wrong in a worker process, in a module that is quick to import."""

import contextlib
import ctypes
import os
import re
import signal
import sys
import threading

import numpy as np


def segfault(*_):
    ctypes.string_at(0)


def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def leave(*_):
    sys.exit(5)


def vanish(*_):
    os._exit(0)


def fail(*_):
    raise ValueError("out of cheese")


CRASHES = {"segfault": segfault, "SIGKILL": kill, "sys.exit": leave, "os._exit": vanish, "exception": fail}
"""What the crash matrix tries."""


def crash(how):
    hang(how) if how == "hang" else CRASHES[how]()


class Bad:
    """A task or the data; what is bad about it the subclass says."""

    def __init__(self, how):
        self.how = how

    def __repr__(self):
        return f"{type(self).__name__}({self.how!r})"


class Unloadable(Bad):
    """Crashes the process that unpickles it."""

    def __reduce__(self):
        return crash, (self.how,)


class Undumpable(Bad):
    """Crashes the process that pickles it."""

    def __reduce__(self):
        crash(self.how)


class Uncopyable(Bad):
    """Crashes the process that makes an array of it, as for a slot."""

    def __array__(self, *_, **__):
        crash(self.how)


class Unfreeable(Bad):
    """Crashes the process that frees a copy of it which came out of a pickle."""

    def __reduce__(self):
        return _Armed, (self.how,)


class UnloadableFunction(Unloadable):
    """A function that a worker cannot have."""

    def __call__(self, task):
        raise AssertionError("it cannot get here")


class _Armed(Bad):
    def __del__(self):
        crash(self.how)


def square(task):
    return task * task


def square_beside(data, task):
    return task * task


def run(task):
    """Square a number; a text is how to crash."""
    return crash(task) if isinstance(task, str) else task * task


def give_undumpable(task):
    return Undumpable(task) if isinstance(task, str) else task * task


def give_unloadable(task):
    return Unloadable(task) if isinstance(task, str) else task * task


def give_uncopyable(task):
    return Uncopyable(task) if isinstance(task, str) else float(task * task)


def arm(how):
    """Crash on SIGUSR1, whatever the worker is doing then."""
    signal.signal(signal.SIGUSR1, CRASHES[how])
    return os.getpid()


def echo(task):
    return task


def hang(task):
    """Square a number; a text is a wait without end."""
    return threading.Event().wait() if isinstance(task, str) else task * task


def wait_for_file(task):
    """Return 1, when a file is there; a task without a path needs none."""
    path, _ = task
    while path and not os.path.exists(path):  # noqa: PTH110 - as little as possible
        os.sched_yield()
    return 1


def hang_aloud(task):
    """The same, and say so where the engine prints."""
    if isinstance(task, str):
        os.write(1, b"hanging\n")
    return hang(task)


def hang_in_c(task):
    """The same, with the GIL held."""
    return re.match(r"(a+)+$", "a" * 60 + "b") if isinstance(task, str) else task * task


def hang_in_c_aloud(task):
    os.write(1, b"hanging\n")
    return hang_in_c(task)


def hang_deaf(task):
    """The same, taking no notice of signals and exceptions."""
    while isinstance(task, str):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        with contextlib.suppress(BaseException):
            threading.Event().wait()
    return task * task


class SlowToLoad:
    """Takes for ever to unpickle."""

    def __reduce__(self):
        return hang, ("unpickling",)


class _SlowToDump:
    def __reduce__(self):
        hang("pickling")


def give_slow_to_dump(task):
    return _SlowToDump() if isinstance(task, str) else task


def give_unloadable_late(task):
    """Square a number; a text makes a result that the engine unpickles in vain, after ``before_failing``."""
    return _Late() if isinstance(task, str) else task * task


class _Late:
    def __reduce__(self):
        return _fail_late, ()


def _fail_late():
    before_failing()
    fail()


def before_failing():
    """What a test has to do first; it puts it here."""


def megabyte(task):
    return bytes(1 << 20)


def eat(task):
    """Square a number; a text takes 400 MB and keeps them."""
    if isinstance(task, str):
        held = np.ones(400 << 17)
        threading.Event().wait(held[0] * 3600)
    return task * task


def eat_beside(data, task):
    return eat(task)


def sum_up(data, task):
    return int(data.sum())


def stop_once(path, task):
    """Stops its worker at task 150, if none was stopped yet, and leaves its process id at the path."""
    if task == 150 and not path.exists():
        path.write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGSTOP)
    return task * task


def square_slowly(task):
    """Square a number, in about 1 ms of work."""
    sum(range(50_000))
    return task * task


def table_beside(data, task):
    """A table that depends on the data too, in about 0.1 ms."""
    return np.random.default_rng(task).random((19, 5)) * data["prices"].sum()
