"""A sweep told line by line: for ``--plain``, for logs, and for standard error that is not a terminal."""

from typing import assert_never

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
    SweepFinished,
    SweepStarted,
    TakenOver,
    TrialDisturbed,
    TrialFailed,
    TrialFinished,
    TrialStarted,
)
from engine.plan import describe
from engine.report import SweepReport
from workbench.figures import trial
from workbench.state import State
from workbench.words.numbers import UNICODE, Signs, counted, rate, ratio, seconds, size, timing, whole_seconds
from workbench.words.table import status_words


def narrate(event: AnyEvent, state: State, signs: Signs = UNICODE) -> str | None:
    """Return what an event means in one line, or None if it is not worth one; ``state`` is the state after it."""
    line = None if state.taking_over and not isinstance(event, SweepStarted) else _sentence(event, state, signs)
    return None if line is None else signs.text(line)


def _sentence(event: AnyEvent, state: State, signs: Signs) -> str | None:
    match event:
        case SweepStarted() | TakenOver() | SweepFinished() | Failed():
            return _whole(event)
        case BlockStarted() | DataLoaded() | CeilingMeasured() | BlockFinished():
            return _block(event, state, signs)
        case TrialStarted() | RunFinished() | TrialFinished() | TrialDisturbed() | TrialFailed():
            return _trial(event, state, signs)
        case ControlMeasured():
            return None
        case PlanEliminated() | RaceLooked():
            return _race(event, state, signs)
        case _:
            assert_never(event)


def _whole(event: SweepStarted | TakenOver | SweepFinished | Failed) -> str:
    match event:
        case SweepStarted():
            what = f"{event.workload} {event.size}".strip()
            host = f"{event.host.cpu}, {event.host.usable_cores} usable cores"
            blocks = f"in {counted(event.blocks, 'block')}" if not event.race else "race"
            return f"sweep of {what}: {len(event.plans)} plans {blocks} on {host}"
        case TakenOver():
            samples, plans = counted(event.samples, "measurement"), counted(event.plans, "plan")
            return f"taken over from an earlier sweep: {samples} of {plans} in {counted(event.blocks, 'block')}"
        case SweepFinished():
            return _outcome(event.report)
        case Failed():
            return f"the sweep failed: {event.message}"
        case _:
            assert_never(event)


def _outcome(report: SweepReport) -> str:
    done = "finished" if report.complete else "stopped early"
    chosen, plans = report.recommendation, [trial.plan for trial in report.trials]
    if not chosen:
        return f"{done}: no recommendation"
    estimate = f"; {chosen.estimate}" if chosen.estimate else ""
    return f"{done}: use {describe(chosen.plan, plans)}: {chosen.reason}{estimate}"


def _number(block: int, state: State) -> str:
    return f"block {block + 1}" + ("" if state.race or block >= state.blocks else f" of {state.blocks}")


def _race(event: PlanEliminated | RaceLooked, state: State, signs: Signs) -> str | None:
    if isinstance(event, PlanEliminated):
        if event.plan >= len(state.rows):
            return None
        return f"{describe(state.rows[event.plan].plan, state.plans)} is out: {event.reason}"
    return f"{standing_words(event, state)}, {counted(len(event.racing), 'plan')} left"


def standing_words(looked: RaceLooked, state: State) -> str:
    """Return who leads a race and what is certain of it."""
    leader = describe(state.rows[looked.leader].plan, state.plans) if looked.leader < len(state.rows) else "?"
    known = "nothing is certain yet" if looked.within is None else f"at most {looked.within:.1%} from the best"
    return f"in front: {leader}, {known} ({looked.wanted:.1%} is wanted)"


def _block(event: BlockStarted | DataLoaded | CeilingMeasured | BlockFinished, state: State, signs: Signs) -> str:
    match event:
        case BlockStarted():
            return f"{_number(event.block, state)}: starting a fresh process"
        case DataLoaded():
            amount = f", {size(event.data_bytes)}" if event.data_bytes else ""
            return f"data loaded: {event.tasks} tasks{amount} in {seconds(event.seconds, signs)}"
        case CeilingMeasured():
            memory = f", of memory {ratio(event.bandwidth, signs)}" if event.bandwidth else ""
            return f"ceiling: {event.workers} independent copies get {ratio(event.speedup, signs)}{memory}"
        case BlockFinished():
            return f"{_number(event.block, state)} finished in {seconds(event.seconds, signs)}"
        case _:
            assert_never(event)


_OfTrial = TrialStarted | RunFinished | TrialFinished | TrialDisturbed | TrialFailed


def _trial(event: _OfTrial, state: State, signs: Signs) -> str | None:
    if not 0 <= event.plan < len(state.rows):
        return None
    name = describe(state.rows[event.plan].plan, state.plans)
    match event:
        case TrialStarted():
            left = f", about {whole_seconds(event.seconds_left)} left" if event.seconds_left is not None else ""
            return f"{state.trials_done + 1}/{state.trials} {name}{left}"
        case RunFinished():
            # steady runs are many and short; the trial's last line sums them up
            kind = "first run" if event.kind == "first" else event.kind
            return None if kind == "steady" else f"{name}: {kind} {seconds(event.seconds, signs)}"
        case TrialFinished():
            return f"{name}: ok, {_figures(state, event.plan, signs)}"
        case TrialDisturbed():
            reasons = event.sample.noise.reasons if event.sample.noise else ()
            return f"{name}: measured again, because {' and '.join(reasons)}"
        case TrialFailed():
            return f"{name}: {status_words(event.status, event.reason)}"
        case _:
            assert_never(event)


def _figures(state: State, index: int, signs: Signs) -> str:
    figures = trial(state, index)
    parts = [f"{timing(figures.seconds, signs)} a run"] if figures.seconds else []
    parts += [f"{rate(figures.tasks_per_second)} tasks/s"] if figures.tasks_per_second else []
    parts += [f"speedup {ratio(figures.speedup.median, signs)}"] if figures.speedup else []
    return ", ".join(parts)
