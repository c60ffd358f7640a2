"""A production run as lines of text."""

from typing import assert_never

from engine.errors import INTERRUPTED
from engine.plan import describe
from engine.run_events import RunEnded, RunEvent, RunFailed, RunProgress, RunStarted, TaskFailed, TasksLoaded
from workbench.run_state import RunState
from workbench.words.format import wrap
from workbench.words.numbers import UNICODE, Signs, bar, fit, percent, rate, seconds, whole_seconds

CHECKPOINT = "none; results are kept until the end"
"""What becomes of the results of a run that does not come to its end."""
_DONE, _FAILED, _STOPPED, _ACTIVE = 0, 1, 6, 5
"""Positions in ``Signs.status``."""


def plan_words(state: RunState, signs: Signs = UNICODE) -> str:
    """Return the plan in words; empty while it is unknown."""
    return signs.text(describe(state.plan)) if state.plan else ""


def phase_words(state: RunState) -> str:
    """Return what is going on."""
    workers = state.plan.workers if state.plan else 1
    words = {
        "idle": "not started",
        "choosing": "starting the engine",
        "loading": "loading the data",
        "starting": f"starting {workers} workers" if workers > 1 else "setting up",
        "running": "running",
        "writing": "writing the results",
        "done": "done",
        "failed": "stopped" if state.exit_code == INTERRUPTED else "failed",
    }
    return words[state.phase]


def counts_words(state: RunState, waited: float = 0.0, signs: Signs = UNICODE) -> str:
    """Return done, rate, time left and failures, ``waited`` seconds after the last event."""
    if not state.tasks:
        return f"{phase_words(state)}{signs.ellipsis}" if state.active else phase_words(state)
    parts = [f"{state.done:,} of {state.tasks:,} tasks"]
    parts += [f"{rate(state.rate)}/s"] if state.rate else []
    left = state.seconds_left if state.phase == "running" else None
    parts += [] if left is None else [f"{whole_seconds(max(left - waited, 0))} left"]
    parts += [f"{state.failed:,} failed"] if state.failed else []
    parts += [phase_words(state)] if state.phase in ("starting", "writing") else []
    return ", ".join(parts)


def progress_line(state: RunState, width: int, signs: Signs = UNICODE, waited: float = 0.0) -> str:
    """Return a bar, a percentage and the counts in one line."""
    return fit(f"{_bar(state, width, signs)}  {counts_words(state, waited, signs)}", width, signs)


def _bar(state: RunState, width: int, signs: Signs) -> str:
    cells = 12 if width < 100 else 20
    return f"{bar(state.share, cells, signs)} {percent(_floored(state.share)):>4}"


def _progress(state: RunState, width: int, signs: Signs, waited: float) -> list[str]:
    """The progress in one line, or where that is too narrow in several."""
    head, counts = _bar(state, width, signs), counts_words(state, waited, signs)
    return [f"{head}  {counts}"] if len(head) + 2 + len(counts) <= width else [head, *wrap(counts, width)]


def _floored(share: float) -> float:
    """100 % is said when all is done, and not before."""
    return min(share, 0.99) if share < 1 else 1.0


def run_lines(state: RunState, width: int, signs: Signs = UNICODE, waited: float = 0.0) -> list[str]:
    """Return everything a screen shows of a run, none of it wider; ``waited``: seconds since the last event."""
    lines = [_headline(state, width, signs, waited), *_progress(state, width, signs, waited)]
    if state.error:
        lines += wrap(f"{_sign(state, signs)} {signs.text(state.error)}", width, "  ")
    lines += _failures(state, width, signs)
    for name, text in _facts(state, signs):
        lines += wrap(f"{name:<11}{text}", width, " " * 11)
    return [fit(line, width, signs) for line in lines]


def _headline(state: RunState, width: int, signs: Signs, waited: float) -> str:
    passed = seconds(state.seconds, signs) if state.finished else whole_seconds(state.seconds + waited)
    time = f" after {passed}" if state.phase not in ("idle", "choosing") else ""
    workers = f", {state.workers[1]} of {state.workers[0]} workers busy" if state.workers and state.active else ""
    return fit(f"{_sign(state, signs)} {phase_words(state)}{time}{workers}", width, signs)


def _sign(state: RunState, signs: Signs) -> str:
    if state.phase == "failed":
        return signs.status[_STOPPED if state.exit_code == INTERRUPTED else _FAILED]
    return signs.status[_DONE] if state.phase == "done" else signs.status[_ACTIVE] if state.active else signs.rest


def _failures(state: RunState, width: int, signs: Signs) -> list[str]:
    told = [each for each in state.failures if each.error != state.error]
    lines = [line for each in told for line in wrap(f"{signs.status[_FAILED]} {signs.text(each.error)}", width, "  ")]
    more = state.failed - len(state.failures)
    return lines + ([f"{signs.status[_FAILED]} {more:,} more failed"] if more > 0 else [])


def _facts(state: RunState, signs: Signs) -> list[tuple[str, str]]:
    """What does not change while it runs, by name."""
    facts = [("config", signs.text(state.config))]
    if state.plan:
        facts += [("workload", signs.text(f"{state.workload} {state.size}")), ("plan", plan_words(state, signs))]
        facts += [("because", signs.text(state.because))] if state.because not in ("", *state.notes[-1:]) else []
    facts += [("note", signs.text(note)) for note in state.notes]
    facts += (
        [("results", f"{'are in' if state.phase == 'done' else 'go to'} {signs.text(state.out)}")] if state.out else []
    )
    facts += [("results", "are not written to a file")] if not state.out else []
    facts += [("checkpoint", CHECKPOINT)] if not state.finished else []
    return [(name, text) for name, text in facts if text]


def narrate(event: RunEvent, state: RunState, signs: Signs = UNICODE) -> str | None:
    """Return what an event means in one line, or None if it is not worth one; ``state`` is the state after it."""
    match event:
        case RunStarted():
            return signs.text(f"run of {state.workload} {state.size}: {plan_words(state, signs)}: {state.because}")
        case TasksLoaded():
            return f"data loaded: {event.tasks:,} tasks in {seconds(event.seconds, signs)}; {phase_words(state)}"
        case RunProgress():
            return f"{percent(_floored(state.share))}: {counts_words(state, 0.0, signs)}"
        case TaskFailed():
            return signs.text(f"failed: {event.error}")
        case RunEnded() | RunFailed():
            return None
        case _:
            assert_never(event)
