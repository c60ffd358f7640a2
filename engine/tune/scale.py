"""Strong and weak scaling in one measurement: every plan over all tasks, and over its share of them."""

import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from statistics import median

import msgspec
from msgspec.structs import replace

from engine.analyse.ledger import Ledger
from engine.analyse.scaling import GrowingPoints, Points, Reached, WeakScaling, strong_scaling, weak_scaling
from engine.errors import RequestError
from engine.events import AnyEvent, Sample, SweepFinished, SweepStarted
from engine.measure.statistics import coverage
from engine.modes import MODES
from engine.plan import Plan
from engine.report import Host, SweepReport, WorkloadFacts
from engine.request import SweepRequest
from engine.tune.sweep import sweep

SCHEMA = 1
FEW = 16
"""Tasks of one worker below which their differences tell as much as the workers do."""


class ScalingCurve(msgspec.Struct, frozen=True, kw_only=True):
    """How plans that differ in workers alone scale. One worker is the same kernel run sequentially."""

    plan: Plan
    """With one worker; the others differ in ``workers`` alone."""
    strong: tuple[Reached, ...]
    """All tasks, however many workers."""
    weak: WeakScaling
    """As many tasks for each worker as the most workers have."""


class LeftOut(msgspec.Struct, frozen=True):
    """A plan that is on no curve."""

    plan: Plan
    reason: str


class ScalingReport(msgspec.Struct, frozen=True, kw_only=True):
    """What ``workbench scaling --json`` prints."""

    schema: int = SCHEMA
    workbench: str
    created: str
    """ISO 8601, UTC."""
    complete: bool
    blocks: int
    confidence: float
    """With which an interval, the range over its blocks, holds the true median."""
    host: Host
    workload: WorkloadFacts
    curves: tuple[ScalingCurve, ...]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    """What disturbed the measurement, and what makes it say little."""


def measure_scaling(
    request: SweepRequest, stop: threading.Event | None = None
) -> Generator[AnyEvent, None, ScalingReport]:
    """Measure every plan with several workers over all tasks and over its share, and the kernels sequentially.

    Yields the events of the sweep. Raises RequestError where no plan has several workers, and as ``sweep`` does.
    """
    ledger: Ledger | None = None
    with closing(sweep(_several(request), stop, growing=True)) as events:
        for event in events:
            if isinstance(event, SweepStarted):
                ledger = _begun(event)
            elif isinstance(event, SweepFinished):
                report = event.report
            elif ledger:
                ledger.add(event)
            yield event
    assert ledger
    return _reported(ledger, report)


def _several(request: SweepRequest) -> SweepRequest:
    """The request for every plan in every block, without those of one worker: they are the sequential ones. Modes are
    those with workers unless others are asked for."""
    workers = request.axes.get("workers", ())
    several = tuple(count for count in workers if count != 1)
    if workers and not several:
        raise RequestError("--workers: name a number above 1 as well; one worker is the kernel run sequentially")
    modes = tuple(mode.name for mode in MODES if "workers" in mode.honours)
    return replace(request, full_grid=True, axes={"mode": modes} | request.axes | {"workers": several})


def _begun(started: SweepStarted) -> Ledger:
    if not any(plan.workers > 1 for plan in started.plans):
        raise RequestError("no plan has several workers; name a mode that has, such as --modes shared-memory")
    return Ledger(started)


def _reported(ledger: Ledger, report: SweepReport) -> ScalingReport:
    curves = tuple(_curves(ledger))
    return ScalingReport(
        workbench=report.workbench,
        created=report.created,
        complete=report.complete,
        blocks=report.blocks,
        confidence=coverage(report.blocks) if report.blocks else 0.0,
        host=report.host,
        workload=report.workload,
        curves=curves,
        left_out=tuple(LeftOut(trial.plan, trial.reason) for trial in report.trials if not trial.measured),
        notes=(*_too_few(curves), *report.noise),
    )


def _curves(ledger: Ledger) -> Iterator[ScalingCurve]:
    plans, grouped = ledger.started.plans, dict[Plan, list[int]]()
    for index, plan in enumerate(plans):
        if plan.workers > 1 and ledger.samples[index]:
            grouped.setdefault(replace(plan, workers=1), []).append(index)
    for plan, members in grouped.items():
        alone = [at for at, other in enumerate(plans) if other.mode == "sequential" and _alike(other, plan)]
        samples = {plans[at].workers: ledger.counted(at) for at in (*alone[:1], *members) if ledger.samples[at]}
        if 1 in samples:
            yield ScalingCurve(plan=plan, strong=strong_scaling(_whole(samples)), weak=weak_scaling(_shares(samples)))


def _alike(one: Plan, other: Plan) -> bool:
    return (one.kernel, one.settings) == (other.kernel, other.settings)


def _whole(samples: dict[int, dict[int, Sample]]) -> Points:
    return {
        workers: {block: median(sample.steady) for block, sample in blocks.items()}
        for workers, blocks in samples.items()
    }


def _shares(samples: dict[int, dict[int, Sample]]) -> GrowingPoints:
    shares = {
        workers: {block: sample.parts[0] for block, sample in blocks.items()} for workers, blocks in samples.items()
    }
    return {
        workers: (next(iter(parts.values())).tasks, {block: part.seconds for block, part in parts.items()})
        for workers, parts in shares.items()
    }


def _too_few(curves: tuple[ScalingCurve, ...]) -> Iterator[str]:
    """A note where one worker has so few tasks that their differences show."""
    tasks = min((curve.weak.points[0].tasks for curve in curves if curve.weak.points), default=FEW)
    if tasks < FEW:
        yield f"one worker has {tasks} tasks only, so how they differ shows in weak scaling as much as the workers do"
