"""One plan in one block: set-up, first run, result check, steady runs."""

import contextlib
import time
import zlib
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from multiprocessing import forkserver
from statistics import median
from typing import Any

from engine.errors import WorkFailed
from engine.events import Lane, PartRun, RunFinished, Sample
from engine.executor import Executor, Job, Outcome
from engine.host import usable_cores
from engine.knob import Scalar
from engine.measure.breakdown import break_down_run, ghost_transfer, with_set_up
from engine.measure.device import DeviceShares, device_shares
from engine.measure.memory import MemoryWatch, memory_of_family
from engine.measure.noise import NoiseWatch, Sensing
from engine.measure.results import References, difference
from engine.modes import find_mode
from engine.modes.gpu_batch import pick_device
from engine.plan import Plan
from engine.pool.starting.forkserver import start_afresh
from engine.report import Breakdown, Noise
from engine.workload import Workload

ENOUGH, MOST = 0.5, 25
"""Seconds of steady runs, or their number, that suffice for a block's one point: what disturbs half a second is short
against it, and more runs of one process say little, since processes differ more than runs."""
WATCHED = 10.0
"""A first run longer than this is not repeated for the sake of watching its memory."""


@dataclass(frozen=True)
class Trial:
    """A plan about to be measured."""

    block: int
    index: int
    plan: Plan
    workload: Workload
    job: Job
    parts: tuple[int, ...] = ()
    """Tasks of the shorter runs that a sample needs."""
    typical: Noise | None = None
    """What usually goes on while this plan is measured; None: it is not known yet."""
    watch: bool = True
    """Do one more run to see what memory it needs at most."""


def measure(
    trial: Trial, references: References, sensors: Sensing | None = None
) -> Generator[RunFinished, None, Sample]:
    """Yield each run as it finishes and return the sample.

    No event is yielded and no sensor read inside a timed region. The noise is that of set-up, first run, steady and
    shorter runs together. Raises WorkFailed when the results are wrong or the work fails.
    """
    executor, watch = find_mode(trial.plan.mode)(trial.job, trial.plan), NoiseWatch(sensors)
    forget_starters()
    watch.begin()
    begun = time.perf_counter()
    with executor:
        setup = time.perf_counter() - begun
        yield _run_finished(trial, "set-up", setup)
        peak = memory_of_family()
        first, outcome = _timed(executor)
        watch.end()
        yield _run_finished(trial, "first", first)
        check = _check(trial, outcome.results, references)
        split = partial(break_down_run, ghost=ghost_transfer(outcome), device=_device(trial, executor, first))
        first_parts = split(first, outcome)
        peak = max(peak, _watch_memory(trial, executor, first))
        watch.begin()
        steady, again, parts_of_steady = yield from _steady_runs(trial, executor, split)
        watch.end()
        _check_again(trial, again.results, references)
        watch.begin()
        parts = tuple(_shorter(executor, tasks) for tasks in trial.parts)
        watch.end()
        shipping, score = executor.shipping, trial.workload.score
        return Sample(
            setup=setup,
            first_run=first,
            steady=steady,
            breakdown=with_set_up(first_parts, setup, shipping),
            steady_breakdown=parts_of_steady,
            shipped_bytes=shipping.bytes,
            shipped_copies=shipping.copies,
            bytes_back=outcome.bytes_back,
            peak_memory_bytes=peak,
            identical=check.identical,
            max_error=check.max_error,
            score=float(score(again.results)) if score else None,
            chunk_size=outcome.chunk_size,
            parts=parts,
            lanes=_lanes(outcome),
            notes=(*executor.notes, *_notes(trial)),
            noise=watch.noise(trial.plan.workers * trial.plan.threads_per_worker, trial.typical),
        )


def _lanes(outcome: Outcome) -> tuple[Lane, ...]:
    return tuple(Lane(worker.wall, worker.cpu, worker.chunks) for worker in outcome.workers)


def forget_starters() -> None:
    """End the processes from which earlier pools forked their workers, ours and the standard library's.

    A job in production is a program's first pool. A later one in the same process finds them running, and NumPy
    imported: two workers are up after 0.02 s instead of 0.35 s, and whichever plan came first would have paid.
    """
    start_afresh()
    server: Any = forkserver._forkserver
    with contextlib.suppress(ChildProcessError):  # somebody else has waited for it
        server._stop()  # as the library's own tests do; nothing public ends it


