"""Which actions can be done now, and for the others: why not. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from workbench.state import Row, State

Phase = Literal["form", "running", "done"]
"""Where the sweep is: being described in the form, measured, or over."""

_NOTHING_YET = "nothing was measured yet; r starts a sweep"
_NOT_YET = "the sweep is still running; esc stops it"
_ONE_AT_A_TIME = "a sweep is running; esc stops it"
_NO_RECORDING = "this is no recording; `workbench replay FILE` plays one"


@dataclass(frozen=True)
class Situation:
    """What decides over what can be done."""

    phase: Phase = "form"
    page: str = "sweep"
    state: State = field(default_factory=State)
    row: Row | None = None
    """The selected plan."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """What is wrong in the form."""
    playing: bool = False
    """The sweep is a recording."""
    unfinished: bool = False
    """There is an interrupted sweep to go on with."""
    producing: bool = False
    """A production run goes on."""


def why_not(action: str, now: Situation) -> str | None:
    """Return why an action cannot be done, or None if it can."""
    if action in ("pause", "pace", "scrub"):
        return None if now.playing else _NO_RECORDING
    if now.producing:
        if action in ("sweep", "demo", "resume", "hotspots"):
            return "a production run goes on, and each would slow the other; 7 shows it"
        if action == "stop":
            return None
    if action == "sweep" and now.page == "run":
        return _ONE_AT_A_TIME if now.phase == "running" else None
    if action in ("step", "beside"):
        return None if now.state.rows else _NOTHING_YET
    wrong = next(iter(now.problems.values()), None)
    reasons: dict[tuple[str, Phase], str | None] = {
        ("sweep", "form"): wrong,
        ("sweep", "running"): _ONE_AT_A_TIME,
        ("demo", "running"): _ONE_AT_A_TIME,
        ("resume", "form"): _why_not_resume(now),
        ("resume", "running"): _ONE_AT_A_TIME,
        ("resume", "done"): _why_not_resume(now),
        ("stop", "form"): "no sweep is running" if now.page == "sweep" and not now.state.rows else None,
        ("new", "form"): "this is the form" if now.page == "sweep" else None,
        ("new", "running"): _ONE_AT_A_TIME,
        ("view", "form"): "esc shows the figures" if now.state.rows else _NOTHING_YET,
        ("save", "form"): _why_not_save(now.state),
        ("save", "running"): _NOT_YET,
        ("save", "done"): _why_not_save(now.state),
        ("hotspots", "form"): _why_not_sample(now.row) if now.state.rows else _NOTHING_YET,
        ("hotspots", "running"): _NOT_YET,
        ("hotspots", "done"): _why_not_sample(now.row),
        ("command", "form"): wrong,
        ("python", "form"): _why_not_save(now.state),
        ("python", "running"): _NOT_YET,
        ("python", "done"): _why_not_save(now.state),
    }
    return reasons.get((action, now.phase))


def _why_not_resume(now: Situation) -> str | None:
    return None if now.unfinished else "no sweep was interrupted"


def _why_not_save(state: State) -> str | None:
    if state.report is None:
        return "there is no report to save from" if state.rows else _NOTHING_YET
    return None if state.recommendation else "the report recommends no plan"


def _why_not_sample(row: Row | None) -> str | None:
    if row is None:
        return "no plan is selected"
    return f"this plan is {row.status}: {row.reason}" if row.status in ("unavailable", "failed") else None
