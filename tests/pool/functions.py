"""What workers compute in tests of the pool, in a module that they can import."""

import datetime
import os
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_info

from engine.errors import TaskFailed
from tests.conftest import wait_until


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


def fail_deep(task):
    return _deeper(task)


def _deeper(task):
    return {}["missing"]


def leave(task):
    raise SystemExit(3)


def fail_late(task):
    """Task 3 fails only when task 40 has failed already, so the later failure comes first."""
    index, folder = task
    if index == 3:
        assert wait_until((Path(folder) / "failed").exists, seconds=20)
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


def hang(task):
    if task:
        threading.Event().wait()
    return task


def compute_for_a_millisecond(task):
    end = time.perf_counter() + 0.001
    while time.perf_counter() < end:
        pass
    return task


def thread_limits(names):
    return [os.environ[name] for name in names], [library["num_threads"] for library in threadpool_info()]


def wrong_form(task):
    return 2.5 if task % 10 else np.zeros(2)


THINGS = {
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
    "table": pa.table({"a": np.arange(30_000)}),
    "error": ValueError("given back, not raised"),
    "failure": TaskFailed(99, "of another", "was given back, not raised"),
    "type": dict,
}


def thing(name):
    return THINGS[name]


class Adder:
    """A callable with a state of its own."""

    def __init__(self, more):
        self.more = more

    def __call__(self, task):
        return task + self.more

    def twice(self, task):
        return task + 2 * self.more
