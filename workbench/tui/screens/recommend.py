"""The plan to use, how sure that is, and how to use it."""

import asyncio
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import BindingType

from engine.errors import RequestError
from engine.plan import describe
from engine.report import SweepReport
from workbench.state import State
from workbench.tui.bindings import bindings
from workbench.tui.screens.reading import UNMEASURED, ReadingScreen
from workbench.tui.session import Session
from workbench.words.format import wrap
from workbench.words.numbers import UNICODE, Signs, percent
from workbench.words.pieces import Line, line, lines_of
from workbench.words.recommended import CONFIG, PYTHON, RUN, config_lines, recommended_lines, use_lines


class RecommendScreen(ReadingScreen):
    """Tells the recommendation in full, and what saving it would change in the current folder."""

    PAGE = "recommend"
    BINDINGS: ClassVar[list[BindingType]] = bindings("recommend")

    def __init__(self, session: Session, signs: Signs = UNICODE) -> None:
        super().__init__(session, signs)
        self._known: tuple[object, int] | None = None
        """What was painted last: the state and the width."""
        self._told: Sequence[Line] = ()
        self._folder: Sequence[Line] = ()
        """What is said of the file in the current folder."""

    def on_screen_resume(self) -> None:
        """Look at the file in the current folder again: it may just have been saved."""
        self._known = None

    def tell(self, width: int) -> None:
        """Tell what is recommended; the file is looked at only when something has changed."""
        state = self.session.state
        if self._known is None or self._known[0] is not state or self._known[1] != width:
            self._known = (state, width)
            self._told = self._lines(state, width)
            if not state.report or not state.report.recommendation:
                self._folder = []
            self.read([*self._told, *self._folder])
            if state.report and state.report.recommendation:
                self._look(state.report, width)

    @work(exclusive=True, group="folder")
    async def _look(self, report: SweepReport, width: int) -> None:
        """Compare with the file in the current folder, in a thread: what reads it takes half a second to import."""
        self._folder = [line(), *await asyncio.to_thread(folder_lines, report, width, self.signs)]
        self.read([*self._told, *self._folder])

    def _lines(self, state: State, width: int) -> list[Line]:
        report, signs = state.report, self.signs
        if report is None:
            return self.faint(self._instead(state), width)
        lines = recommended_lines(report, width, signs)
        if report.recommendation is None:
            return lines
        return [*lines, line(), *use_lines(self.equivalent() if self.session.request else None, width, signs)]

    def _instead(self, state: State) -> str:
        """What stands here while there is no report."""
        if state.error:
            return state.error
        if not state.rows:
            return UNMEASURED
        words = "The sweep is running; the recommendation comes with the report."
        if state.looked is not None and state.looked.leader in range(len(state.rows)):
            leader = describe(state.rows[state.looked.leader].plan, state.plans)
            words += f" So far {leader} leads"
            words += f", within {percent(state.looked.within)} of the best." if state.looked.within is not None else "."
        return words

    def equivalent(self) -> list[str]:
        """Return the command that measures the same and saves the plan."""
        command = super().equivalent()
        return [*command, "--save-config", CONFIG] if self.session.request else command

    @work(exclusive=True, group="copy")
    async def action_command(self) -> None:
        """Copy the commands that measure, save and use the plan."""
        await self.copy("\n".join(map(shlex.join, (self.equivalent(), RUN))))

    @work(exclusive=True, group="copy")
    async def action_python(self) -> None:
        """Copy the Python lines that use the plan."""
        await self.copy(PYTHON)


def folder_lines(report: SweepReport, width: int, signs: Signs) -> list[Line]:
    """Return what the current folder holds, and what saving would change."""
    from engine.production.config import config_text
    from engine.production.standing import look

    there = look(Path(CONFIG))
    if there.text:
        try:
            return config_lines(there.text, config_text(report), width, signs)
        except RequestError as error:
            words = str(error)
    elif there.exists:
        words = f"it is not a tuned config: {there.problem}; s saves under another name"
    else:
        words = "there is none yet; s saves one"
    return [line(f"{CONFIG} in this folder", "heading"), *lines_of(wrap(signs.text(words), width))]
