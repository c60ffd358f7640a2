"""The one sweep of the app: started, followed, stopped, kept; and which screens are told."""

import asyncio

from textual import on
from textual.app import App
from textual.timer import Timer

from engine.report import SweepReport
from workbench.settings import Settings
from workbench.tui.engine_process import Engine
from workbench.tui.journaled import Journaled
from workbench.tui.messages import ResumeWanted, StopWanted, SweepWanted
from workbench.tui.permission import Phase
from workbench.tui.screens.page import PageScreen
from workbench.tui.session import Session
from workbench.words.numbers import UNICODE, Signs


class SweepingApp(App[None]):
    """An app around a session. It paints what is on screen at most so many times a second, and only while one runs."""

    session: Session
    settings: Settings
    signs: Signs = UNICODE
    pages: list[PageScreen]
    """Those that have been shown."""
    _painter: Timer | None = None

    def _start_painter(self) -> None:
        self._painter = self.set_interval(1 / self.settings.updates_per_second, self._paint, pause=True)

    @property
    def page(self) -> PageScreen | None:
        """The screen of the mode, below any dialog."""
        bottom = self.screen_stack[0] if self.screen_stack else None
        return bottom if isinstance(bottom, PageScreen) else None

    async def _look_for_interrupted(self) -> None:
        """Offer to go on with the newest sweep that did not come to its end."""
        found = await asyncio.to_thread(self.session.services.unfinished)
        self.session.interrupted = found[0] if found else None
        if found and self.page:
            self.page.offered()

    def follow(self, engine: Engine) -> None:
        """Show the sweep of an engine, or a recording, in place of the one before."""
        if isinstance(engine, Journaled):
            engine.on_problem = lambda problem: self.notify(self.signs.text(problem), severity="warning", markup=False)
        self.run_worker(self._follow(engine), group="sweep", exclusive=True)

    async def _follow(self, engine: Engine) -> None:
        async for phase in self.session.follow(engine):
            await self._entered(phase)
            report = self.session.state.report
            if phase == "done" and report and self.session.request and not self.session.playback:
                self.run_worker(self._keep(report), group="history")

    async def _entered(self, phase: Phase) -> None:
        if self._painter:
            (self._painter.resume if phase == "running" or self.session.playback else self._painter.pause)()
        for page in self.pages:
            if page.is_mounted:
                await page.entered(phase)
                page.paint()
                page.refresh_keys()

    def _paint(self) -> None:
        if self.page:
            self.page.paint()

    async def _keep(self, report: SweepReport) -> None:
        """Add the sweep to the history. What goes wrong is a notice: the figures are on the screen all the same."""
        try:
            self.session.kept = await self.session.services.keep(report)
            for page in self.pages:
                page.kept()
        except Exception as error:  # noqa: BLE001 - one that a worker raises would end the app
            self.notify(self.signs.text(f"not kept in the history: {error}"), severity="warning", markup=False)

    @on(SweepWanted)
    def _sweep_wanted(self, message: SweepWanted) -> None:
        """Start a sweep, and show it."""
        from workbench.demo import demo_request

        request = message.request or demo_request()
        self.session.request = request
        self.switch_mode("sweep")
        self.follow(self.session.services.start(request))

    @on(ResumeWanted)
    def _resume_wanted(self) -> None:
        """Go on with the sweep that was interrupted."""
        if earlier := self.session.interrupted:
            self.session.request, self.session.interrupted = earlier.request, None
            self.switch_mode("sweep")
            self.follow(self.session.services.go_on(earlier))

    @on(StopWanted)
    def _stop_wanted(self) -> None:
        """Stop the sweep; its report follows."""
        if self.session.engine:
            self.notify("stopping; what was measured is kept", timeout=2)
            self.run_worker(self.session.engine.stop(), group="stop", exclusive=True)
