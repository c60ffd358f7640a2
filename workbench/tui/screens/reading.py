"""A page to read: lines made for the width there is, in one column that scrolls."""

from collections.abc import Iterable, Sequence

from textual.containers import VerticalScroll
from textual.widget import Widget

from workbench.tui.screens.page import PageScreen
from workbench.tui.widgets.account import Account
from workbench.words.format import wrap
from workbench.words.pieces import Line, lines_of

UNMEASURED = "Nothing was measured yet: 1 goes to the form, where r starts a sweep; d starts the demo."
_NARROWEST = 20


class ReadingScreen(PageScreen):
    """Shows lines; subclasses say which in ``tell``."""

    def body(self) -> Iterable[Widget]:
        """Return a place for the lines."""
        with VerticalScroll(classes="scroll account"):
            yield Account(id="account")

    def on_mount(self) -> None:
        """Arrow keys scroll."""
        self.query_one(VerticalScroll).focus()

    def on_resize(self) -> None:
        """Use the room there is."""
        self.call_after_refresh(self.paint)

    def show(self) -> None:
        """Tell what is known now, once there is room: Textual 8.2.8 forgets to measure what was updated before."""
        if width := self.query_one(VerticalScroll).scrollable_content_region.width:
            self.tell(max(width, _NARROWEST))

    def tell(self, width: int) -> None:
        """Put into words what has changed since the last time, in lines of so many columns."""
        raise NotImplementedError

    def read(self, lines: Sequence[Line]) -> None:
        """Show these lines; they are painted only when they have changed."""
        self.query_one(Account).show(lines)

    def faint(self, words: str, width: int) -> list[Line]:
        """Return words that stand where figures will be."""
        return lines_of(wrap(self.signs.text(words), width), "faint")
