"""What all screens of the app have in common: tabs, title, footer, keys that say why they cannot act."""

import shlex
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer

from engine.plan import describe
from engine.report import SweepReport
from engine.request import SweepRequest
from workbench.actions import names
from workbench.state import State
from workbench.tui.bindings import bindings
from workbench.tui.clipboard import leave_in_file
from workbench.tui.entries import command_line
from workbench.tui.messages import CaptureWanted, FormWanted, ResumeWanted, StopWanted, SweepWanted
from workbench.tui.permission import Phase, why_not
from workbench.tui.session import Session
from workbench.tui.widgets.tabs import Tabs
from workbench.tui.widgets.title import Title
from workbench.words.numbers import UNICODE, Signs


class PageScreen(Screen[None]):
    """One screen; subclasses name themselves, say what is between title and footer, and show the session."""

    PAGE: ClassVar[str]
    """Its name in the table of pages."""
    CSS_PATH = ["page.tcss"]
    AUTO_FOCUS = ""  # each page knows what keys are for
    BINDINGS: ClassVar[list[BindingType]] = bindings("page")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-middle"), (32, "-high")]

    def __init__(self, session: Session, signs: Signs = UNICODE) -> None:
        super().__init__()
        self.session, self.signs = session, signs
        self._dimmed: list[str] = []
        self._painted: object = None

    def compose(self) -> ComposeResult:
        """Tabs, title, what the page is about, footer."""
        yield Tabs(self.PAGE, self.signs)
        yield Title(self.signs)
        yield from self.body()
        yield Footer(show_command_palette=False)

    def body(self) -> Iterable[Widget]:
        """Return what is between title and footer."""
        raise NotImplementedError

    def show(self) -> None:
        """Bring the page up to date with the session; what has not changed is not painted."""

    async def entered(self, phase: Phase) -> None:
        """The sweep has come to another phase."""

    def offered(self) -> None:
        """There is an interrupted sweep to go on with."""
        self.refresh_keys()

    def kept(self) -> None:
        """A sweep was added to the history."""

    def paint(self) -> None:
        """Show the session. Called by a timer, so many events make one update, and after the last."""
        with suppress(NoMatches):  # the timer may fire while the screen is being taken down
            self.query_one(Title).show(State() if self.session.phase == "form" else self.session.state)
            self.show()

    def on_mount(self) -> None:
        """Show what is known already."""
        self.paint()

    def on_screen_resume(self) -> None:
        """Show what has happened meanwhile."""
        if self.is_mounted:
            self.paint()
            self.refresh_keys()

    # keys

    def why_not(self, name: str) -> str | None:
        """Return why an action cannot be done now, or None if it can."""
        return why_not(name, self.session.situation(self.PAGE))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim the key of what cannot be done now; ``on_key`` says why."""
        if not self.is_mounted or action not in self._names:
            return True
        return True if self.why_not(action) is None else None

    @property
    def _names(self) -> list[str]:
        return names(("page", self.PAGE))

    def on_key(self, event: events.Key) -> None:
        """Say why a dimmed key does nothing."""
        active = self.active_bindings.get(event.key)
        name = active.binding.action.partition("(")[0] if active else ""
        if active and not active.enabled and (reason := self.why_not(name)):
            self.refuse(reason)
            event.stop()

    async def try_action(self, name: str) -> None:
        """Do it, or say why not; for the palette and the buttons."""
        if reason := self.why_not(name.partition("(")[0]):
            self.refuse(reason)
        else:
            await self.run_action(name)

    def refuse(self, reason: str) -> None:
        """Say why something cannot be done."""
        self.app.clear_notifications()  # a key pressed ten times needs one answer
        self.notify(self.signs.text(reason), severity="warning", markup=False)

    def refresh_keys(self) -> None:
        """Dim the keys that cannot act now."""
        dimmed = [name for name in self._names if self.why_not(name)]
        if dimmed != self._dimmed:
            self._dimmed = dimmed
            self.refresh_bindings()

    # actions of every page

    def wanted(self) -> SweepRequest | None:
        """Return what a sweep started now would measure."""
        return self.session.request

    def action_sweep(self) -> None:
        """Start the sweep of the form, or the last one again."""
        if request := self.wanted():
            self.post_message(SweepWanted(request))
        else:
            why = "a recording is not run again" if self.session.playback else "there is nothing to run again"
            self.refuse(f"{why}; n goes to the form")

    def action_demo(self) -> None:
        """Start the demo."""
        self.post_message(SweepWanted())

    def action_resume(self) -> None:
        """Go on with the sweep that was interrupted."""
        self.post_message(ResumeWanted())

    async def action_stop(self) -> None:
        """Stop the sweep; while none runs go back: to the sweep, from its figures to the form, from there to them."""
        if self.session.phase == "running" and not self.session.playback:
            self.post_message(StopWanted())
        elif self.PAGE != "sweep":
            await self.app.run_action("go('sweep')")
        elif self.session.phase == "running":
            self.post_message(StopWanted())
        elif self.session.phase == "form":
            await self.entered(self.session.return_from_form())
        else:
            await self.run_action("new")

    async def action_new(self) -> None:
        """Go to the form."""
        self.session.phase = "form"
        await self.app.run_action("go('sweep')")
        self.app.screen.post_message(FormWanted())

    def action_save(self) -> None:
        """Ask where to save the recommended plan."""
        assert self.session.state.report
        self.ask_where_to_save(self.session.state.report, self._saved)

    def ask_where_to_save(self, report: SweepReport, then: Callable[[Path | None], None] | None = None) -> None:
        """Show the dialog that saves the plan of a report; ``then`` is told where it was saved, None if nowhere."""
        from workbench.tui.screens.save import SaveScreen

        self.app.push_screen(SaveScreen(report, self.session.services.save, self.signs), then)

    def _saved(self, path: Path | None) -> None:
        self.session.saved = str(path) if path else self.session.saved

    async def action_hotspots(self) -> None:
        """Sample the selected plan."""
        assert self.session.selected
        await self.app.run_action("go('hotspots')")
        self.app.screen.post_message(CaptureWanted(self.session.selected))

    @work(exclusive=True, group="copy")
    async def action_command(self) -> None:
        """Copy the command line that does the same, and show it."""
        await self.copy(shlex.join(self.equivalent()))

    def equivalent(self) -> list[str]:
        """Return the command that does the same as this page."""
        request = self.wanted()
        return command_line(request) if request else ["workbench", "replay", self.session.source]

    async def copy(self, text: str) -> None:
        """Copy a text: by a native tool, else through the terminal and into a file; say so."""
        how = "copied"
        if not await self.session.services.copy(text):
            self.app.copy_to_clipboard(text)
            kept = leave_in_file(text)
            how = f"sent to the terminal's clipboard; also in {kept}" if kept else "sent to the terminal's clipboard"
        self.notify(self.signs.text(text), title=how, timeout=15, markup=False)

    def name_of(self, plan: object) -> str:
        """Return a plan in words, as short as tells it from the others."""
        row = next((row for row in self.session.state.rows if row.plan == plan), None)
        return self.signs.text(describe(row.plan, self.session.state.plans)) if row else ""
