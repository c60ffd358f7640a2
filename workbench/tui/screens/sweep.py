"""The one screen of a sweep: the form first, then what is being measured, then the recommendation."""

import shlex
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Footer, Static

from engine.errors import WorkbenchError
from engine.events import Failed
from engine.plan import describe
from engine.request import SweepRequest
from workbench.numbers import UNICODE, Signs, size
from workbench.state import State, fold
from workbench.tui.actions import ACTIONS, bindings
from workbench.tui.catalogue import Catalogue
from workbench.tui.engine_process import Engine
from workbench.tui.entries import command_line, flamegraph_command
from workbench.tui.services import Services
from workbench.tui.widgets.form import SweepForm

if TYPE_CHECKING:
    from workbench.tui.widgets.board import Board

PAINTS_PER_SECOND = 10
"""At most; more would take CPU from what is being measured."""

Phase = Literal["form", "running", "done"]


class SweepScreen(Screen[None]):
    """Form, live results and recommendation. Events are folded into a State; the widgets show the State."""

    CSS_PATH = "sweep.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(anywhere=False)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-middle"), (32, "-high")]

    def __init__(
        self,
        services: Services,
        request: SweepRequest | None = None,
        signs: Signs = UNICODE,
        autostart: bool = False,
        replay: tuple[Engine, str] | None = None,
    ) -> None:
        super().__init__()
        self._services, self._given, self._signs = services, request, signs
        self._autostart, self._replay = autostart, replay
        self.state = State()
        self.phase: Phase = "form"
        self.engine: Engine | None = None
        self.board: Board | None = None
        """Comes with the first sweep, since the plot is slow to import."""
        self._last: SweepRequest | None = request
        """The request measured last; None for a recording."""
        self._catalogue = Catalogue()
        self._painter: Timer | None = None
        self._dimmed: tuple[bool, ...] = ()

    def compose(self) -> ComposeResult:
        """Title, form, footer."""
        yield Static("", id="title", markup=False)
        yield SweepForm(self._given, self._signs, id="form")
        yield Footer(show_command_palette=False)

    async def on_mount(self) -> None:
        """Fill the form, or start at once where that was asked for."""
        self._painter = self.set_interval(1 / PAINTS_PER_SECOND, self._paint, pause=True)
        self._show_title()
        self._fill_form()
        if self._replay:
            await self._start(self._replay[0])
        elif self._autostart and self._given:
            await self._start(self._services.start(self._given))

    # The form

    @property
    def form(self) -> SweepForm:
        """The form, also while it is not shown."""
        return self.query_one(SweepForm)

    @work(exclusive=True, group="catalogue")
    async def _fill_form(self) -> None:
        try:
            self._catalogue = await self._services.catalogue("")
        except (WorkbenchError, OSError) as error:
            self.form.fail(str(error))
            return
        await self.form.offer(self._catalogue)

    @on(SweepForm.WorkloadNamed)
    def _describe(self, event: SweepForm.WorkloadNamed) -> None:
        event.stop()
        self._look_up(event.reference)

    @work(exclusive=True, group="workload")
    async def _look_up(self, reference: str) -> None:
        offers = self._catalogue.workloads
        offer = next((offer for offer in offers if offer.reference == reference), None)
        try:
            offer = offer or (await self._services.catalogue(reference)).workloads[0]
        except (WorkbenchError, OSError) as error:
            self.form.fail(f"workload: {error}")
        else:
            await self.form.describe(offer)

    @on(SweepForm.Checked)
    def _checked(self, event: SweepForm.Checked) -> None:
        event.stop()
        self._refresh_keys()

    @on(SweepForm.Submitted)
    async def _submitted(self, event: SweepForm.Submitted) -> None:
        event.stop()
        await self.try_action("sweep")

    # A sweep

    async def _start(self, engine: Engine) -> None:
        self.engine, self.state = engine, State()
        board = await self._mounted_board()
        self._enter("running")
        board.focus_results()
        self._follow(engine)

    async def _mounted_board(self) -> "Board":
        if self.board is None:
            from workbench.tui.widgets.board import Board

            board = Board(self._signs, id="board")
            await self.mount(board, after="#form")
            self.board = board
        return self.board

    @work(exclusive=True, group="sweep")
    async def _follow(self, engine: Engine) -> None:
        try:
            async for event in engine.events():
                self.state = fold(self.state, event)
                if self.state.finished and self.phase == "running":
                    self._enter("done")
        except OSError as error:
            self.state = fold(self.state, Failed(message=f"the engine could not be started: {error}", exit_code=3))
            self._enter("done")

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self.form.display = phase == "form"
        if self.board:
            self.board.display = phase != "form"
        if self._painter:
            (self._painter.resume if phase == "running" else self._painter.pause)()
        self._paint()
        if phase == "form":
            self.form.query_one("#run").focus()
        elif phase == "done" and self.board:
            self.board.choose()
        self._refresh_keys()

    def _paint(self) -> None:
        """Show the state. Called by a timer, so many events make one update, and after the last."""
        with suppress(NoMatches):  # the timer may fire while the screen is being taken down
            self._show_title()
            if self.board and self.phase != "form":
                self.board.show(self.state)

    def _show_title(self) -> None:
        state, parts = self.state, ["Workbench"]
        if self.phase != "form" and state.workload:
            parts.append(f"{state.workload} {state.size}")
            parts += [f"{state.tasks} tasks, {size(state.data_bytes)}"] if state.tasks else []
            parts += [f"{state.host.usable_cores} cores, {state.host.cpu}"] if state.host else []
        elif self.phase == "form":
            parts.append("find the fastest safe way to run it on this machine")
        text = self._signs.text("  ·  ".join(parts) if not self._signs.ascii_only else "  |  ".join(parts))
        title = self.query_one("#title", Static)
        if title.content != text:
            title.update(Content(text), layout=False)

    # What one can do

    def why_not(self, name: str) -> str | None:
        """Return why an action cannot be done now, or None if it can."""
        reasons: dict[str, dict[str, str | None]] = {
            "sweep": {
                "form": next(iter(self.form.problems.values()), None),
                "running": "a sweep is running; esc stops it",
            },
            "stop": {"form": "no sweep is running"},
            "new": {"form": "this is the form", "running": "a sweep is running; esc stops it"},
            "save": {"form": _NOTHING_YET, "running": _NOT_YET, "done": self._why_not_save()},
            "hotspots": {"form": _NOTHING_YET, "running": _NOT_YET, "done": self._why_not_sample()},
            "command": {"form": next(iter(self.form.problems.values()), None)},
        }
        return reasons.get(name, {}).get(self.phase)

    def _why_not_save(self) -> str | None:
        if self.state.report is None:
            return "there is no report to save from"
        return None if self.state.recommendation else "the report recommends no plan"

    def _why_not_sample(self) -> str | None:
        row = self.board.row if self.board else None
        if row is None:
            return "no plan is selected"
        return f"this plan is {row.status}: {row.reason}" if row.status in ("unavailable", "failed") else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim the key of what cannot be done now; ``on_key`` says why."""
        if not self.is_mounted or action not in _NAMES:
            return True
        return True if self.why_not(action) is None else None

    def on_key(self, event: events.Key) -> None:
        """Say why a dimmed key does nothing."""
        active = self.active_bindings.get(event.key)
        if active and not active.enabled and (reason := self.why_not(active.binding.action)):
            self._refuse(reason)
            event.stop()

    async def try_action(self, name: str) -> None:
        """Do it, or say why not; for the palette and the buttons."""
        if reason := self.why_not(name):
            self._refuse(reason)
        else:
            await self.run_action(name)

    def _refuse(self, reason: str) -> None:
        self.notify(self._signs.text(reason), severity="warning", markup=False)

    def _refresh_keys(self) -> None:
        dimmed = tuple(self.why_not(name) is None for name in _NAMES)
        if dimmed != self._dimmed:
            self._dimmed = dimmed
            self.refresh_bindings()

    async def action_sweep(self) -> None:
        """Start the sweep of the form, or the last one again."""
        request = self.form.request if self.phase == "form" else self._last
        if request is None:
            self._refuse("a recording is not run again; n goes to the form")
            return
        self._last = request
        await self._start(self._services.start(request))

    def action_stop(self) -> None:
        """Stop the sweep; once it is over, go back to the form."""
        if self.phase == "running" and self.engine:
            self.notify("stopping; what was measured is kept", timeout=2)
            self.run_worker(self.engine.stop(), group="stop", exclusive=True)
        else:
            self.action_new()

    def action_new(self) -> None:
        """Go back to the form."""
        self._enter("form")

    def action_save(self) -> None:
        """Ask where to save the recommended plan."""
        from workbench.tui.screens.save import SaveScreen

        assert self.state.report
        self.app.push_screen(SaveScreen(self.state.report, self._services.save, self._signs))

    def action_hotspots(self) -> None:
        """Sample the selected plan."""
        from workbench.tui.screens.hotspots import HotspotsScreen

        assert self.board
        assert self.board.row
        plan = self.board.row.plan
        arguments = flamegraph_command(self.state.reference or self.state.workload, self.state.size, plan, "hotspots")
        self.app.push_screen(
            HotspotsScreen(describe(plan, self.state.plans), arguments, self._services.command, self._signs)
        )

    @work(exclusive=True, group="copy")
    async def action_command(self) -> None:
        """Copy the equivalent command line and show it."""
        request = self.form.request if self.phase == "form" else self._last
        words = command_line(request) if request else ["workbench", "replay", self._replay[1] if self._replay else ""]
        line = shlex.join(words)
        if not await self._services.copy(line):
            self.app.copy_to_clipboard(line)
        self.notify(line, title="copied", timeout=15, markup=False)


_NAMES = frozenset(action.name for action in ACTIONS if not action.anywhere)
_NOTHING_YET = "nothing was measured yet; r starts a sweep"
_NOT_YET = "the sweep is still running; esc stops it"
