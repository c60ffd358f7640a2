"""The first line of the screen: what is measured, and where."""

from textual.content import Content
from textual.widgets import Static

from workbench.state import State
from workbench.words.numbers import UNICODE, Signs, size

INVITATION = "find the fastest safe way to run it on this machine"


def title_text(state: State, signs: Signs = UNICODE) -> str:
    """Return workload, data and host in one line."""
    parts = ["Workbench", f"{state.workload} {state.size}".strip() or INVITATION]
    parts += [f"{state.tasks} tasks, {size(state.data_bytes)}"] if state.tasks else []
    parts += [light(state, signs)] if state.noise else []
    parts += [f"{state.host.usable_cores} cores, {state.host.cpu}"] if state.host else []
    return signs.text((" | " if signs.ascii_only else " · ").join(parts))


def light(state: State, signs: Signs = UNICODE) -> str:
    """Return whether the machine was quiet in the last measurement, and what disturbed it."""
    reasons = state.noise.reasons if state.noise else ()
    words = f"disturbed: {reasons[0]}" if reasons else "quiet"
    return f"{signs.light[bool(reasons)]} {words}"


class Title(Static):
    """The line itself; it repaints only when its text changed."""

    def __init__(self, signs: Signs = UNICODE) -> None:
        self._shown = title_text(State(), signs)  # seen in the first paint
        super().__init__(Content(self._shown), id="title", markup=False)
        self._signs = signs

    def show(self, state: State) -> None:
        """Show what this sweep is about."""
        text = title_text(state, self._signs)
        if text != self._shown:
            self._shown = text
            self.update(Content(text), layout=False)
