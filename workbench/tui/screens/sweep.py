"""The one screen of a sweep: the form first, then what is being measured, then the recommendation."""

import shlex
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Footer

from engine.events import Failed
from engine.plan import describe
from engine.report import SweepReport
from engine.request import SweepRequest
from workbench.numbers import UNICODE, Signs
from workbench.state import State, fold
from workbench.tui.actions import ACTIONS, bindings
from workbench.tui.engine_process import Engine
from workbench.tui.entries import command_line, flamegraph_command
from workbench.tui.permission import Phase, why_not
from workbench.tui.services import Services
from workbench.tui.widgets.form import SweepForm
from workbench.tui.widgets.title import Title

if TYPE_CHECKING:
    from workbench.tui.widgets.board import Board

PAINTS_PER_SECOND = 10
"""At most; more would take CPU from what is being measured."""

_NAMES = [action.name for action in ACTIONS if not action.anywhere]


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
        self._painter: Timer | None = None
        self._dimmed: list[str] = []

    def compose(self) -> ComposeResult:
        """Title, form, footer."""
        yield Title(self._signs)
        yield SweepForm(self._services.catalogue, self._given, self._signs, id="form")
        yield Footer(show_command_palette=False)

    async def on_mount(self) -> None:
        """Start at once where that was asked for, else show the form."""
        self._painter = self.set_interval(1 / PAINTS_PER_SECOND, self._paint, pause=True)
        if self._replay:
            await self._start(self._replay[0])
        elif self._autostart and self._given:
            await self._start(self._services.start(self._given))
        else:
            self._enter("form")

    @property
    def form(self) -> SweepForm:
        """The form, also while it is not shown."""
        return self.query_one(SweepForm)

    @on(SweepForm.Checked)
    def _checked(self, event: SweepForm.Checked) -> None:
        event.stop()
        self._refresh_keys()

    @on(SweepForm.Submitted)
    async def _submitted(self, event: SweepForm.Submitted) -> None:
        event.stop()
        await self.try_action("sweep")

    async def _start(self, engine: Engine) -> None:
        self.engine, self.state = engine, State()
        if self.board is None:
            from workbench.tui.widgets.board import Board

            board = Board(self._signs, id="board")
            await self.mount(board, after="#form")
            self.board = board
        self._enter("running")
        self._follow(engine)

    @work(exclusive=True, group="sweep")
    async def _follow(self, engine: Engine) -> None:
        try:
            async for event in engine.events():
                self.state = fold(self.state, event)
                if self.state.finished and self.phase == "running":
                    self._enter("done")
                    if self.state.report and self._last:
                        self._keep(self.state.report)
        except OSError as error:
            self.state = fold(self.state, Failed(message=f"the engine could not be started: {error}", exit_code=3))
            self._enter("done")

    @work(group="history")
    async def _keep(self, report: SweepReport) -> None:
        """Add the sweep to the history. What goes wrong is a notice: the figures are on the screen all the same."""
        try:
            await self._services.keep(report)
        except Exception as error:  # noqa: BLE001 - one that a worker raises would end the app
            self.notify(self._signs.text(f"not kept in the history: {error}"), severity="warning", markup=False)

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self.form.display = phase == "form"
        if self._painter:
            (self._painter.resume if phase == "running" else self._painter.pause)()
        if self.board:
            self.board.display = phase != "form"
        self._paint()
        if phase == "form":
            # never beside a sweep: looking for GPUs would take time from what is being measured
            self.form.load()
            self.form.query_one("#run").focus()
        elif phase == "running" and self.board:
            self.board.focus_results()
        elif self.board:
            self.board.choose()
        self._refresh_keys()

    def _paint(self) -> None:
        """Show the state. Called by a timer, so many events make one update, and after the last."""
        with suppress(NoMatches):  # the timer may fire while the screen is being taken down
            self.query_one(Title).show(State() if self.phase == "form" else self.state)
            if self.board and self.phase != "form":
                self.board.show(self.state)

    def why_not(self, name: str) -> str | None:
        """Return why an action cannot be done now, or None if it can."""
        row = self.board.row if self.board else None
        return why_not(name, self.phase, self.form.problems, self.state, row)

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
        self.app.clear_notifications()  # a key pressed ten times needs one answer
        self.notify(self._signs.text(reason), severity="warning", markup=False)

    def _refresh_keys(self) -> None:
        dimmed = [name for name in _NAMES if self.why_not(name)]
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
        plan, name = self.board.row.plan, describe(self.board.row.plan, self.state.plans)
        arguments = flamegraph_command(self.state, plan, "hotspots")
        self.app.push_screen(HotspotsScreen(name, arguments, self._services.command, self._signs))

    @work(exclusive=True, group="copy")
    async def action_command(self) -> None:
        """Copy the equivalent command line and show it."""
        request = self.form.request if self.phase == "form" else self._last
        words = command_line(request) if request else ["workbench", "replay", self._replay[1] if self._replay else ""]
        line = shlex.join(words)
        if not await self._services.copy(line):
            self.app.copy_to_clipboard(line)
        self.notify(line, title="copied", timeout=15, markup=False)
