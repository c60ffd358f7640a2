"""The app: it owns the keys that work anywhere, the way out, and what must not survive it."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from engine.recording import read_recording
from engine.request import SweepRequest
from workbench.numbers import ASCII, UNICODE, Signs
from workbench.tui.actions import ACTIONS, bindings
from workbench.tui.engine_process import Engine
from workbench.tui.recording import Recording
from workbench.tui.screens.confirm import ConfirmScreen
from workbench.tui.screens.help import HelpScreen
from workbench.tui.screens.sweep import SweepScreen
from workbench.tui.services import Services

SHUTDOWN_PATIENCE = 3.0
"""Seconds between a signal and the end of the process, whatever happens."""

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class Workbench(App[None], inherit_bindings=False):
    """Terminal UI of the workbench: one screen for a sweep, and dialogs above it."""

    TITLE = "Workbench"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(anywhere=True),
        Binding("ctrl+q", "leave", "Quit", priority=True, id="leave.always"),
        Binding("ctrl+c", "interrupt", "Quit", show=False, priority=True, id="interrupt"),
    ]

    def __init__(
        self,
        services: Services | None = None,
        request: SweepRequest | None = None,
        autostart: bool = False,
        replay: tuple[Engine, str] | None = None,
        signs: Signs = UNICODE,
    ) -> None:
        super().__init__(ansi_color=True if _colourless() else None)
        if _colourless():
            self.theme = "ansi-dark"  # any other theme is sent in greys, and its filter cannot cope with the plot
        self._signs = signs
        self.sweep_screen = SweepScreen(services or Services(), request, signs, autostart, replay)
        self.guards_terminal = False
        """Whether signals are answered by restoring the terminal; only when a real one is drawn on."""

    def on_mount(self) -> None:
        """Show the sweep screen, and be ready for signals."""
        self.push_screen(self.sweep_screen)
        if self.guards_terminal:
            loop = asyncio.get_running_loop()
            for number in SIGNALS:
                loop.add_signal_handler(number, partial(self._on_signal, number))

    def _on_signal(self, number: signal.Signals) -> None:
        """Go in good order; by force if that takes too long.

        When the terminal itself has gone, Textual's writer thread dies of it and its shutdown waits for that thread.
        """
        last_resort = threading.Timer(SHUTDOWN_PATIENCE, self._end_by_force, (128 + number,))
        last_resort.daemon = True
        last_resort.start()
        self.run_worker(self._leave(128 + number), group="leave", exclusive=True)

    def _end_by_force(self, code: int) -> None:
        if self.sweep_screen.engine:
            self.sweep_screen.engine.kill()
        os._exit(code)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Put every action into the palette, beside Textual's own."""
        for action in ACTIONS:
            run = partial(self.run_action, action.name) if action.anywhere else partial(self._on_sweep, action.name)
            yield SystemCommand(action.label or action.name.capitalize(), action.help, run)
        ours = ("Quit", "Keys")
        yield from (command for command in super().get_system_commands(screen) if command.title not in ours)

    async def _on_sweep(self, name: str) -> None:
        await self.sweep_screen.try_action(name)

    def action_help(self) -> None:
        """Show keys and words."""
        self.push_screen(HelpScreen(self._signs))

    def action_interrupt(self) -> None:
        """Copy what is selected; without a selection, quit."""
        if text := self.screen.get_selected_text():
            self.copy_to_clipboard(text)
            self.screen.clear_selection()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Quit; ask first when a sweep would be lost."""
        if self.sweep_screen.phase != "running":
            self.run_worker(self._leave(0), group="leave", exclusive=True)
        elif not isinstance(self.screen, ConfirmScreen):
            self.push_screen(ConfirmScreen("A sweep is running. Stop it and quit?", "Stop and quit"), self._answered)

    def _answered(self, yes: bool | None) -> None:
        if yes:
            self.run_worker(self._leave(0), group="leave", exclusive=True)

    async def _leave(self, code: int) -> None:
        """Stop the engine while there is still someone to wait for it, then go."""
        if self.sweep_screen.engine:
            await self.sweep_screen.engine.stop()
        self.exit(return_code=code)


def run(request: SweepRequest | None = None, autostart: bool = False, replay: Path | None = None) -> int:
    """Show the terminal UI; return the exit code. Raises FileProblem for a recording that cannot be read."""
    played: tuple[Engine, str] | None = (Recording(read_recording(replay)), str(replay)) if replay else None
    app = Workbench(request=request, autostart=autostart, replay=played, signs=terminal_signs(os.environ))
    app.guards_terminal = True
    try:
        app.run()
    finally:
        if app.sweep_screen.engine:
            app.sweep_screen.engine.kill()
    return app.return_code or 0


def _colourless() -> bool:
    """Whether NO_COLOR asks for no colour; Textual takes an empty one for a wish too, so that is taken away."""
    if os.environ.get("NO_COLOR"):
        return True
    os.environ.pop("NO_COLOR", None)
    return False


def terminal_signs(environment: "os._Environ[str] | dict[str, str]") -> Signs:
    """Return the signs this terminal can show: ASCII for a locale that is not UTF-8, and on the Linux console."""
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    locale = next((environment[name] for name in names if environment.get(name)), "UTF-8")
    plain = "utf" not in locale.lower() or environment.get("TERM") == "linux"
    return ASCII if plain else UNICODE


if __name__ == "__main__":
    sys.exit(run())
