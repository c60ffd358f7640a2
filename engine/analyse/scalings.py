"""Which plans of a report belong to one scaling curve, how it bends, and what it says of another machine."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from engine.analyse.scaling import Machine, Need, WhatIf, scaling_of, what_if
from engine.plan import Plan
from engine.report import Host, Scaling, SweepReport, TrialReport


@dataclass(frozen=True)
class Curve:
    """Plans that differ in workers alone."""

    plan: Plan
    """The first of them."""
    points: dict[int, dict[int, float]] = field(default_factory=dict)
    """Seconds of a steady run by workers and block; one worker is the same kernel run sequentially."""
    memory: dict[int, int] = field(default_factory=dict)
    """Peak bytes of all processes, by workers."""


def scalings(trials: Sequence[TrialReport], tasks: int, host: Host) -> Iterator[Scaling]:
    """Yield how the speed of each mode, kernel and settings grows with workers, where it was measured at two counts."""
    for curve in curves(trials):
        if len(curve.points) > 1:
            yield scaling_of(curve.points, tasks, curve.plan, host.usable_cores)


def what_ifs(report: SweepReport, machine: Machine) -> Iterator[tuple[Plan, WhatIf]]:
    """Yield what a steady run of each curve would take on a machine that is only described, with a plan for it."""
    for curve in curves(report.trials):
        if len(curve.points) > 1:
            found = what_if(curve.points, machine, _need(curve), report.host.usable_cores)
            yield curve.plan, found


def curves(trials: Sequence[TrialReport]) -> list[Curve]:
    """Return the curves of a report. Of several plans with as many workers, which differ in chunk size or start method,
    the fastest is taken."""
    found: dict[object, Curve] = {}
    for trial in sorted(filter(lambda each: each.measured, trials), key=_steady):
        plan = trial.plan
        if plan.workers > 1:
            curve = found.setdefault((plan.mode, plan.kernel, tuple(plan.settings.items())), _begun(trials, plan))
            curve.points.setdefault(plan.workers, seconds_by_block(trial))
            curve.memory.setdefault(plan.workers, trial.peak_memory_bytes or 0)
    return list(found.values())


def seconds_by_block(trial: TrialReport) -> dict[int, float]:
    """Return the seconds of a steady run in each undisturbed block; in all blocks where there is no such one."""
    clean = [sample for sample in trial.samples if not (sample.noise and sample.noise.reasons)]
    return {sample.block: median(sample.steady) for sample in clean or trial.samples}


def _begun(trials: Sequence[TrialReport], plan: Plan) -> Curve:
    alone = [t for t in trials if t.measured and t.plan.mode == "sequential" and _same(t.plan, plan)]
    if not alone:
        return Curve(plan)
    best = min(alone, key=_steady)
    return Curve(plan, {1: seconds_by_block(best)}, {1: best.peak_memory_bytes or 0})


def _same(one: Plan, other: Plan) -> bool:
    return (one.kernel, one.settings) == (other.kernel, other.settings)


def _steady(trial: TrialReport) -> float:
    return trial.seconds.median if trial.seconds else float("inf")


def _need(curve: Curve) -> Need:
    """What memory grows by from the fewest to the most workers, and what is there once."""
    few, many = min(curve.memory), max(curve.memory)
    each = max(0, curve.memory[many] - curve.memory[few]) // max(1, many - few)
    return Need(shared_bytes=max(0, curve.memory[few] - few * each), per_worker_bytes=each)
