"""From the ledger of a sweep to its report."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from math import prod
from statistics import median
from typing import Self

import msgspec
import numpy as np

from engine.analyse.diagnose import losses_of, verdict_of
from engine.analyse.disturbances import disturbances
from engine.analyse.estimate import Estimate, estimate
from engine.analyse.factors import factors_of, factors_on_device, matched
from engine.analyse.figures import Figures
from engine.analyse.ledger import Ledger
from engine.analyse.recommend import recommend
from engine.analyse.scalings import scalings
from engine.analyse.warm_up import warm_up_note
from engine.events import Sample
from engine.measure.statistics import (
    CONFIDENCE,
    Scatter,
    additive_fit,
    karp_flatt,
    moderated_interval,
    paired_ratio,
    scatter,
)
from engine.modes import find_mode
from engine.plan import Plan
from engine.report import Breakdown, Goal, Interval, Measurement, SweepReport, TrialReport, WorkloadFacts


def build_report(ledger: Ledger, goal: Goal) -> SweepReport:
    """Return the report of what was measured so far."""
    plans, spreads = ledger.started.plans, Spreads.of(ledger)
    trials = tuple(_trial(ledger, index, spreads) for index in range(len(plans)))
    trials = tuple(_with_warm_up(trial, trials) for trial in trials)
    facts = _facts(ledger)
    best = recommend(trials, goal, facts.all_tasks, ledger.standing)
    if best:
        fastest, cores = trials[plans.index(best.plan)], ledger.started.host.usable_cores
        figures = Figures(trials, fastest, goal, facts.tasks, ledger.ceiling(), cores)
        trials = tuple(_explained(trial, figures) for trial in trials)
    return SweepReport(
        workbench=metadata.version("workbench"),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        complete=ledger.complete,
        blocks=ledger.blocks,
        blocks_before=ledger.blocks_before,
        confidence=CONFIDENCE,
        host=ledger.started.host,
        workload=facts,
        baseline=plans[ledger.started.baseline],
        trials=trials,
        ceiling=ledger.ceiling(),
        control_seconds=ledger.control_seconds(),
        scaling=tuple(scalings(trials, facts.tasks, ledger.started.host)),
        recommendation=best,
        noise=(*ledger.notes, *disturbances(ledger)),
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


@dataclass(frozen=True)
class Spreads:
    """How much a plan's points differ between blocks, over all plans: for figures of one plan and for ratios of two."""

    plain: Scatter
    paired: Scatter

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        """Return them for steady runs, which are what all intervals but the whole job's are about."""
        values = np.full((len(ledger.started.plans), ledger.blocks + 1), np.nan)
        for index in range(len(values)):
            for block, sample in ledger.counted(index).items():
                values[index, min(block, ledger.blocks)] = np.log(point(sample))
        values = values[np.isfinite(values).any(axis=1)]
        _, rest = additive_fit(values)
        alone = np.where(np.isfinite(values), values - np.nanmean(values, axis=1, keepdims=True), 0.0)
        return cls(scatter(values, alone, block_effects=False), scatter(values, rest))


def _trial(ledger: Ledger, index: int, spreads: Spreads) -> TrialReport:
    """One plan's figures; all of them are medians over its undisturbed blocks."""
    plan = ledger.started.plans[index]
    if index in ledger.failures:
        status, reason = ledger.failures[index]
        return TrialReport(plan=plan, status=status, reason=reason, samples=_raw(ledger, index))
    samples = ledger.counted(index)
    if not samples:
        return TrialReport(plan=plan, status="unmeasured", reason="the sweep ended before it was measured")
    ordered = [samples[block] for block in sorted(samples)]
    steady = [point(sample) for sample in ordered]
    seconds = moderated_interval(steady, spreads.plain)
    kernel_speedup = _paired(ledger, _kernel_reference(ledger, index), index, point, spreads)
    kernel_job_speedup = _paired(ledger, _kernel_reference(ledger, index), index, job, spreads)
    alone = kernel_speedup.median if kernel_speedup else None
    factors = _factors(ledger, index, _typical_steady, kernel_speedup)
    loaded = ledger.data_of(index)
    full = _full(ledger, index)
    return TrialReport(
        plan=plan,
        status="eliminated" if index in ledger.eliminated else "ok",
        reason=ledger.eliminated.get(index, ""),
        runs=tuple(steady),
        samples=_raw(ledger, index),
        seconds=seconds,
        setup_seconds=median(sample.setup for sample in ordered),
        first_run_seconds=median(sample.first_run for sample in ordered),
        job_seconds=moderated_interval([job(sample) for sample in ordered], spreads.plain),
        full_seconds=full.interval,
        full_reason=full.refused,
        full_speedup=_full_speedup(ledger, index),
        tasks_per_second=loaded.tasks / seconds.median if loaded else None,
        speedup=_paired(ledger, ledger.started.baseline, index, point, spreads),
        job_speedup=_paired(ledger, ledger.started.baseline, index, job, spreads),
        efficiency=alone / plan.workers if alone else prod(factors.values()) if factors else None,
        serial_fraction=karp_flatt(alone, plan.workers) if alone else None,
        peak_memory_bytes=max((sample.peak_memory_bytes or 0 for sample in ordered), default=0) or None,
        bytes_copied=ordered[0].shipped_bytes + ordered[0].bytes_back,
        bytes_shipped=ordered[0].shipped_bytes,
        tasks_per_chunk=ordered[0].chunk_size,
        data_hash=loaded.data_hash if loaded else "",
        data_objects=loaded.objects if loaded else "",
        identical=None if any(s.identical is None for s in ordered) else all(s.identical for s in ordered),
        max_error=max(sample.max_error for sample in ordered),
        score=ordered[0].score,
        breakdown=_typical(ordered),
        factors=factors,
        job_factors=_factors(ledger, index, _typical, kernel_job_speedup),
        notes=tuple(dict.fromkeys(note for sample in ordered for note in sample.notes)),
    )


