"""Workloads with one planted cause each. Every answer is 0, so that a cause can be switched on and off in one sweep."""

import importlib
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import Kernel, ResultSpec, Workload
from engine.knob import Knob, Scalar, Settings

TASK = 0.008
"""CPU seconds of one task, whatever the clock speed is: what is planted has the size it was given."""
EVEN = 200
"""Tasks; where they are skewed, the first is three quarters of it all."""
OBJECTS = 400_000
"""Entries of the fat dict: two strings each."""
STREAM = 8 << 20
"""Numbers in each array that is streamed through: 64 MB, more than any cache holds."""
CACHED = 1 << 11
"""The same for arrays that stay in the first level of the cache together: 32 KB."""

PLANTED = Knob("planted", "whether the cause is there", False, (False, True))


@dataclass(frozen=True)
class Given:
    """Data and tasks of a workload."""

    tasks: tuple[float, ...]
    extra: Any = None


def _tasks(data: Given) -> tuple[float, ...]:
    return data.tasks


def _result(settings: Settings) -> ResultSpec:
    return ResultSpec("float64")


def loop(data: Given, tasks: Any) -> list[float]:
    """Take each task's CPU seconds in Python."""
    return [_busy(seconds) for seconds in tasks]


def _busy(seconds: float) -> float:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
    return 0.0


def steps(data: Given, tasks: Any) -> list[float]:
    """Take a few steps in each task."""
    return [float(sum(0 for _ in range(task))) for task in tasks]


def _workload(name: str, load: Any, kernel: Kernel, knobs: tuple[Knob, ...] = (PLANTED,)) -> Workload:
    return Workload(name, name, load, _tasks, {"python": kernel}, _result, knobs=knobs, sizes={"one": ""})


def _load_fat(size: str, planted: Scalar) -> Given:
    entries = OBJECTS if planted else 0
    return Given((TASK,) * EVEN, {f"entry {i:09d}": f"{i:032d}" for i in range(entries)})


def _load_skewed(size: str, planted: Scalar) -> Given:
    first = 3 * (EVEN - 1) * TASK
    return Given((first, *(TASK,) * (EVEN - 1)) if planted else (4 * first / (3 * EVEN),) * EVEN)


def _load_even(size: str, **settings: Scalar) -> Given:
    return Given((TASK,) * EVEN, bool(settings.get("planted", False)))


def _prepare_slowly(data: Given, device: str) -> Given:
    """Import a library that takes its time, as the first use of one in a worker does."""
    if data.extra:
        folder = str(Path(__file__).parent)
        if folder not in sys.path:
            sys.path.append(folder)
        importlib.import_module("slow_library")
    return data


SLOWDOWN = "PLANTED_SLOWDOWN"
"""Variable with the share by which the python kernel of LOOPS takes longer."""


def _load_loops(size: str) -> Given:
    return Given((5_000,) * 500)


def count(data: Given, tasks: Any) -> list[float]:
    """Take each task's steps in Python, all the longer for the slowdown."""
    longer = 1 + float(os.environ.get(SLOWDOWN, "0"))  # here and not in the data, which has to stay the same
    return [float(0 * sum(i & 1 for i in range(round(task * longer)))) for task in tasks]


def count_at_once(data: Given, tasks: Any) -> NDArray[np.float64]:
    """Take them in NumPy, which no slowdown concerns."""
    return np.array([0 * float((np.arange(task * 20) & 1).sum()) for task in tasks])


def _load_tiny(size: str) -> Given:
    return Given((20,) * 20_000)


def _load_matrices(size: str) -> Given:
    rng = np.random.default_rng(1)
    return Given((0,) * 30, rng.standard_normal((300, 300)))


def multiply(data: Given, tasks: Any) -> list[float]:
    """Multiply two matrices with BLAS in each task."""
    matrix: NDArray[np.float64] = data.extra
    return [float(np.count_nonzero(np.isnan(matrix @ matrix))) for _ in tasks]


def _load_stream(size: str, planted: Scalar) -> Given:
    numbers, times = (STREAM, 3) if planted else (CACHED, 3 * STREAM // CACHED)
    return Given((times,) * 200, numbers)


_BUFFERS: dict[int, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}


def stream(data: Given, tasks: Any) -> list[float]:
    """Copy one array into another, in each task so many times."""
    if data.extra not in _BUFFERS:
        _BUFFERS[data.extra] = (np.ones(data.extra), np.zeros(data.extra))
    source, target = _BUFFERS[data.extra]
    for times in tasks:
        for _ in range(times):
            np.copyto(target, source)
    return [0.0] * len(tasks)


def prepare_stream(data: Given, device: str) -> Given:
    """Touch the memory."""
    stream(data, [1])
    return data


LOOPS = Workload(
    "loops",
    "loops of integers",
    _load_loops,
    _tasks,
    {"python": Kernel(count), "numpy": Kernel(count_at_once)},
    _result,
    sizes={"one": ""},
)
FAT = _workload("fat", _load_fat, Kernel(loop))
SKEW = _workload("skew", _load_skewed, Kernel(loop))
IMPORTS = _workload("imports", _load_even, Kernel(loop, _prepare_slowly))
LOCKED = _workload("locked", _load_even, Kernel(loop), ())
TINY = _workload("tiny", _load_tiny, Kernel(steps), ())
MATRICES = _workload("matrices", _load_matrices, Kernel(multiply), ())
BANDWIDTH = _workload("bandwidth", _load_stream, Kernel(stream, prepare_stream))
