"""What a view shows of a sweep: a pure fold of its events. Used alike by the terminal UI, ``--plain`` and replay."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, assert_never

from engine.analyse.ceilings import ceiling_of
from engine.events import (
    AnyEvent,
    BlockFinished,
    BlockStarted,
    CeilingMeasured,
    ControlMeasured,
    DataLoaded,
    Failed,
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
from engine.report import Ceiling, Host, Noise, Recommendation, Status, SweepReport, TrialReport

RowStatus = Literal["pending", "running"] | Status
"""A plan waits, is being measured, or has the status it will have in the report."""

_NEXT_PHASE = {"set-up": "first run", "first": "steady runs", "steady": "steady runs"}


@dataclass(frozen=True)
class Row:
    """One plan of the sweep, as far as it has been measured."""

    plan: Plan
    status: RowStatus = "pending"
    reason: str = ""
    """Why it failed, is unavailable, was not measured or left the race."""
    eliminated: bool = False
    """It left the race after it was measured."""
    tasks: int = 0
    """Tasks of one run with its settings; 0 until the data was loaded."""
    samples: tuple[tuple[int, Sample], ...] = ()
    """``(block, sample)`` in the order of the blocks."""
    phase: str = ""
    """What is going on while it runs: ``set-up``, ``first run`` or ``steady runs``."""
    report: TrialReport | None = None
    """The final figures; once there they replace the live ones."""


@dataclass(frozen=True)
class State:
    """Everything known about one sweep so far."""

    workload: str = ""
    reference: str = ""
    """How the workload was named in the request."""
    functions: tuple[str, str] = ("", "")
    """Where a plain function was swept: what names its tasks and its data."""
    size: str = ""
    host: Host | None = None
    rows: tuple[Row, ...] = ()
    baseline: int = 0
    """Index of the baseline in ``rows``."""
    blocks: int = 0
    """Blocks the sweep will have; a race takes as many as it needs."""
    race: bool = False
    """Plans that cannot win are dropped on the way."""
    taking_over: bool = False
    """What is told now was measured by an earlier sweep."""
    looked: RaceLooked | None = None
    """How the race stood after the last block."""
    block: int | None = None
    """The block now being measured, from 0."""
    of_block: tuple[int, ...] = ()
    """The plans that are measured in it."""
    tasks: int = 0
    data_bytes: int = 0
    seconds_left: float | None = None
    """Estimate made when the current trial started."""
    ceilings: tuple[CeilingMeasured, ...] = ()
    noise: Noise | None = None
    """What else went on in the last measurement."""
    report: SweepReport | None = None
    error: str = ""
    """Why the sweep as a whole failed."""
    exit_code: int = 0

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The plans of the rows."""
        return tuple(row.plan for row in self.rows)

    @property
    def running(self) -> int | None:
        """Index of the plan being measured now."""
        return next((index for index, row in enumerate(self.rows) if row.status == "running"), None)

    @property
    def finished(self) -> bool:
        """Whether no event will follow."""
        return self.report is not None or bool(self.error)

    @property
    def trials(self) -> int:
        """Trials of the whole sweep, one for each plan and block; of a race those up to the end of this block."""
        if not self.race:
            return len(self.rows) * self.blocks
        waiting = [plan for plan in self.of_block if plan < len(self.rows) and self._waits(self.rows[plan])]
        return self.trials_done + len(waiting)

    def _waits(self, row: Row) -> bool:
        """Whether a plan is still to be measured in this block."""
        measured = any(block == self.block for block, _ in row.samples)
        return not measured and (row.eliminated or not _dropped(row)) and not self.finished

    @property
    def trials_done(self) -> int:
        """Trials behind us; where none is dropped, counting those a failed plan will never need."""
        if self.race:
            return sum(len(row.samples) for row in self.rows)
        return sum(self.blocks if _dropped(row) else min(len(row.samples), self.blocks) for row in self.rows)

    @property
    def recommendation(self) -> Recommendation | None:
        """The plan to use, once the sweep is over."""
        return self.report.recommendation if self.report else None

    @property
    def ceiling(self) -> tuple[Ceiling, ...]:
        """Most speedup this machine had to give, per number of workers."""
        if self.report:
            return self.report.ceiling
        return ceiling_of(self.ceilings)


