"""From the ledger of a sweep to its report."""

from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from statistics import median

import msgspec

from engine.analyse.diagnose import Figures, losses_of, verdict_of
from engine.analyse.estimate import Estimate, estimate
from engine.analyse.ledger import Ledger
from engine.analyse.recommend import recommend
from engine.analyse.warm_up import warm_up_note
from engine.events import Sample
from engine.measure.statistics import coverage, karp_flatt, median_interval, paired_ratio
from engine.plan import Plan
from engine.report import Breakdown, Ceiling, Goal, Interval, SweepReport, TrialReport, WorkloadFacts


def build_report(ledger: Ledger, goal: Goal) -> SweepReport:
    """Return the report of what was measured so far."""
    plans = ledger.started.plans
    trials = tuple(_trial(ledger, index) for index in range(len(plans)))
    trials = tuple(_with_warm_up(trial, trials) for trial in trials)
    facts = _facts(ledger)
    best = recommend(trials, goal, facts.all_tasks)
    if best:
        figures = Figures(trials, trials[plans.index(best.plan)], goal)
        trials = tuple(_explained(trial, figures) for trial in trials)
    return SweepReport(
        workbench=metadata.version("workbench"),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        complete=ledger.blocks == ledger.started.blocks,
        blocks=ledger.blocks,
        confidence=round(coverage(max(1, ledger.blocks)), 4),
        host=ledger.started.host,
        workload=facts,
        baseline=plans[ledger.started.baseline],
        trials=trials,
        ceiling=tuple(Ceiling(workers, round(speedup, 4)) for workers, speedup in ledger.ceiling().items()),
        recommendation=best,
        noise=tuple(ledger.notes),
    )


def _with_warm_up(trial: TrialReport, trials: tuple[TrialReport, ...]) -> TrialReport:
    note = warm_up_note(trial, trials)
    return msgspec.structs.replace(trial, notes=(*trial.notes, note)) if note else trial


def _facts(ledger: Ledger) -> WorkloadFacts:
    plans, loaded = ledger.started.plans, ledger.data_of(ledger.started.baseline)
    common = dict(plans[0].settings.items())
    for plan in plans:
        common = {name: value for name, value in common.items() if plan.settings.get(name) == value}
    return WorkloadFacts(
        name=ledger.started.workload,
        reference=ledger.started.reference,
        tasks_reference=ledger.started.tasks_reference,
        data_reference=ledger.started.data_reference,
        size=ledger.started.size,
        tasks=loaded.tasks if loaded else 0,
        all_tasks=loaded.all_tasks if loaded else 0,
        settings=common,
        data_bytes=loaded.data_bytes if loaded else 0,
        data_hash=loaded.data_hash if loaded else "",
    )


def _trial(ledger: Ledger, index: int) -> TrialReport:
    """One plan's figures; all of them are medians over its blocks."""
    plan = ledger.started.plans[index]
    if index in ledger.failures:
        status, reason = ledger.failures[index]
        return TrialReport(plan=plan, status=status, reason=reason)
    samples = ledger.samples[index]
    if not samples:
        return TrialReport(plan=plan, status="unmeasured", reason="the sweep ended before it was measured")
    ordered = [samples[block] for block in sorted(samples)]
    steady = [point(sample) for sample in ordered]
    seconds = median_interval(steady)
    kernel_speedup = _paired(ledger, _kernel_reference(ledger, index), index, point)
    alone = kernel_speedup.median if kernel_speedup else None
    loaded = ledger.data_of(index)
    full = _full(ledger, index)
    return TrialReport(
        plan=plan,
        status="ok",
        runs=tuple(steady),
        seconds=seconds,
        setup_seconds=median(sample.setup for sample in ordered),
        first_run_seconds=median(sample.first_run for sample in ordered),
        job_seconds=median_interval([job(sample) for sample in ordered]),
        full_seconds=full.interval,
        full_reason=full.refused,
        full_speedup=_full_speedup(_full(ledger, ledger.started.baseline), full),
        tasks_per_second=loaded.tasks / seconds.median if loaded else None,
        speedup=_paired(ledger, ledger.started.baseline, index, point),
        job_speedup=_paired(ledger, ledger.started.baseline, index, job),
        efficiency=alone / plan.workers if alone else None,
        serial_fraction=karp_flatt(alone, plan.workers) if alone else None,
        peak_memory_bytes=max((sample.peak_memory_bytes or 0 for sample in ordered), default=0) or None,
        bytes_copied=ordered[0].shipped_bytes + ordered[0].bytes_back,
        bytes_shipped=ordered[0].shipped_bytes,
        tasks_per_chunk=ordered[0].chunk_size,
        data_hash=loaded.data_hash if loaded else "",
        identical=None if any(s.identical is None for s in ordered) else all(s.identical for s in ordered),
        max_error=max(sample.max_error for sample in ordered),
        score=ordered[0].score,
        breakdown=_typical(ordered),
        notes=tuple(dict.fromkeys(note for sample in ordered for note in sample.notes)),
    )


def point(sample: Sample) -> float:
    """Return the one point a block contributes: the median of its steady runs, in seconds."""
    return median(sample.steady)


def job(sample: Sample) -> float:
    """Return the seconds of one whole job: set-up plus first run."""
    return sample.setup + sample.first_run


def _full(ledger: Ledger, index: int) -> Estimate:
    """Return the estimate for all tasks; an empty one where all of them were measured."""
    loaded, samples = ledger.data_of(index), ledger.samples[index]
    if not loaded or not loaded.all_tasks:
        return Estimate()
    return estimate([samples[block] for block in sorted(samples)], loaded.tasks, loaded.all_tasks)


def _full_speedup(baseline: Estimate, mine: Estimate) -> Interval | None:
    pairs = list(zip(baseline.seconds, mine.seconds, strict=False))  # a sweep may have stopped between the two
    return paired_ratio([top for top, _ in pairs], [bottom for _, bottom in pairs]) if pairs else None


def _paired(ledger: Ledger, top: int | None, bottom: int, figure: Callable[[Sample], float]) -> Interval | None:
    """Interval of a ratio over the blocks in which both plans were measured; None where there is none."""
    if top is None:
        return None
    above, below = ledger.samples[top], ledger.samples[bottom]
    both = sorted(above.keys() & below.keys())
    return paired_ratio([figure(above[b]) for b in both], [figure(below[b]) for b in both]) if both else None


def _kernel_reference(ledger: Ledger, index: int) -> int | None:
    """Index of the sequential plan with the same kernel and settings and the automatic chunk size, or any other."""
    plan, plans = ledger.started.plans[index], ledger.started.plans
    if plan.mode == "sequential":
        return index
    alike = [other for other, each in enumerate(plans) if each.mode == "sequential" and _same_kernel(each, plan)]
    return min(alike, key=lambda other: plans[other].chunk_size != "auto", default=None)


def _same_kernel(one: Plan, other: Plan) -> bool:
    return (one.kernel, one.settings) == (other.kernel, other.settings)


def _typical(samples: list[Sample]) -> Breakdown:
    """The breakdown of the block whose job took the median time; medians of the parts would not add up."""
    ordered = sorted(samples, key=job)
    return ordered[(len(ordered) - 1) // 2].breakdown


def _explained(trial: TrialReport, figures: Figures) -> TrialReport:
    losses = losses_of(trial, figures)
    return msgspec.structs.replace(trial, losses=losses, verdict=verdict_of(trial, losses, figures))
