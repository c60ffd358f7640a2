"""The first screen: the form, then what is being measured, then the recommendation."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from engine.request import SweepRequest
from workbench.state import State
from workbench.tui.bindings import bindings
from workbench.tui.messages import FormChecked, FormSubmitted, FormWanted
from workbench.tui.permission import Phase
from workbench.tui.screens.page import PageScreen
from workbench.tui.session import Session
from workbench.words.numbers import UNICODE, Signs

if TYPE_CHECKING:
    from workbench.tui.widgets.board import Board
    from workbench.tui.widgets.form import SweepForm


class SweepScreen(PageScreen):
    """Form, live results and recommendation."""

    PAGE = "sweep"
    CSS_PATH = ["page.tcss", "sweep.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = bindings("sweep")

    def __init__(self, session: Session, signs: Signs = UNICODE) -> None:
        super().__init__(session, signs)
        self.board: Board | None = None
        """Comes with the first sweep, since the plot is slow to import."""
        self._form: SweepForm | None = None

    def body(self) -> Iterable[Widget]:
        """Return room for the form, which comes with the second paint: its fields take half a second to make."""
        yield Static("", id="coming", classes="empty", markup=False)

    @property
    def form(self) -> "SweepForm":
        """The form, also while it is not shown. It comes after the first paint."""
        assert self._form
        return self._form

    @property
    def ready(self) -> bool:
        """Whether the form is there and stands for a request."""
        return self._form is not None and self._form.request is not None

    @property
    def phase(self) -> Phase:
        """Where the sweep is."""
        return self.session.phase

    @property
    def state(self) -> State:
        """What is known of the sweep."""
        return self.session.state

    def wanted(self) -> SweepRequest | None:
        """Return the request of the form while it is shown, else the last one."""
        return self.form.request if self.session.phase == "form" else self.session.request

    @on(FormChecked)
    def _checked(self, event: FormChecked) -> None:
        event.stop()
        self.session.problems = self.form.problems
        self.refresh_keys()

    @on(FormSubmitted)
    async def _submitted(self, event: FormSubmitted) -> None:
        event.stop()
        await self.try_action("demo" if event.demo else "sweep")

    @on(FormWanted)
    async def _form_wanted(self) -> None:
        await self.entered("form")

    def offered(self) -> None:
        """Say that a sweep can go on."""
        earlier = self.session.interrupted
        if earlier and self._form:
            done = f"{earlier.plans_done} of {earlier.plans} plans"
            self.form.invite(f"c goes on with the sweep of {earlier.workload} that was interrupted ({done})")
        super().offered()

    async def entered(self, phase: Phase) -> None:
        """Show what belongs to the phase."""
        if phase == "form" and not self._form:
            await self._make_form()
        if self._form:
            self._form.display = phase == "form"
        self.set_class(phase == "form", "-form")
        if self.board:
            self.board.display = phase != "form"
        elif phase != "form":
            self._make_board()
        if phase == "form":
            # never beside a sweep: looking for GPUs would take time from what is being measured
            self.form.load()
            self.form.focus_run()
        elif phase == "running" and self.board:
            self.board.start()
        elif self.board:
            self.call_after_refresh(self.board.choose)
        self.query_one("#coming").display = not (self.board or self._form)
        self.paint()
        self.refresh_keys()

    def on_screen_resume(self) -> None:
        """Show the plan that was looked at elsewhere."""
        if self.board and self.board.is_mounted:
            self.board.resume()

    async def _make_form(self) -> None:
        from workbench.tui.widgets.form import SweepForm

        self._form = SweepForm(self.session.services.catalogue, self.session.request, self.signs, id="form")
        await self.mount(self._form, before="#coming")

    def _make_board(self) -> None:
        from workbench.tui.widgets.board import Board

        self.board = Board(self.session, self.signs, id="board")
        self.mount(self.board, before="#coming")

    def show(self) -> None:
        """Show the figures."""
        if self.board and self.board.is_mounted and self.session.phase != "form":
            self.board.show()

    def action_view(self) -> None:
        """Draw another figure."""
        if self.board:
            self.board.next_view()

    def action_pause(self) -> None:
        """Pause the recording, or go on."""
        if self.session.playback:
            self.session.playback.pause()
            self.paint()

    def action_pace(self, times: int) -> None:
        """Play the recording faster, or below 0 slower."""
        if self.session.playback:
            self.session.playback.faster(times if times > 0 else -1 / times)
            self.paint()

    def action_scrub(self, leaps: int) -> None:
        """Wind the recording."""
        if self.session.playback:
            self.session.playback.scrub(leaps)