def fold(state: State, event: AnyEvent) -> State:
    """Return the state after one more event."""
    match event:
        case SweepStarted():
            return _started(event)
        case BlockStarted():
            return replace(state, block=event.block, of_block=event.plans)
        case DataLoaded():
            return _loaded(state, event)
        case CeilingMeasured():
            return replace(state, ceilings=(*state.ceilings, event))
        case TrialStarted() | RunFinished() | TrialFinished() | TrialDisturbed() | TrialFailed() | PlanEliminated():
            return _fold_trial(state, event)
        case RaceLooked():
            return replace(state, looked=event)
        case ControlMeasured() | BlockFinished() | TakenOver():
            return replace(state, taking_over=state.taking_over and not isinstance(event, TakenOver))
        case SweepFinished():
            return _finished(state, event.report)
        case Failed():
            rows = tuple(_ended(row, event.message) for row in state.rows)
            return replace(state, rows=rows, error=event.message or "the sweep failed", exit_code=event.exit_code)
        case _:
            assert_never(event)


def fold_all(events: Iterable[AnyEvent], state: State | None = None) -> State:
    """Return the state after all of these events."""
    state = state or State()
    for event in events:
        state = fold(state, event)
    return state


def _started(event: SweepStarted) -> State:
    return State(
        workload=event.workload,
        reference=event.reference,
        functions=(event.tasks_reference, event.data_reference),
        size=event.size,
        host=event.host,
        rows=tuple(Row(plan) for plan in event.plans),
        baseline=event.baseline,
        blocks=event.blocks,
        race=event.race,
        taking_over=event.continued,
    )


def _loaded(state: State, event: DataLoaded) -> State:
    """All plans with the same settings have the same data."""
    if not 0 <= event.plan < len(state.rows):
        return state
    settings = state.rows[event.plan].plan.settings
    rows = tuple(replace(row, tasks=event.tasks) if row.plan.settings == settings else row for row in state.rows)
    return replace(state, rows=rows, tasks=event.tasks, data_bytes=event.data_bytes or state.data_bytes)


_OfPlan = TrialStarted | RunFinished | TrialFinished | TrialDisturbed | TrialFailed | PlanEliminated


def _fold_trial(state: State, event: _OfPlan) -> State:
    if not 0 <= event.plan < len(state.rows):
        return state  # a damaged recording must not end the view
    rows = (*state.rows[: event.plan], _fold_row(state.rows[event.plan], event), *state.rows[event.plan + 1 :])
    left = event.seconds_left if isinstance(event, TrialStarted) else state.seconds_left
    noise = event.sample.noise if isinstance(event, TrialFinished | TrialDisturbed) else state.noise
    return replace(state, rows=rows, seconds_left=left, noise=noise)


def _fold_row(row: Row, event: _OfPlan) -> Row:
    match event:
        case TrialStarted():
            return replace(row, status="running", phase="set-up")
        case RunFinished():
            return replace(row, phase=_NEXT_PHASE.get(event.kind, event.kind))
        case TrialFinished():
            samples = tuple(sorted((*row.samples, (event.block, event.sample)), key=lambda pair: pair[0]))
            return replace(row, status="eliminated" if row.eliminated else "ok", phase="", samples=samples)
        case TrialDisturbed():
            return replace(row, phase="again: disturbed")
        case TrialFailed():
            return replace(row, status=event.status, reason=event.reason, phase="")
        case PlanEliminated():
            return replace(row, status="eliminated", reason=event.reason, eliminated=True, phase="")
        case _:
            assert_never(event)


def _ended(row: Row, why: str) -> Row:
    """A row when the whole sweep has failed: what ran then is what failed, what waited was not measured."""
    if row.status == "running":
        return replace(row, status="failed", reason=why, phase="")
    return replace(row, status="unmeasured", phase="") if row.status == "pending" else row


def _finished(state: State, report: SweepReport) -> State:
    """The report's figures replace the live ones; a plan the report does not name counts as not measured."""
    trials = {trial.plan: trial for trial in report.trials}
    plans = [row.plan for row in state.rows]
    rows = [_settled(row, trials.get(row.plan)) for row in state.rows]
    rows += [_settled(Row(plan), trial) for plan, trial in trials.items() if plan not in plans]
    baseline = next((index for index, row in enumerate(rows) if row.plan == report.baseline), state.baseline)
    return replace(
        state,
        workload=report.workload.name,
        reference=report.workload.reference,
        functions=(report.workload.tasks_reference, report.workload.data_reference),
        size=report.workload.size,
        host=report.host,
        tasks=report.workload.tasks,
        data_bytes=report.workload.data_bytes,
        blocks=state.blocks or report.blocks,
        rows=tuple(rows),
        baseline=baseline,
        seconds_left=0.0,
        report=report,
    )


def _settled(row: Row, trial: TrialReport | None) -> Row:
    if trial is None:
        return replace(row, status="unmeasured" if row.status in ("pending", "running") else row.status, phase="")
    return replace(row, status=trial.status, reason=trial.reason, phase="", report=trial)


def _dropped(row: Row) -> bool:
    return row.status not in ("pending", "running", "ok")
