"""Which actions can be done now, and for the others: why not. Pure."""

from collections.abc import Mapping
from typing import Literal

from workbench.state import Row, State

Phase = Literal["form", "running", "done"]
"""What the sweep screen shows: the form, a sweep, or its outcome."""

_NOTHING_YET = "nothing was measured yet; r starts a sweep"
_NOT_YET = "the sweep is still running; esc stops it"
_ONE_AT_A_TIME = "a sweep is running; esc stops it"


def why_not(action: str, phase: Phase, problems: Mapping[str, str], state: State, row: Row | None) -> str | None:
    """Return why an action cannot be done, or None if it can; ``row`` is the plan under the cursor."""
    wrong = next(iter(problems.values()), None)
    reasons: dict[tuple[str, Phase], str | None] = {
        ("sweep", "form"): wrong,
        ("sweep", "running"): _ONE_AT_A_TIME,
        ("stop", "form"): "no sweep is running",
        ("new", "form"): "this is the form",
        ("new", "running"): _ONE_AT_A_TIME,
        ("save", "form"): _NOTHING_YET,
        ("save", "running"): _NOT_YET,
        ("save", "done"): _why_not_save(state),
        ("hotspots", "form"): _NOTHING_YET,
        ("hotspots", "running"): _NOT_YET,
        ("hotspots", "done"): _why_not_sample(row),
        ("command", "form"): wrong,
    }
    return reasons.get((action, phase))


def _why_not_save(state: State) -> str | None:
    if state.report is None:
        return "there is no report to save from"
    return None if state.recommendation else "the report recommends no plan"


def _why_not_sample(row: Row | None) -> str | None:
    if row is None:
        return "no plan is selected"
    return f"this plan is {row.status}: {row.reason}" if row.status in ("unavailable", "failed") else None
