"""What workers compute in tests of the pool, in a module that they can import quickly."""

import datetime
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import TaskFailed


def square(task):
    return task * task


def as_float(task):
    return float(task) * 1.5


def table(task):
    return np.full((3, 4), float(task))


def same(task):
    return task


def pair(data, task):
    return data, task


def price(data, task):
    """A number out of shared data."""
    return float(data["prices"][int(task) % len(data["prices"])] * data["factor"])


def write(data, task):
    data["prices"][task] = 1.0


def owns(data, task):
    return data["prices"].flags.owndata, data["prices"].flags.writeable


def process(task):
    return os.getpid()


def size(task):
    return task.nbytes, int(task[-1])


def fail_at_multiples_of_seven(task):
    if task % 7 == 0:
        raise ValueError(f"no sevens please: {task}")
    return task


SEVENS = [task for task in range(100) if task % 7 == 0]
"""Of a hundred tasks those that fail so."""


def fail_deep(task):
    return _deeper(task)


def _deeper(task):
    return dict[str, int]()["missing"]


class Speechless(Exception):
    def __str__(self):
        raise RuntimeError


class Choosy(Exception):
    """Cannot be unpickled."""

    def __init__(self, one, two):
        super().__init__(one)


RAISED: dict[str, Callable[[], BaseException]] = {
    "SystemExit": lambda: SystemExit(3),
    "StopIteration": StopIteration,
    "KeyboardInterrupt": KeyboardInterrupt,
    "GeneratorExit": GeneratorExit,
    "MemoryError": MemoryError,
    "BaseException": BaseException,
    "EOFError": EOFError,
    "BlockingIOError": BlockingIOError,
    "BrokenPipeError": BrokenPipeError,
    "Speechless": Speechless,
    "Choosy": lambda: Choosy(1, 2),
}


def raise_in_the_middle(task):
    """Every task is a number, or the name of what it raises."""
    if task in RAISED:
        raise RAISED[task]()
    return task


def recurse(task):
    return recurse(task)


def fail_late(task):
    """Task 3 fails only when task 40 has failed already, so the later failure comes first."""
    index, folder = task
    if index == 3:
        _wait_for(Path(folder) / "failed")
        raise ValueError("the first in order")
    if index == 40:
        (Path(folder) / "failed").touch()
        raise ValueError("the first in time")
    return index


def fail_first(task):
    """Every third task fails the first two times it is tried."""
    index, folder = task
    before = len(list(Path(folder).glob(f"{index}-*")))
    (Path(folder) / f"{index}-{before}").touch()
    if index % 3 == 0 and before < 2:
        raise ValueError(f"try {before}")
    return index


def _wait_for(path):
    while not path.exists():
        os.sched_yield()


def first_never_ends(task):
    """Task 0 says that it has begun and never ends; the others wait until it has begun."""
    index, folder = task
    if index == 0:
        (Path(folder) / "begun").touch()
        threading.Event().wait()
    _wait_for(Path(folder) / "begun")
    return index


def first_ends_when_it_may(task):
    """Task 0 says that it has begun and waits; the others note that they were computed, after it has begun."""
    index, folder = task
    if index == 0:
        (Path(folder) / "begun").touch()
        _wait_for(Path(folder) / "go on")
    _wait_for(Path(folder) / "begun")
    (Path(folder) / str(index)).touch()
    return index


def compute_for_a_millisecond(task):
    end = time.perf_counter() + 0.001
    while time.perf_counter() < end:
        pass
    return task


def thread_limits(names):
    from threadpoolctl import threadpool_info

    return [os.environ[name] for name in names], [library["num_threads"] for library in threadpool_info()]


def sometimes_unpicklable(task):
    return threading.Lock() if task % 10 == 3 else task


def wrong_form(task):
    return 2.5 if task % 10 else np.zeros(2)


THINGS: dict[str, Any] = {
    "int": 7,
    "big int": 10**400,
    "none": None,
    "text": "naïve",
    "bytes": bytes(range(256)),
    "nested": {"a": [1, (2, {3: None})], "b": {4, 5}},
    "date": datetime.date(2024, 2, 29),
    "no rows": np.empty((0, 3)),
    "array": np.arange(5),
    "big array": np.arange(50_000.0).reshape(500, 100),
    "Fortran": np.asfortranarray(np.arange(50_000.0).reshape(500, 100)),
    "scattered": np.arange(60_000.0)[::2],
    "records": np.array([(1.5, 7)], dtype=[("price", "f8"), ("size", "i4")]),
    "words": np.array(["one", "three"]),
    "two arrays": {"a": np.ones(20_000), "b": [np.zeros(30_000, np.int8)]},
    "error": ValueError("given back, not raised"),
    "failure": TaskFailed(99, "of another", "was given back, not raised"),
    "type": dict,
}


def thing(name):
    return THINGS[name]


def arrow_table(length):
    import pyarrow as pa

    return pa.table({"a": np.arange(length)})


class Adder:
    """A callable with a state of its own."""

    def __init__(self, more):
        self.more = more

    def __call__(self, task):
        return task + self.more

    def twice(self, task):
        return task + 2 * self.more
