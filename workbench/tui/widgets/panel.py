"""A text of another command, to be scrolled both ways: its tables keep their lines."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer
from textual.content import Content
from textual.widgets import Static

EDGES = 4
"""Columns beside the text: padding, and a scrollbar."""


class Panel(ScrollableContainer):
    """Scrolls with the arrow keys, and with those that move through tables."""

    DEFAULT_CSS = """
    Panel {
        padding: 0 1;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1;
    }
    Panel Static {
        width: auto;
        height: auto;
        text-wrap: nowrap;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
        Binding("h", "scroll_left", show=False),
        Binding("l", "scroll_right", show=False),
        Binding("g", "scroll_home", show=False),
        Binding("G", "scroll_end", show=False),
        Binding("ctrl+d", "page_down", show=False),
        Binding("ctrl+u", "page_up", show=False),
    ]

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static("", markup=False)

    def say(self, lines: Sequence[str]) -> None:
        """Show these lines, from the first."""
        self.query_one(Static).update(Content("\n".join(lines)))
        self.scroll_home(animate=False)

    @property
    def room(self) -> int:
        """Characters that a line has, also while the panel is not laid out yet."""
        return max(self.screen.size.width - EDGES, 20)
