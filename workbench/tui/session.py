"""What all screens are about: one sweep at a time, from the form to its report. No widget knows it but by reading."""

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from engine.events import Failed, SweepFinished
from engine.plan import Plan
from engine.request import SweepRequest
from workbench.figures import Figures
from workbench.state import Row, State, fold
from workbench.tui.engine_process import Engine
from workbench.tui.journal import Unfinished
from workbench.tui.permission import Phase, Situation
from workbench.tui.playback import Playback
from workbench.tui.run_process import ProductionRun
from workbench.tui.services import Services


@dataclass
class Session:
    """The sweep on the screens: where it is, what is known, which plans are looked at."""

    services: Services = field(default_factory=Services)
    request: SweepRequest | None = None
    """What is measured, or was last; None for a recording."""
    playback: Playback | None = None
    """The recording being shown."""
    source: str = ""
    """The file it came from."""
    state: State = field(default_factory=State)
    phase: Phase = "form"
    engine: Engine | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    """What is wrong in the form."""
    selected: Plan | None = None
    """The plan under the cursor."""
    marked: Plan | None = None
    """The plan to see beside it."""
    figures: Figures = field(default_factory=Figures)
    producing: ProductionRun | None = None
    """The production run that goes on."""
    interrupted: Unfinished | None = None
    """A recorded sweep that can go on."""
    kept: int | None = None
    """Id of the sweep in the history."""
    saved: str = ""
    """The tuned config its plan was saved to."""

    async def follow(self, engine: Engine) -> AsyncIterator[Phase]:
        """Fold the events of an engine into the state; yield the phase whenever it changes."""
        self.engine, self.state, self.phase = engine, State(), "running"
        self.selected = self.marked = self.kept = None
        self.saved = ""
        self.playback = engine if isinstance(engine, Playback) else None
        begun = time.process_time()
        yield self.phase
        try:
            async for event in engine.events():
                if isinstance(event, SweepFinished) and not self.playback:
                    event = _with_cost(event, time.process_time() - begun)
                self.state = fold(self.state, event)
                if (phase := self._reached()) != self.phase:
                    self.phase = phase
                    yield phase
        except OSError as error:
            self.state = fold(self.state, Failed(message=f"the engine could not be started: {error}", exit_code=3))
            self.phase = "done"
            yield self.phase

    def _reached(self) -> Phase:
        """A recording may be wound back from its end."""
        if self.phase == "form":
            return "form"
        return "done" if self.state.finished else "running"

    def return_from_form(self) -> Phase:
        """Go back from the form to what was measured; return the phase that is."""
        self.phase = "done" if self.state.finished else "running"
        return self.phase

    @property
    def at_work(self) -> str:
        """What would be lost with the app, in words; empty: nothing."""
        if self.producing:
            return "A production run"
        return "A sweep" if self.phase == "running" and not self.playback else ""

    @property
    def processes(self) -> list[Engine | ProductionRun]:
        """What was started, and may go on."""
        return [process for process in (self.engine, self.producing) if process is not None]

    def kill(self) -> None:
        """End every process at once."""
        for process in self.processes:
            process.kill()

    def row(self, plan: Plan | None) -> Row | None:
        """Return what is known of a plan."""
        return next((row for row in self.state.rows if row.plan == plan), None)

    def situation(self, page: str) -> Situation:
        """Return what decides over what can be done on a page."""
        return Situation(
            phase=self.phase,
            page=page,
            state=self.state,
            row=self.row(self.selected),
            problems=self.problems,
            playing=self.playback is not None,
            unfinished=self.interrupted is not None,
            producing=self.producing is not None,
        )


def _with_cost(event: SweepFinished, seconds: float) -> SweepFinished:
    """The end of a sweep, with what it cost to show it."""
    return replace(event, report=replace(event.report, screen_seconds=round(seconds, 3)))
