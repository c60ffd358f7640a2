"""Lines under a header that stays: repaints the rows that changed and no others; any number of rows.

Textual's DataTable repaints itself whole for one changed cell: sixty times the bytes on the wire. Lines are made when
they are painted, so that 10,000 rows cost what the screen shows.
"""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.tui.bindings import bindings
from workbench.words.numbers import UNICODE, Signs


class Lines(ScrollView, can_focus=True):
    """Rows by number, from 0, some of them in some order; a cursor selects one. Subclasses say what a row says."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("table")
    STYLES = ("header", "cursor", "ok", "chosen", "running", "failed", "faint")
    COMPONENT_CLASSES = {f"lines--{name}" for name in STYLES}

    cursor = reactive(0, repaint=False)
    """Place of the selected row among those shown."""

    class Selected(Message):
        """Another row is under the cursor."""

    class Marked(Message):
        """A row was marked, or is no longer."""

    def __init__(self, signs: Signs = UNICODE, id: str | None = None) -> None:
        super().__init__(id=id)
        self.signs = signs
        self.marks: list[int] = []
        """Marked rows, the latest last."""
        self.shown: list[int] = []
        """Rows in the order in which they are shown."""
        self.touched = False
        """Whether a person has moved the cursor."""

    def header_strip(self) -> Strip:
        """Return the line above the rows."""
        raise NotImplementedError

    def line(self, row: int) -> tuple[str, str]:
        """Return style and text of a row; the second character is free for a mark."""
        raise NotImplementedError

    @property
    def row(self) -> int | None:
        """The row under the cursor; None when none is shown."""
        return self.shown[self.cursor] if 0 <= self.cursor < len(self.shown) else None

    def show_rows(self, order: list[int]) -> None:
        """Show these rows; the cursor stays on its row."""
        row, self.shown = self.row, order
        self.virtual_size = Size(0, len(order) + 1)
        self.select(row)
        self.refresh()
        self.call_after_refresh(self._show_cursor)  # only then is it known how far one can scroll

    def _show_cursor(self) -> None:
        self._show_place(self.cursor)

    def show_from_top(self) -> None:
        """Scroll to where the first rows are seen as well as the cursor, as far as there is room, wherever that was."""
        height = self.scrollable_content_region.height - 1
        self.scroll_to(y=max(self.cursor - height + 1, 0) if height > 0 else 0, animate=False)

    def reveal(self, row: int) -> None:
        """Bring a row into view, unless keys or the mouse have gone elsewhere."""
        if not self.touched and row in self.shown:
            self._show_place(self.shown.index(row))

    def select(self, row: int | None) -> None:
        """Put the cursor on a row, or on the first one where that is not shown."""
        place = self.shown.index(row) if row is not None and row in self.shown else 0
        if place == self.cursor:
            self.post_message(self.Selected())
            self._show_place(place)
        self.cursor = place

    def repaint(self, rows: Sequence[int]) -> None:
        """Paint these rows again, where they are in view."""
        top = self.scroll_offset.y
        view = self.shown[top : top + max(self.size.height - 1, 0)]
        wanted = set(rows)
        for y, row in enumerate(view, 1):
            if row in wanted:
                self.refresh(Region(0, y, self.size.width, 1))

    def _repaint_place(self, place: int) -> None:
        y = place + 1 - self.scroll_offset.y
        if 1 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def repaint_header(self) -> None:
        """Paint the header again."""
        self.refresh(Region(0, 0, self.size.width, 1))

    def style(self, name: str) -> Style:
        """Return the style of a kind of line."""
        return self.get_component_rich_style(f"lines--{name}")

    def render_line(self, y: int) -> Strip:
        """Return one line of the screen: the header, a row, or nothing."""
        width, place = self.size.width, y - 1 + self.scroll_offset.y
        if y == 0:
            return self.header_strip().adjust_cell_length(width, self.style("header"))
        if place >= len(self.shown):
            return Strip.blank(width, self.rich_style)
        row = self.shown[place]
        name, text = self.line(row)
        if row in self.marks:
            text = f"{text[:1]}{self.signs.mark}{text[2:]}"
        style = self.style(name)
        if place == self.cursor:
            style += self.get_component_rich_style("lines--cursor", partial=True)
        return Strip([Segment(text, style)]).adjust_cell_length(width, style)

    def watch_cursor(self, before: int, after: int) -> None:
        """Repaint the two rows the cursor left and came to."""
        self._repaint_place(before)
        self._show_place(after)
        self._repaint_place(after)
        self.post_message(self.Selected())

    def _show_place(self, place: int) -> None:
        top, height = self.scroll_offset.y, self.scrollable_content_region.height - 1
        if place < top:
            self.scroll_to(y=place, animate=False)
        elif height > 0 and place >= top + height:
            self.scroll_to(y=place - height + 1, animate=False)

    def action_cursor(self, by: int) -> None:
        """Move the cursor by so many rows."""
        self.touched = True
        self.cursor = min(max(self.cursor + by, 0), max(len(self.shown) - 1, 0))
        self._show_cursor()

    def action_page(self, by: int) -> None:
        """Move the cursor by so many pages."""
        self.action_cursor(by * max(self.size.height - 2, 1))

    def action_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away."""
        if (row := self.row) is not None:
            self.marks = [each for each in self.marks if each != row] if row in self.marks else [*self.marks, row]
            self._repaint_place(self.cursor)
            self.post_message(self.Marked())

    def on_click(self, event: events.Click) -> None:
        """Select the row under the mouse."""
        self.touched = True
        if event.y and (place := event.y - 1 + self.scroll_offset.y) < len(self.shown):
            self.cursor = place

    def on_focus(self) -> None:
        """Show where the cursor is."""
        self._repaint_place(self.cursor)

    def on_blur(self) -> None:
        """Show that keys go elsewhere."""
        self._repaint_place(self.cursor)