def _steady_runs(
    trial: Trial, executor: Executor, split: Callable[[float, Outcome], Breakdown]
) -> Generator[RunFinished, None, tuple[tuple[float, ...], Outcome, Breakdown]]:
    """Seconds of every run, the outcome of the last, and the parts of the one that took the median time."""
    steady, parts = list[float](), list[Breakdown]()
    while _more(steady):
        seconds, outcome = _timed(executor)
        steady.append(seconds)
        parts.append(split(seconds, outcome))
        yield _run_finished(trial, "steady", seconds)
    middle = sorted(range(len(steady)), key=lambda at: steady[at])[(len(steady) - 1) // 2]
    return tuple(steady), outcome, parts[middle]


def _device(trial: Trial, executor: Executor, first: float) -> DeviceShares | None:
    """What the time on a device consists of, from a run that is not timed."""
    if not executor.on_device or first > WATCHED:
        return None
    return device_shares(executor.run, pick_device(trial.plan.device))


def _notes(trial: Trial) -> tuple[str, ...]:
    notes, workers, cores = trial.job.kernel.notes, trial.plan.workers, usable_cores()
    more = f"{workers} workers share {cores} core{'' if cores == 1 else 's'}, which pays only where tasks wait"
    return (*(notes(trial.plan.settings) if notes else ()), *([more] if workers > cores else []))


def _run_finished(trial: Trial, kind: str, seconds: float) -> RunFinished:
    return RunFinished(block=trial.block, plan=trial.index, kind=kind, seconds=seconds)


def _timed(executor: Executor) -> tuple[float, Outcome]:
    begun = time.perf_counter()
    outcome = executor.run()
    return time.perf_counter() - begun, outcome


def _more(steady: list[float]) -> bool:
    total, count = sum(steady), len(steady)
    return total < ENOUGH and count < MOST


def _shorter(executor: Executor, tasks: int) -> PartRun:
    seconds: list[float] = []
    while _more(seconds):
        begun = time.perf_counter()
        executor.run(tasks)
        seconds.append(time.perf_counter() - begun)
    return PartRun(tasks, median(seconds))


def _watch_memory(trial: Trial, executor: Executor, first: float) -> int:
    """Peak of a run that is not timed, where one is wanted; elsewhere the memory right after a run."""
    if not trial.watch or first > WATCHED:
        return memory_of_family()
    with MemoryWatch() as watch:
        executor.run()
    return watch.peak


@dataclass(frozen=True)
class Check:
    """How results compare: with the same kernel run sequentially, and with the baseline."""

    identical: bool | None
    max_error: float


def baseline_key(trial: Trial) -> str:
    """Return the key of the results a trial is compared with: the baseline's, or the naive kernel's of its quality."""
    qualities = [knob.name for knob in trial.workload.knobs if knob.changes_quality]
    if not qualities:
        return "baseline"
    return f"baseline-{_digest({name: trial.plan.settings.get(name) for name in qualities})}"


def kernel_key(plan: Plan) -> str:
    """Return the key under which the sequential results of a plan's kernel and settings are kept."""
    return f"kernel-{plan.kernel}-{_digest(plan.settings)}"


def _digest(settings: Mapping[str, Scalar | None]) -> str:
    return f"{zlib.crc32(repr(sorted(settings.items())).encode()):x}"


def _check(trial: Trial, results: Any, references: References) -> Check:
    """Compare the first results; keep them if they are the ones others are compared with. Raises WorkFailed."""
    baseline = references.get(baseline_key(trial))
    if baseline is None:
        references.put(baseline_key(trial), results)
        baseline = results
    error = difference(baseline, results)
    if error > trial.workload.tolerance:
        raise WorkFailed(
            f"wrong results: they differ from the baseline's by {error:.3g}, more than {trial.workload.tolerance:g}"
        )
    same = references.get(kernel_key(trial.plan))
    if same is None and trial.plan.mode == "sequential":
        references.put(kernel_key(trial.plan), results)
        return Check(True, error)
    identical = None if same is None else difference(same, results) == 0.0
    if identical is False and not trial.job.kernel.device:
        raise WorkFailed("wrong results: they are not bit for bit those of the same kernel run sequentially")
    return Check(identical, error)


def _check_again(trial: Trial, results: Any, references: References) -> None:
    error = difference(references.get(baseline_key(trial)), results)
    if error > trial.workload.tolerance:
        raise WorkFailed(f"the results change from run to run: the last differs from the baseline's by {error:.3g}")
