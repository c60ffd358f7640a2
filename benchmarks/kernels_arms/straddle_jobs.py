"""Straddle jobs for every kernel, each over the layout it is used with, and how their runs are timed."""

import time
from dataclasses import dataclass, replace
from functools import cache

from engine.executor import Executor, Job
from engine.measure.results import difference
from engine.modes import find_mode
from engine.plan import Plan
from engine.tune.space import check_settings
from engine.workload import Data
from engine.workloads import resolve

STRADDLES = resolve("straddles")

ENOUGH = 0.3
"""Seconds of runs behind one timing."""

NAIVE = 576
"""Straddles that the naive kernel values in a run; the others value all."""


@dataclass(frozen=True)
class Clocked:
    """One timing."""

    seconds: float
    """Per straddle, of whole runs."""
    inside: float
    """Per straddle, inside the kernel, summed over workers; the rest is the engine's: it puts results into place."""


@cache
def _data(size: str, layout: str, entries: int) -> Data:
    return STRADDLES.load(size, **check_settings(STRADDLES, {"layout": layout, "entries": entries}))


def job(kernel: str, size: str, rows: str, entries: int) -> Job:
    """Return all straddles of a size, or an even sample of them for the naive kernel, which gets the dict."""
    naive = kernel == STRADDLES.naive
    data = replace(_data(size, "dict" if naive else "columns", entries), rows=rows)
    tasks = STRADDLES.tasks(data)
    chosen = tasks[:: _step(len(tasks))] if naive else tasks
    return Job(STRADDLES.kernels[kernel], data, chosen, STRADDLES.result({"rows": rows}))


def _step(tasks: int) -> int:
    return max(1, tasks // NAIVE)


def executor(kernel: str, work: Job, mode: str = "", workers: int = 1) -> Executor:
    """Return the executor of a job; sequential, or gpu-batch on the CPU for a kernel that needs a device."""
    usual = "gpu-batch" if work.kernel.device else "sequential"
    plan = Plan(mode=mode or usual, kernel=kernel, workers=workers, device="cpu")
    return find_mode(plan.mode)(work, plan)


def compare(naive: Executor, other: Executor) -> None:
    """Raise ValueError unless the results of the naive kernel are those of the other."""
    expected, found = naive.run().results, other.run().results
    error = difference(expected, found if len(found) == len(expected) else found[:: _step(len(found))])
    if not error <= STRADDLES.tolerance:
        raise ValueError(f"wrong results: they differ from the naive kernel's by {error:.3g}")


def clock(running: Executor) -> Clocked:
    """Return what a straddle costs over as many runs as take ENOUGH seconds."""
    begun, inside, straddles = time.perf_counter(), 0.0, 0
    while time.perf_counter() - begun < ENOUGH:
        outcome = running.run()
        inside += sum(worker.wall for worker in outcome.workers)
        straddles += len(outcome.results)
    return Clocked((time.perf_counter() - begun) / straddles, inside / straddles)
