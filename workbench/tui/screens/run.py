"""A tuned config at work: its progress, rate, failures, and where the results go."""

from collections.abc import Iterable

from textual import on
from textual.widget import Widget

from workbench.tui.permission import Phase
from workbench.tui.screens.page import PageScreen
from workbench.tui.session import Session
from workbench.tui.widgets.production import ProductionPanel
from workbench.words.numbers import UNICODE, Signs


class RunScreen(PageScreen):
    """The panel, beside which no sweep may run: each would be slower for the other."""

    PAGE = "run"

    def __init__(self, session: Session, signs: Signs = UNICODE) -> None:
        super().__init__(session, signs)
        self._panel = ProductionPanel(session.services.run, signs, busy=self._busy)

    def body(self) -> Iterable[Widget]:
        """Return the panel."""
        yield self._panel

    def _busy(self) -> str | None:
        return "a sweep is running; esc stops it" if self.session.phase == "running" else None

    async def entered(self, phase: Phase) -> None:
        """A sweep began or ended: what can be started has changed."""
        self._panel.form.check()

    @on(ProductionPanel.Started)
    def _started(self) -> None:
        self.session.producing = self._panel.process
        self.refresh_keys()

    @on(ProductionPanel.Ended)
    def _ended(self) -> None:
        self.session.producing = None
        self.refresh_keys()

    def action_sweep(self) -> None:
        """Start the run: on this page that is what the key runs."""
        self._panel.start()

    async def action_stop(self) -> None:
        """Stop the run; while none goes on, go back."""
        if self.session.producing:
            self._panel.stop()
        else:
            await super().action_stop()

    def equivalent(self) -> list[str]:
        """Return the command that runs the same."""
        request = self._panel.form.request
        return ["workbench", "run", "--config", request.config, *(["--out", request.out] if request.out else [])]
