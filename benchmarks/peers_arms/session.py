"""What the process of an arm does: open the arm, hand its figures back, and only then read the clock."""

import gc
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.workloads.crossover.data import Series
from peers_arms.arms import Figures, find_arm


class _Session:
    sweep: Callable[[], Figures]


def first_result(name: str, series: Series, pairs: Sequence[int]) -> tuple[Figures, int]:
    """Open the arm and do the sweep once; return its figures and the peak memory of this process, in bytes."""
    _Session.sweep = staticmethod(find_arm(name).open(series, pairs))
    return _Session.sweep(), peak_memory()


def clock() -> float:
    """Return the seconds of one more sweep."""
    gc.collect()
    begun = time.perf_counter()
    _Session.sweep()
    return time.perf_counter() - begun


def peak_memory() -> int:
    """Return the most memory this process has had resident, in bytes; unlike getrusage not the parent's."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
