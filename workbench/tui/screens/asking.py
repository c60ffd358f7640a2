"""Screens that show what another ``workbench`` says: asked whenever they are shown, never while a sweep is timed."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual import work

from workbench.tui.answers import complaint
from workbench.tui.permission import Phase
from workbench.tui.screens.page import PageScreen

MEASURING = "a sweep is running; the list is read when it is over"
DISTURBING = "a sweep is running; looking would disturb it"


class AskingScreen(PageScreen):
    """Asks a question of another process; subclasses say which, and show the answer."""

    QUESTION: ClassVar[tuple[str, ...]]
    """Arguments of ``workbench``."""

    watched = False
    """Whether this screen is the one being seen."""
    stale = True
    """Whether there may be something new to be told."""
    answered = False

    def answer(self, document: bytes) -> None:
        """Show the document. Raises msgspec.DecodeError."""
        raise NotImplementedError

    def explain(self, lines: Sequence[str]) -> None:
        """Show why there is no answer; called only while there is none, or when it cannot be had any more."""
        raise NotImplementedError

    @property
    def measuring(self) -> bool:
        """Whether a sweep is being timed; a recording is not."""
        return self.session.phase == "running" and self.session.playback is None

    def on_screen_resume(self) -> None:
        """Ask again, since things may have changed."""
        self.watched = self.stale = True
        self.look()

    def on_screen_suspend(self) -> None:
        """Another screen or a dialog is above."""
        self.watched = False

    async def entered(self, phase: Phase) -> None:
        """Leave a sweep alone; when it is over catch up."""
        if self.measuring:
            self.workers.cancel_group(self, "look")
        self.stale = True
        self.look()

    def kept(self) -> None:
        """A sweep was added to the history."""
        self.stale = True
        self.look()

    def look(self) -> None:
        """Ask, if this is the time to."""
        if self.measuring:
            if not self.answered:
                self.explain([MEASURING])
        elif self.watched and self.stale:
            self.stale = False
            self._ask()

    @work(exclusive=True, group="look")
    async def _ask(self) -> None:
        if not self.answered:
            self.explain([f"asking `workbench {self.QUESTION[0]}`{self.signs.ellipsis}"])
        try:
            code, out, complaints = await self.session.services.command(list(self.QUESTION))
            if code:
                self.answered = False
                self.explain(complaint(code, complaints, self.signs))
            else:
                self.answer(out)
                self.answered = True
        except (OSError, msgspec.DecodeError) as error:
            self.answered = False
            self.explain([self.signs.text(f"no answer: {error}")])
