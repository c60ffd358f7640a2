"""Live figures of a running sweep: from the samples so far, what the report will say more exactly at the end."""

from collections.abc import Callable, Sequence
from statistics import median

from engine.events import Sample
from engine.plan import Plan
from engine.report import Interval, Status, TrialReport
from workbench.state import Row, State

SEQUENTIAL = "sequential"
"""Mode whose time with the same kernel is what efficiency is measured against."""

Measure = Callable[[Sample], float]


def steady_seconds(sample: Sample) -> float:
    """Seconds of one steady run in this block."""
    return median(sample.steady) if sample.steady else sample.first_run


def job_seconds(sample: Sample) -> float:
    """Seconds of one whole job from nothing in this block."""
    return sample.setup + sample.first_run


def trial(state: State, index: int) -> TrialReport:
    """Return the figures of a row, in the form of the report: its own once it has come, live ones until then."""
    row = state.rows[index]
    if row.report is not None:
        return row.report
    status: Status = "unmeasured" if row.status == "pending" or row.status == "running" else row.status
    if not row.samples:
        return TrialReport(plan=row.plan, status=status, reason=row.reason)
    samples = [sample for _, sample in row.samples]
    seconds = spread([steady_seconds(sample) for sample in samples])
    baseline = state.rows[state.baseline] if state.baseline < len(state.rows) else None
    peaks = [sample.peak_memory_bytes for sample in samples if sample.peak_memory_bytes is not None]
    return TrialReport(
        plan=row.plan,
        status=status,
        reason=row.reason,
        runs=tuple(steady_seconds(sample) for sample in samples),
        seconds=seconds,
        setup_seconds=median(sample.setup for sample in samples),
        first_run_seconds=median(sample.first_run for sample in samples),
        job_seconds=spread([job_seconds(sample) for sample in samples]),
        tasks_per_second=row.tasks / seconds.median if row.tasks and seconds.median else None,
        speedup=paired(baseline, row, steady_seconds),
        job_speedup=paired(baseline, row, job_seconds),
        efficiency=_efficiency(state, row),
        peak_memory_bytes=max(peaks, default=None),
        bytes_shipped=samples[0].shipped_bytes,
        breakdown=samples[-1].breakdown,
    )


class Figures:
    """The figures of all rows of a sweep, of which only those are made anew whose measurements have changed."""

    def __init__(self) -> None:
        self._known: list[tuple[tuple[Row | None, ...], TrialReport]] = []

    def of(self, state: State) -> list[TrialReport]:
        """Return the figures of every row; those that are as before are the same objects."""
        baseline = state.rows[state.baseline] if state.baseline < len(state.rows) else None
        alone = [row for row in state.rows if row.plan.mode == SEQUENTIAL]
        known, before = [], self._known
        for index, row in enumerate(state.rows):
            sources = (row, *(() if row.report else (baseline, *alone)))
            if index < len(before) and _same(before[index][0], sources):
                known.append(before[index])
            else:
                known.append((sources, trial(state, index)))
        self._known = known
        return [figures for _, figures in known]


def _same(some: Sequence[object], others: Sequence[object]) -> bool:
    return len(some) == len(others) and all(one is other for one, other in zip(some, others, strict=True))


def spread(values: Sequence[float]) -> Interval:
    """Return the median between the lowest and the highest of these values."""
    return Interval(median(values), min(values), max(values))


def paired(reference: Row | None, row: Row, measure: Measure) -> Interval | None:
    """Return the speedup of ``row`` over ``reference`` from the blocks both were measured in, or None without one."""
    times = dict(reference.samples) if reference else {}
    ratios = [
        measure(times[block]) / measure(sample)
        for block, sample in row.samples
        if block in times and measure(sample) > 0
    ]
    return spread(ratios) if ratios else None


def _efficiency(state: State, row: Row) -> float | None:
    speedup = paired(_same_kernel(state, row.plan), row, steady_seconds)
    return speedup.median / row.plan.workers if speedup else None


def _same_kernel(state: State, plan: Plan) -> Row | None:
    """The sequential row of the same kernel and settings; of several, the one with as many threads per worker."""
    rows = [
        row
        for row in state.rows
        if row.plan.mode == SEQUENTIAL and row.plan.kernel == plan.kernel and row.plan.settings == plan.settings
    ]
    rows.sort(key=lambda row: row.plan.threads_per_worker != plan.threads_per_worker)
    return rows[0] if rows else None
