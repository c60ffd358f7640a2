"""The app: its screens, the keys that work anywhere, the one sweep, the way out, and what must not survive it."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

import msgspec
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from engine.recording import read_recording
from engine.request import SweepRequest
from workbench.actions import PAGES, every_action
from workbench.settings import Settings, draws_braille, load_settings, signs_of
from workbench.terminal import SCREEN, say
from workbench.tui.bindings import bindings
from workbench.tui.clipboard import escape_sequence
from workbench.tui.engine_process import Engine
from workbench.tui.journal import go_on_words
from workbench.tui.playback import Playback
from workbench.tui.screens.confirm import ConfirmScreen
from workbench.tui.screens.page import PageScreen
from workbench.tui.screens.sweep import SweepScreen
from workbench.tui.services import Services
from workbench.tui.session import Session
from workbench.tui.sweeping import SweepingApp
from workbench.words.numbers import UNICODE, Signs
from workbench.words.parting import parting_lines

SHUTDOWN_PATIENCE = 3.0
"""Seconds between a signal and the end of the process, whatever happens."""

FIRST_PAINT = 0.02
"""Seconds that the first paint gets for itself."""

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class Workbench(SweepingApp, inherit_bindings=False):
    """Terminal UI of the workbench: one screen for each question, and dialogs above them."""

    TITLE = "Workbench"
    ENABLE_COMMAND_PALETTE = True
    DEFAULT_MODE = "sweep"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("app"),
        Binding("ctrl+q", "leave", "Quit", show=False, priority=True, id="leave.always"),
        Binding("ctrl+c", "interrupt", "Quit", show=False, priority=True, id="interrupt"),
    ]

    def __init__(
        self,
        services: Services | None = None,
        request: SweepRequest | None = None,
        autostart: bool = False,
        replay: tuple[Engine, str] | None = None,
        signs: Signs = UNICODE,
        settings: Settings | None = None,
    ) -> None:
        super().__init__(ansi_color=True if _colourless() else None)
        self.settings = settings or Settings()
        # without colour any other theme is sent in greys, and its filter cannot cope with the plot
        self.theme = "ansi-dark" if _colourless() else self.settings.theme
        self.set_keymap(self.settings.keys)
        self.signs = signs
        self.set_class(signs.ascii_only, "-ascii")
        self.session = Session(services or Services(), request, source=replay[1] if replay else "")
        self._first = replay[0] if replay else None
        self._autostart = autostart
        self.guards_terminal = False
        """Whether signals are answered by restoring the terminal; only when a real one is drawn on."""
        self.sweep_screen = SweepScreen(self.session, signs)
        self.pages = []
        for page in PAGES:
            self.add_mode(page.name, partial(self._page, page.name))

    def get_default_screen(self) -> PageScreen:
        """Return the screen one sees first."""
        return self._page("sweep")

    def _page(self, name: str) -> PageScreen:
        from workbench.tui.screens import page_class

        page = self.sweep_screen if name == "sweep" else page_class(name)(self.session, self.signs)
        self.pages.append(page)
        return page

    def on_mount(self) -> None:
        """Be ready for signals, and start at once where that was asked for."""
        self._start_painter()
        # back from the shell the screen is empty, and only what changes would be drawn
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        if self.guards_terminal:
            loop = asyncio.get_running_loop()
            for number in SIGNALS:
                loop.add_signal_handler(number, partial(self._on_signal, number))

    def on_ready(self) -> None:
        """Paint once before anything else: the fields of the form take 0.3 s to make."""
        self.set_timer(FIRST_PAINT, self._begin)

    async def _begin(self) -> None:
        """Start a sweep at once where that was asked for, else show the form."""
        if self._first:
            self.follow(self._first)
        elif self._autostart and self.session.request:
            self.follow(self.session.services.start(self.session.request))
        else:
            await self.sweep_screen.entered("form")
            self.run_worker(self._look_for_interrupted(), group="interrupted")

    # actions

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Put every action into the palette, beside Textual's own."""
        for action in every_action():
            run = partial(self._do, action.name, action.place)
            yield SystemCommand(action.title or action.label, action.help, run)
        ours = ("Quit", "Keys")
        yield from (command for command in super().get_system_commands(screen) if command.title not in ours)

    async def _do(self, name: str, place: str) -> None:
        if place == "app":
            await self.run_action(name)
        elif place == "table":
            await self.run_action(name, self.screen.focused)
        elif self.page:
            if place not in ("page", self.page.PAGE):
                await self.switch_mode(place)
            await self.page.try_action(name)

    def action_go(self, page: str) -> None:
        """Show another screen."""
        self.switch_mode(page)

    def action_palette(self) -> None:
        """Open the palette."""
        self.action_command_palette()

    def action_help(self) -> None:
        """Show keys and words."""
        from workbench.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.signs))

    def copy_to_clipboard(self, text: str) -> None:
        """Ask the terminal to take a text, also where tmux is between."""
        self._clipboard = text
        if self._driver is not None:
            self._driver.write(escape_sequence(text, bool(os.environ.get("TMUX"))))

    def action_suspend(self) -> None:
        """Give the terminal to the shell."""
        if self._driver is not None and self._driver.can_suspend:
            self.action_suspend_process()
        else:
            self.notify("there is no shell to go to from here", severity="warning", markup=False)

    def action_interrupt(self) -> None:
        """Copy what is selected; without a selection, quit."""
        if text := self.screen.get_selected_text():
            self.copy_to_clipboard(text)
            self.screen.clear_selection()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Quit; ask first when a sweep would be lost."""
        what = self.session.at_work
        if not what or not self.settings.confirm_quit:
            self.leave(0)
        elif not isinstance(self.screen, ConfirmScreen):
            self.push_screen(ConfirmScreen(f"{what} is running. Stop it and quit?", "Stop and quit"), self._answered)

    def _answered(self, yes: bool | None) -> None:
        if yes:
            self.leave(0)

    # the way out

    def leave(self, code: int) -> None:
        """Stop the engine while there is still someone to wait for it, then go."""
        self.run_worker(self._leave(code), group="leave", exclusive=True)

    async def _leave(self, code: int) -> None:
        for process in self.session.processes:
            await process.stop()
        self.exit(return_code=code)

    def _on_signal(self, number: signal.Signals) -> None:
        """Go in good order; by force if that takes too long.

        When the terminal itself has gone, Textual's writer thread dies of it and its shutdown waits for that thread.
        """
        last_resort = threading.Timer(SHUTDOWN_PATIENCE, self._end_by_force, (128 + number,))
        last_resort.daemon = True
        last_resort.start()
        self.leave(128 + number)

    def _end_by_force(self, code: int) -> None:
        self.session.kill()
        os._exit(code)


def run(request: SweepRequest | None = None, autostart: bool = False, replay: Path | None = None) -> int:
    """Show the terminal UI; return the exit code. Raises FileProblem, RequestError."""
    played: tuple[Engine, str] | None = (Playback(read_recording(replay)), str(replay)) if replay else None
    settings = load_settings()
    signs = signs_of(settings, os.environ)
    signs = replace(signs, braille=draws_braille(settings, signs))
    app = Workbench(request=request, autostart=autostart, replay=played, signs=signs, settings=settings)
    app.guards_terminal = True
    try:
        app.run()
    finally:
        app.session.kill()
    if not app.return_code:
        say(_parting_words(app.session, signs), who="")
    return app.return_code or 0


def _parting_words(session: Session, signs: Signs) -> list[str]:
    """What is known of the last sweep when the screen has gone; nothing of a recording, which is still there."""
    if session.playback or not os.isatty(SCREEN):  # in a browser nobody would see them
        return []
    report = session.state.report
    width = os.get_terminal_size(SCREEN).columns
    lines = parting_lines(report, session.kept, session.saved, width, signs) if report else []
    return lines + go_on_words(os.getpid())


def _colourless() -> bool:
    """Whether NO_COLOR asks for no colour; Textual takes an empty one for a wish too, so that is taken away."""
    if os.environ.get("NO_COLOR"):
        return True
    os.environ.pop("NO_COLOR", None)
    return False


if __name__ == "__main__":  # with a request as JSON: starts its sweep at once
    sys.exit(run(msgspec.json.decode(sys.argv[1], type=SweepRequest) if sys.argv[1:] else None, bool(sys.argv[1:])))
