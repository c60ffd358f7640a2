"""What a view shows of a production run: a pure fold of its events, and the same as lines of text."""

from dataclasses import dataclass, replace
from typing import Literal, assert_never

from engine.plan import Plan, describe
from engine.report import Host
from engine.run_events import RunEnded, RunEvent, RunFailed, RunProgress, RunStarted, TaskFailed, TasksLoaded
from workbench.format import wrap
from workbench.numbers import UNICODE, Signs, bar, fit, percent, rate, seconds, whole_seconds

Phase = Literal["idle", "choosing", "loading", "starting", "running", "writing", "done", "failed"]

SHOWN = 5
"""Failed tasks that are shown with their reason."""
CHECKPOINT = "none; results are kept until the end"
"""What becomes of the results of a run that does not come to its end."""
_DONE, _FAILED, _STOPPED, _ACTIVE = 0, 1, 6, 5
"""Positions in ``Signs.status``."""
INTERRUPTED = 130


@dataclass(frozen=True)
class RunState:
    """Everything known about one production run so far."""

    config: str = ""
    """Path of the tuned config, as it was asked for."""
    out: str = ""
    """Where the results go, or are; empty: nowhere."""
    phase: Phase = "idle"
    workload: str = ""
    size: str = ""
    plan: Plan | None = None
    because: str = ""
    notes: tuple[str, ...] = ()
    host: Host | None = None
    tasks: int = 0
    """0 until the data was loaded."""
    done: int = 0
    failed: int = 0
    seconds: float = 0.0
    """Since the run began, at the last event."""
    rate: float = 0.0
    seconds_left: float | None = None
    workers: tuple[int, int] | None = None
    """Alive and busy; None: nobody can tell."""
    failures: tuple[TaskFailed, ...] = ()
    """The first of them, with their reasons."""
    error: str = ""
    """Why there are no results."""
    exit_code: int = 0

    @property
    def finished(self) -> bool:
        """Whether no event will follow."""
        return self.phase in ("done", "failed")

    @property
    def active(self) -> bool:
        """Whether something is being done."""
        return self.phase not in ("idle", "done", "failed")

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1."""
        return self.done / self.tasks if self.tasks else 0.0


def asked_for(config: str, out: str = "") -> RunState:
    """Return the state of a run that was asked for and has said nothing yet."""
    return RunState(config=config, out=out, phase="choosing")


def fold(state: RunState, event: RunEvent) -> RunState:
    """Return the state after an event."""
    match event:
        case RunStarted():
            return _start(state, event)
        case TasksLoaded():
            notes = (*state.notes, *event.notes)
            return replace(state, phase="starting", tasks=event.tasks, seconds=event.seconds, notes=notes)
        case RunProgress():
            return _advance(state, event)
        case TaskFailed():
            failures = (*state.failures, event)[:SHOWN]
            return replace(state, failures=failures, failed=max(state.failed, len(failures)))
        case RunEnded():
            return _end(state, event)
        case RunFailed():
            return replace(state, phase="failed", error=event.message, exit_code=event.exit_code, seconds_left=None)
        case _:
            assert_never(event)


def _start(state: RunState, event: RunStarted) -> RunState:
    return replace(
        state,
        phase="loading",
        workload=event.workload,
        size=event.size,
        plan=event.plan,
        because=event.because,
        notes=event.notes,
        host=event.host,
    )


def _advance(state: RunState, event: RunProgress) -> RunState:
    alive, busy = event.workers_alive, event.workers_busy
    return replace(
        state,
        phase="writing" if event.done >= event.tasks and state.out and not event.failed else "running",
        tasks=event.tasks,
        done=event.done,
        failed=event.failed,
        seconds=event.seconds,
        rate=event.rate,
        seconds_left=event.seconds_left,
        workers=None if alive is None or busy is None else (alive, busy),
    )


def _end(state: RunState, event: RunEnded) -> RunState:
    return replace(
        state,
        phase="done",
        done=event.done,
        failed=event.failed,
        seconds=event.seconds,
        rate=event.rate,
        seconds_left=None,
        workers=None,
        out=event.out or state.out,
    )


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
