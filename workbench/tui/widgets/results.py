"""The live results table: a line-API widget that repaints the rows that changed and no others.

Textual's DataTable repaints itself whole for one changed cell: sixty times the bytes on the wire.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.report import TrialReport
from workbench.numbers import UNICODE, Signs
from workbench.state import RowStatus
from workbench.table import Table, fit_table
from workbench.tui.actions import table_bindings


@dataclass(frozen=True)
class Result:
    """What the table shows of one plan."""

    trial: TrialReport
    status: RowStatus
    reason: str = ""
    chosen: bool = False


class ResultsTable(ScrollView, can_focus=True):
    """One line per plan under a header that stays; a cursor selects a plan."""

    BINDINGS = table_bindings()
    COMPONENT_CLASSES = {
        "results--header",
        "results--cursor",
        "results--ok",
        "results--chosen",
        "results--running",
        "results--failed",
        "results--faint",
    }

    cursor = reactive(0, repaint=False)

    class Selected(Message):
        """Another plan is under the cursor."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, signs: Signs = UNICODE, id: str | None = None) -> None:
        super().__init__(id=id)
        self._signs = signs
        self._results: Sequence[Result] = ()
        self._lines: list[tuple[str, str]] = []
        """Style and text of each row, as painted."""
        self._table: Table | None = None

    def show(self, results: Sequence[Result]) -> None:
        """Show these rows; only lines that differ from what is on screen are painted."""
        if len(results) != len(self._results):
            self.cursor = min(self.cursor, max(len(results) - 1, 0))
            self.virtual_size = Size(0, len(results) + 1)
        self._results = results
        self._layout_lines()

    def _layout_lines(self) -> None:
        table = fit_table([result.trial for result in self._results], self._room, self._signs)
        lines = [
            (_style(result), table.line(result.trial, result.status, result.reason, chosen=result.chosen))
            for result in self._results
        ]
        changed = [index for index, line in enumerate(lines) if self._lines[index : index + 1] != [line]]
        header_changed = self._table is None or self._table.header() != table.header()
        if header_changed or len(lines) != len(self._lines):
            self.refresh()
        self._lines, self._table = lines, table
        for index in changed:
            self._refresh_row(index)

    @property
    def _room(self) -> int:
        return max(self.scrollable_content_region.width, 10)

    def _refresh_row(self, index: int) -> None:
        y = index + 1 - self.scroll_offset.y
        if 1 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """Return one line of the screen: the header, a row, or nothing."""
        width = self.size.width
        index = y - 1 + self.scroll_offset.y
        if y == 0:
            text, style = self._table.header() if self._table else "", "results--header"
        elif index < len(self._lines):
            style, text = self._lines[index]
        else:
            return Strip.blank(width, self.rich_style)
        rich_style = self.get_component_rich_style(style)
        if y and index == self.cursor:
            rich_style += self.get_component_rich_style("results--cursor", partial=True)
        return Strip([Segment(text, rich_style)]).adjust_cell_length(width, rich_style)

    def watch_cursor(self, before: int, after: int) -> None:
        """Repaint the two rows the cursor left and came to."""
        self._refresh_row(before)
        self._show_row(after)
        self._refresh_row(after)
        self.post_message(self.Selected(after))

    def _show_row(self, index: int) -> None:
        top, height = self.scroll_offset.y, self.scrollable_content_region.height - 1
        if index < top:
            self.scroll_to(y=index, animate=False)
        elif height > 0 and index >= top + height:
            self.scroll_to(y=index - height + 1, animate=False)

    def action_cursor(self, by: int) -> None:
        """Move the cursor by so many rows."""
        self.cursor = min(max(self.cursor + by, 0), max(len(self._results) - 1, 0))

    def action_page(self, by: int) -> None:
        """Move the cursor by so many pages."""
        self.action_cursor(by * max(self.size.height - 2, 1))

    def on_click(self, event: events.Click) -> None:
        """Select the row under the mouse."""
        if event.y and (index := event.y - 1 + self.scroll_offset.y) < len(self._results):
            self.cursor = index

    def on_resize(self) -> None:
        """Fit the columns to the new width."""
        self._layout_lines()

    def on_focus(self) -> None:
        """Show where the cursor is."""
        self._refresh_row(self.cursor)

    def on_blur(self) -> None:
        """Show that keys go elsewhere."""
        self._refresh_row(self.cursor)


def _style(result: Result) -> str:
    if result.chosen:
        return "results--chosen"
    if result.status in ("ok", "running", "failed"):
        return f"results--{result.status}"
    return "results--faint"
