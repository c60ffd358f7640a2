"""How far the sweep is: one line of text."""

from textual.content import Content
from textual.widgets import Static

from engine.events import RaceLooked
from engine.plan import describe
from workbench.state import Row, State
from workbench.tui.playback import Playback
from workbench.words.numbers import UNICODE, Signs, bar, fit, percent, seconds, whole_seconds

ROOMY = 110
"""Columns from which the line also says how sure the race is."""

_KEYS = 76
"""Columns from which the line of a recording names its keys."""


def progress_text(state: State, waited: float, width: int, signs: Signs = UNICODE) -> str:
    """Return trials done, a bar, time left and what runs now, ``waited`` seconds after the last estimate."""
    if not state.rows:
        return signs.text(f"starting the engine{signs.ellipsis}")
    share = state.trials_done / state.trials if state.trials else 0.0
    number = (state.block or 0) + 1
    block = f"block {number}" + ("" if state.race or number > state.blocks else f"/{state.blocks}")
    head = f"{block}  {bar(share, 12, signs)} {percent(share):>4}  {state.trials_done}/{state.trials}"
    if state.looked:
        head += f"  {len(state.looked.racing)} racing{_how_sure(state.looked) if width >= ROOMY else ''}"
    if state.seconds_left is not None:
        head += f"  {whole_seconds(max(state.seconds_left - waited, 0))} left"
    running = state.running
    now = "loading the data" if running is None else _now(state, state.rows[running], signs)
    return fit(f"{head}  {signs.text(now)}", width, signs)


def _now(state: State, row: Row, signs: Signs) -> str:
    """What is being measured, and how long it took in the block before."""
    before = [sample for _, sample in row.samples]
    took = f", {seconds(before[-1].job_seconds + sum(before[-1].steady), signs)} last time" if before else ""
    return f"{describe(row.plan, state.plans)}: {row.phase}{took}"


def playback_text(playback: Playback, width: int, signs: Signs = UNICODE) -> str:
    """Return where a recording is, how fast it plays, and the keys that change that."""
    how = "paused" if playback.paused else f"{playback.speed:g}{signs.times}"
    keys = "space pause  - + speed  arrows wind" if width >= _KEYS else ""
    return fit(
        f"recording {how:>6}  {bar(playback.share, 14, signs)} {percent(playback.share):>4}  {keys}", width, signs
    )


def _how_sure(looked: RaceLooked) -> str:
    """How near the leader is to being certified."""
    known = "" if looked.within is None else f", the leader within {percent(looked.within)} of the best"
    return f"{known} ({percent(looked.wanted)} wanted)" if known else ""


class ProgressLine(Static):
    """The line itself; it repaints only when its text changed."""

    def __init__(self, signs: Signs = UNICODE, id: str | None = None) -> None:
        super().__init__("", id=id, markup=False)
        self._signs = signs
        self._shown = ""

    def show(self, state: State, waited: float, playback: Playback | None = None) -> None:
        """Show how far this is, or where in a recording."""
        width = max(self.size.width, 20)
        text = (
            playback_text(playback, width, self._signs)
            if playback
            else progress_text(state, waited, width, self._signs)
        )
        if text != self._shown:
            self._shown = text
            self.update(Content(text), layout=False)