def point(sample: Sample) -> float:
    """Return the one point a block contributes: the median of its steady runs, in seconds."""
    return sample.steady_seconds


def job(sample: Sample) -> float:
    """Return the seconds of one whole job: set-up plus first run."""
    return sample.job_seconds


def _raw(ledger: Ledger, index: int) -> tuple[Measurement, ...]:
    """Everything that was measured of a plan, also where something else disturbed it."""
    return tuple(
        Measurement(block=block, setup=s.setup, first_run=s.first_run, steady=s.steady, noise=s.noise)
        for block, s in ledger.everything(index)
    )


def _full(ledger: Ledger, index: int) -> Estimate:
    """Return the estimate for all tasks; an empty one where all of them were measured."""
    loaded, samples = ledger.data_of(index), ledger.samples[index]
    if not loaded or not loaded.all_tasks:
        return Estimate()
    return estimate([samples[block] for block in sorted(samples)], loaded.tasks, loaded.all_tasks)


def _full_by_block(ledger: Ledger, index: int) -> dict[int, float]:
    """The estimate from each block; none where it is refused."""
    return dict(zip(sorted(ledger.samples[index]), _full(ledger, index).seconds, strict=False))


def _full_speedup(ledger: Ledger, index: int) -> Interval | None:
    """Of the blocks in which both were measured: a sweep may have stopped between the two, or gone on without one."""
    baseline, mine = _full_by_block(ledger, ledger.started.baseline), _full_by_block(ledger, index)
    both = [block for block in baseline if block in mine]
    return paired_ratio([baseline[each] for each in both], [mine[each] for each in both]) if both else None


def _paired(
    ledger: Ledger, top: int | None, bottom: int, figure: Callable[[Sample], float], spreads: Spreads
) -> Interval | None:
    """Interval of a ratio over the blocks in which both plans were measured; None where there is none."""
    if top is None:
        return None
    above, below = ledger.counted(top), ledger.counted(bottom)
    ratios = [figure(above[block]) / figure(below[block]) for block in sorted(above.keys() & below.keys())]
    if top == bottom or not ratios:
        return Interval(1.0, 1.0, 1.0) if ratios else None
    return moderated_interval(ratios, spreads.paired.of_two())


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


def _factors(
    ledger: Ledger, index: int, typical: Callable[[list[Sample]], Breakdown | None], speedup: Interval | None
) -> dict[str, float]:
    """The efficiency in factors; empty where the same kernel was not measured sequentially, unless it is a device's."""
    if find_mode(ledger.started.plans[index].mode).on_device:
        parts = typical(list(ledger.counted(index).values()))
        return factors_on_device(parts) if parts else {}
    reference = _kernel_reference(ledger, index)
    if reference is None or reference == index or speedup is None:
        return {}
    mine, alone = (typical(list(ledger.counted(each).values())) for each in (index, reference))
    workers = ledger.started.plans[index].workers
    return matched(factors_of(mine, alone, workers), speedup.median / workers) if mine and alone else {}


def _typical_steady(samples: list[Sample]) -> Breakdown | None:
    ordered = sorted(samples, key=point)
    return ordered[(len(ordered) - 1) // 2].steady_breakdown


def _explained(trial: TrialReport, figures: Figures) -> TrialReport:
    losses = losses_of(trial, figures)
    return msgspec.structs.replace(trial, losses=losses, verdict=verdict_of(trial, losses, figures))
