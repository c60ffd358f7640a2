"""The live results table: a row per plan, with the columns that fit."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.report import TrialReport
from workbench.state import RowStatus
from workbench.tui.widgets.sifted import SiftedLines
from workbench.words.numbers import UNICODE, Signs
from workbench.words.table import COLUMNS, MORE_IS_BETTER, Layout, Rank, Table

_COLUMNS = {column.header: column for column in COLUMNS}


@dataclass(frozen=True, eq=False)
class Result:
    """What the table shows of one plan."""

    trial: TrialReport
    status: RowStatus
    reason: str = ""
    chosen: bool = False

    def same_as(self, other: "Result") -> bool:
        """Whether the same would be painted."""
        if self.trial is not other.trial and self.trial != other.trial:
            return False
        return (self.status, self.reason, self.chosen) == (other.status, other.reason, other.chosen)


class ResultsTable(SiftedLines):
    """One line per plan."""

    def __init__(self, signs: Signs = UNICODE, id: str | None = None) -> None:
        super().__init__(signs, id)
        self._results: Sequence[Result] = ()
        self._layout = Layout((), signs)
        self._table: Table = self._layout.table(80)

    def show(self, results: Sequence[Result]) -> None:
        """Show these rows; only lines that differ from what is on screen are painted."""
        before, self._results = self._results, results
        if _plans(before) != _plans(results):
            self._layout, changed = Layout([result.trial for result in results], self.signs), list(range(len(results)))
        else:
            pairs = enumerate(zip(before, results, strict=True))
            changed = [index for index, (old, new) in pairs if old is not new and not new.same_as(old)]
            for index in changed:
                self._layout.note(results[index].trial)
        self._fit()
        self.update_rows(len(results), changed)

    def _fit(self) -> None:
        table = self._layout.table(max(self.scrollable_content_region.width, 10))
        if table != self._table:
            self._table = table
            self.refresh()

    def header_text(self) -> str:
        """Return the names of the columns that fit."""
        return self._table.header()

    def line(self, row: int) -> tuple[str, str]:
        """Return style and text of a plan."""
        result = self._results[row]
        text = self._table.line(result.trial, result.status, result.reason, chosen=result.chosen)
        return _style(result), text

    def columns(self) -> Sequence[str]:
        """Return the columns on screen."""
        return [column.header for column in self._table.columns]

    def rank(self, row: int, column: str) -> Rank:
        """Return a plan's figure."""
        return _COLUMNS[column].rank(self._results[row].trial)

    def falls(self, column: str) -> bool:
        """Whether more of it is better."""
        return column in MORE_IS_BETTER

    def place(self, column: str) -> tuple[int, int]:
        """Return where a column's header is."""
        return self._table.place(column)

    def on_resize(self) -> None:
        """Fit the columns to the new width, and keep the cursor in view."""
        self._fit()
        self.call_after_refresh(self._show_cursor if self.touched else self.show_from_top)


def _plans(results: Sequence[Result]) -> list[object]:
    return [id(result.trial.plan) for result in results]


def _style(result: Result) -> str:
    if result.chosen:
        return "chosen"
    return result.status if result.status in ("ok", "running", "failed") else "faint"
