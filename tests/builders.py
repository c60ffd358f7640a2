"""Small builders of events and reports for tests: name what the test is about, the rest has sensible values."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

import msgspec

from engine.events import (
    AnyEvent,
    BlockFinished,
    BlockStarted,
    CeilingMeasured,
    ControlMeasured,
    DataLoaded,
    PlanEliminated,
    RaceLooked,
    RunFinished,
    Sample,
    SweepFinished,
    SweepStarted,
    TakenOver,
    TrialDisturbed,
    TrialFailed,
    TrialFinished,
    TrialStarted,
)
from engine.plan import Plan
from engine.report import (
    Breakdown,
    Ceiling,
    Host,
    Interval,
    Noise,
    Recommendation,
    SweepReport,
    TrialReport,
    WorkloadFacts,
)

TASKS = 1000


def a_host(**changes: Any) -> Host:
    facts: dict[str, Any] = {
        "fingerprint": "0123456789abcdef",
        "cpu": "Test CPU",
        "physical_cores": 4,
        "usable_cores": 4,
        "memory_bytes": 16_000_000_000,
        "system": "Linux x86_64",
        "python": "3.11.7",
        "gil": True,
    }
    return Host(**(facts | changes))


def a_plan(mode: str = "sequential", workers: int = 1, kernel: str = "python", **changes: Any) -> Plan:
    return Plan(mode=mode, workers=workers, kernel=kernel, **changes)


SOME_PLANS = (
    a_plan(),
    a_plan("sequential", 1, "numpy"),
    a_plan("thread", 2),
    a_plan("thread", 4),
    a_plan("process", 4),
    a_plan("shared-memory", 2, "numpy"),
    a_plan("shared-memory", 4, "numpy"),
    a_plan("gpu-batch", 1, "torch"),
)
"""What a_sweep measures unless told otherwise; the last is unavailable."""

SOME_SECONDS = (2.0, 0.4, 1.9, 2.1, 0.7, 0.21, 0.11, 0.0)
"""Steady seconds of these plans."""


def a_sample(seconds: float = 1.0, setup: float = 0.1, **changes: Any) -> Sample:
    facts: dict[str, Any] = {
        "setup": setup,
        "first_run": seconds * 1.1,
        "steady": (seconds * 1.02, seconds, seconds * 0.98),
        "breakdown": Breakdown(start=setup, compute=seconds),
        "shipped_bytes": 0,
        "shipped_copies": 0,
        "bytes_back": 8000,
        "peak_memory_bytes": 216_000_000,
        "identical": True,
        "max_error": 0.0,
        "score": None,
        "chunk_size": 100,
    }
    return Sample(**(facts | changes))


def a_start(
    plans: Sequence[Plan] = SOME_PLANS, blocks: int = 3, baseline: int = 0, race: bool = False, **changes: Any
) -> SweepStarted:
    return SweepStarted(
        workload="straddles",
        reference="straddles",
        size="small",
        host=a_host(),
        plans=tuple(plans),
        baseline=baseline,
        blocks=blocks,
        race=race,
        **changes,
    )


def a_trial(block: int, plan: int, seconds: float, left: float | None = None) -> Iterator[AnyEvent]:
    """The events of one plan in one block."""
    sample = a_sample(seconds)
    yield TrialStarted(block=block, plan=plan, seconds_left=left)
    yield RunFinished(block=block, plan=plan, kind="set-up", seconds=sample.setup)
    yield RunFinished(block=block, plan=plan, kind="first", seconds=sample.first_run)
    for steady in sample.steady:
        yield RunFinished(block=block, plan=plan, kind="steady", seconds=steady)
    yield TrialFinished(block=block, plan=plan, sample=sample)


def a_failure(block: int, plan: int, reason: str = "no CUDA device here", status: Any = "unavailable") -> TrialFailed:
    return TrialFailed(block=block, plan=plan, status=status, reason=reason)


def a_sweep(
    plans: Sequence[Plan] = SOME_PLANS,
    times: Sequence[float] = SOME_SECONDS,
    blocks: int = 3,
    failure: str = "no CUDA device here",
) -> list[AnyEvent]:
    """The events of a whole sweep. A plan whose time is 0 is unavailable for the reason ``failure``."""
    events: list[AnyEvent] = [a_start(plans, blocks)]
    for block in range(blocks):
        events += _a_block(block, times, blocks, failure)
    events.append(SweepFinished(report=a_report(plans, times, blocks, failure=failure)))
    return events


def a_race() -> list[AnyEvent]:
    """Two blocks of a race between three plans: one leaves after the first, another is disturbed in it."""
    plans, hog = SOME_PLANS[:3], Noise(others=0.9, reasons=("other processes kept 0.9 cores busy",))
    events: list[AnyEvent] = [a_start(plans, blocks=5, race=True)]
    for block, racing in enumerate(((0, 1, 2), (1, 2))):
        events.append(BlockStarted(block=block, plans=racing))
        for plan in racing:
            seconds = (9.0, 1.0, 1.1)[plan]
            if (block, plan) == (0, 2):
                events.append(TrialStarted(block=block, plan=plan))
                events.append(TrialDisturbed(block=block, plan=plan, sample=a_sample(2 * seconds, noise=hog)))
            events += a_trial(block, plan, seconds)
        events.append(BlockFinished(block=block, seconds=20.0))
        if block == 0:
            events.append(PlanEliminated(block=0, plan=0, reason="slower than sequential, numpy beyond doubt"))
        events.append(a_look(block, decided=block == 1))
    return events


def a_continued_race() -> list[AnyEvent]:
    """The same race, of which an earlier sweep measured the first block."""
    start, *events = a_race()
    assert isinstance(start, SweepStarted)
    second = next(at for at, event in enumerate(events) if isinstance(event, BlockStarted) and event.block == 1)
    taken_over = TakenOver(samples=3, plans=3, blocks=1)
    return [msgspec.structs.replace(start, continued=True), *events[:second], taken_over, *events[second:]]


def a_look(block: int, **changes: Any) -> RaceLooked:
    """Plan 1 leads, plan 2 may be as fast."""
    facts: dict[str, Any] = {"leader": 1, "within": 0.04, "wanted": 0.03, "racing": (1, 2), "blocks": block + 1}
    return RaceLooked(block=block, **(facts | {"bounds": {1: 0.04, 2: 0.25}} | changes))


def _a_block(block: int, times: Sequence[float], blocks: int, failure: str) -> Iterator[AnyEvent]:
    yield BlockStarted(block=block)
    yield DataLoaded(block=block, plan=0, tasks=TASKS, seconds=0.3, data_bytes=216_000_000)
    yield ControlMeasured(block=block, seconds=0.04)
    yield CeilingMeasured(block=block, workers=2, speedup=1.9 + 0.01 * block)
    yield CeilingMeasured(block=block, workers=4, speedup=3.6 + 0.05 * block)
    left = sum(times) * 5 * (blocks - block)
    for plan, seconds in enumerate(times):
        if seconds:
            yield from a_trial(block, plan, seconds * _drift(block), left)
            left -= seconds * 5
        elif block == 0:
            yield a_failure(block, plan, failure)
    yield BlockFinished(block=block, seconds=sum(times) * 5)


def _drift(block: int) -> float:
    """Blocks differ a little, as they do."""
    return (1.0, 1.03, 0.98, 1.01, 0.99)[block % 5]


def a_report(
    plans: Sequence[Plan] = SOME_PLANS,
    times: Sequence[float] = SOME_SECONDS,
    blocks: int = 3,
    failure: str = "no CUDA device here",
    **changes: Any,
) -> SweepReport:
    """The report of a_sweep with the same arguments."""
    trials = tuple(
        _a_trial_report(plan, seconds, times[0], plans, times, blocks)
        if seconds
        else TrialReport(plan=plan, status="unavailable", reason=failure, verdict=f"not measured: {failure}")
        for plan, seconds in zip(plans, times, strict=True)
    )
    best = max(trials, key=lambda trial: trial.job_speedup.median if trial.job_speedup else 0.0)
    assert best.job_speedup
    facts: dict[str, Any] = {
        "workbench": "0.1.0",
        "created": "2026-01-01T00:00:00Z",
        "complete": True,
        "blocks": blocks,
        "confidence": 0.75,
        "host": a_host(),
        "workload": WorkloadFacts(
            name="straddles", reference="straddles", size="small", tasks=TASKS, data_bytes=216_000_000
        ),
        "baseline": plans[0],
        "trials": trials,
        "ceiling": (Ceiling(2, 1.91), Ceiling(4, 3.65)),
        "recommendation": Recommendation(
            plan=best.plan,
            goal="job",
            speedup=best.job_speedup,
            reason="the whole chunk is computed at once and the data is shared, not copied",
            note="a pool that stays up pays from the second run on",
        ),
        "noise": ("another process used 6% of the CPU during block 2",),
    }
    return SweepReport(**(facts | changes))


def _a_trial_report(
    plan: Plan, seconds: float, baseline: float, plans: Sequence[Plan], times: Sequence[float], blocks: int
) -> TrialReport:
    runs = tuple(seconds * _drift(block) for block in range(blocks))
    alone = next(
        (
            time
            for other, time in zip(plans, times, strict=True)
            if other.mode == "sequential" and other.kernel == plan.kernel
        ),
        None,
    )
    job = 0.1 + 1.1 * seconds
    job_speedup = (0.1 + 1.1 * baseline) / job
    return TrialReport(
        plan=plan,
        status="ok",
        runs=runs,
        seconds=Interval(median(runs), min(runs), max(runs)),
        setup_seconds=0.1,
        first_run_seconds=1.1 * seconds,
        job_seconds=Interval(job, job * 0.98, job * 1.03),
        tasks_per_second=TASKS / median(runs),
        speedup=Interval(baseline / seconds, baseline / seconds * 0.97, baseline / seconds * 1.03),
        job_speedup=Interval(job_speedup, job_speedup * 0.97, job_speedup * 1.03),
        efficiency=alone / seconds / plan.workers if alone else None,
        peak_memory_bytes=216_000_000,
        identical=True,
        max_error=0.0,
        verdict=f"computes for {seconds:g} s of its time",
    )
