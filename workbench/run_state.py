"""What a view shows of a production run: a pure fold of its events."""

from dataclasses import dataclass, replace
from typing import Literal, assert_never

from engine.plan import Plan
from engine.report import Host
from engine.run_events import RunEnded, RunEvent, RunFailed, RunProgress, RunStarted, TaskFailed, TasksLoaded

Phase = Literal["idle", "choosing", "loading", "starting", "running", "writing", "done", "failed"]

SHOWN = 5
"""Failed tasks that are shown with their reason."""


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
