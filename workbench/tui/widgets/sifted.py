"""Lines that can be sorted by a column and filtered by words; that changes their order, never the rows."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from workbench.tui.widgets.lines import Lines
from workbench.tui.widgets.order import arrange
from workbench.words.numbers import UNICODE, Signs
from workbench.words.table import Rank


class SiftedLines(Lines):
    """Adds to lines: ``/`` and words, columns to sort by, and the way back to the original order."""

    class Sifted(Message):
        """Other rows are shown than before."""

    def __init__(self, signs: Signs = UNICODE, id: str | None = None) -> None:
        super().__init__(signs, id)
        self.needle, self.typing = "", False
        """Words that shown rows have, and whether keys are added to them."""
        self._sort: tuple[str, bool] | None = None
        """Column, and whether the largest comes first."""
        self._count = 0

    def header_text(self) -> str:
        """Return the line above the rows; the character before each header is free for the direction of sorting."""
        raise NotImplementedError

    def columns(self) -> Sequence[str]:
        """Return the headers of the columns one can sort by."""
        return ()

    def rank(self, row: int, column: str) -> Rank:
        """Return what a row is sorted by."""
        return None

    def falls(self, column: str) -> bool:
        """Whether one who sorts by a column wants to see its largest values first."""
        return False

    def place(self, column: str) -> tuple[int, int]:
        """Return where the header of a column starts and ends."""
        return 0, 0

    def update_rows(self, count: int, changed: Sequence[int]) -> None:
        """Show so many rows, of which these say something else than before."""
        if count != self._count:
            self._count, self.marks = count, [row for row in self.marks if row < count]
            self.rearrange()
        elif changed and (self._sort or self.needle):
            self.rearrange()
        self.repaint(changed)

    def rearrange(self) -> None:
        """Filter and sort anew."""
        order = arrange(self._found(), self._sort, self.rank)
        if order != self.shown:
            others = set(order) != set(self.shown)
            self.show_rows(order)
            if others:
                self.post_message(self.Sifted())
        if self._sort or self.needle:
            self.repaint_header()

    def _found(self) -> Sequence[int]:
        words, rows = self.needle.lower().split(), range(self._count)
        return [row for row in rows if all(word in self.line(row)[1].lower() for word in words)] if words else rows

    def header_strip(self) -> Strip:
        """Return the header, with the column sorted by, or the words being typed."""
        style = self.style("header")
        if self.typing or self.needle:
            end = "_" if self.typing else ""
            return Strip([Segment(f"/{self.needle}{end}  {len(self.shown)} of {self._count}", style)])
        text = self.header_text()
        if not self._sort:
            return Strip([Segment(text, style)])
        start, stop = self.place(self._sort[0])
        before = max(start + len(text[start:stop]) - len(text[start:stop].lstrip()) - 1, 0)
        text = text[:before] + self.signs.sorted[self._sort[1]] + text[before + 1 :]
        sorted_by = style + Style(underline=True)
        return Strip([Segment(text[:start], style), Segment(text[start:stop], sorted_by), Segment(text[stop:], style)])

    def action_sort(self) -> None:
        """Sort by the next column; after the last, the original order again."""
        names = list(self.columns())
        at = names.index(self._sort[0]) + 1 if self._sort and self._sort[0] in names else 0
        self._sort_by((names[at], self.falls(names[at])) if at < len(names) else None)

    def action_reverse(self) -> None:
        """Sort the other way round."""
        if self._sort:
            self._sort_by((self._sort[0], not self._sort[1]))

    def action_original(self) -> None:
        """Show all rows in their original order."""
        self.needle, self.typing = "", False
        self._sort_by(None)

    def _sort_by(self, sort: tuple[str, bool] | None) -> None:
        self._sort = sort
        self.rearrange()
        self.repaint_header()
        self.call_after_refresh(self.scroll_to, y=0, animate=False)  # who sorts wants to see what comes first

    def action_filter(self) -> None:
        """Let keys type words that rows must have."""
        self.typing = True
        self.repaint_header()

    def on_key(self, event: events.Key) -> None:
        """While words are typed, keys are letters."""
        if not self.typing or not self._type(event):
            return
        event.stop()
        event.prevent_default()
        self.rearrange()
        self.repaint_header()

    def _type(self, event: events.Key) -> bool:
        """Take a key into the words; return whether it was one for them."""
        if event.key in ("enter", "escape"):
            self.typing, self.needle = False, self.needle if event.key == "enter" else ""
        elif event.key == "backspace":
            self.needle = self.needle[:-1]
        elif event.character and event.is_printable:
            self.needle += event.character
        else:
            return False
        return True

    def on_click(self, event: events.Click) -> None:
        """Sort by the column whose header was clicked; again: the other way round."""
        if event.y:
            return
        for name in self.columns():
            start, stop = self.place(name)
            if start <= event.x < stop:
                again = self._sort if self._sort and self._sort[0] == name else None
                self._sort_by((name, not again[1] if again else self.falls(name)))

    def on_blur(self) -> None:
        """Keys go elsewhere now."""
        self.typing = False
        self.repaint_header()
