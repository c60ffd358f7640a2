"""The table of past sweeps: a row each, with the columns that fit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from engine.history.records import Summary
from workbench.tui.widgets.sifted import SiftedLines
from workbench.words.numbers import UNICODE, Signs, fit, ratio
from workbench.words.past import blocks_words, date, machine, short_plan, sizes
from workbench.words.table import Rank

PLAN = "recommended plan"
"""The column that gives way."""
READABLE, NARROWEST = 20, 8
"""Characters below which it shrinks only when other columns have gone, and never."""
GAP = 2
MARGIN = 2
"""Characters before the first column: whether the sweep was finished, and its mark."""


class Past(msgspec.Struct, frozen=True):
    """What ``workbench history --json`` says."""

    sweeps: tuple[Summary, ...] = ()
    here: str = ""
    """Fingerprint of this machine."""


@dataclass(frozen=True)
class Column:
    """One column."""

    header: str
    rank: Callable[[Summary], Rank]
    right: bool = False
    leaves: int = 0
    """Columns with the largest number leave first where there is no room; 0: it stays."""


COLUMNS = (
    Column("id", lambda sweep: float(sweep.id), right=True, leaves=1),
    Column("date (UTC)", lambda sweep: sweep.created, leaves=2),
    Column("workload", lambda sweep: sweep.workload),
    Column("size", lambda sweep: sweep.size, leaves=3),
    Column("host", lambda sweep: sweep.host, leaves=5),
    Column("plans", lambda sweep: float(sweep.plans), right=True, leaves=6),
    Column("blocks", lambda sweep: float(sweep.blocks), right=True, leaves=4),
    Column(PLAN, lambda sweep: short_plan(sweep.recommended, sweep.settings) or None),
    Column("speedup", lambda sweep: sweep.speedup.median if sweep.speedup else None, right=True),
)
"""In reading order."""

_COLUMNS = {column.header: column for column in COLUMNS}


def cells(past: Past, signs: Signs = UNICODE) -> list[tuple[str, ...]]:
    """Return what the table says of each sweep, a text for each column."""
    rows = (
        (
            str(each.id),
            date(each.created),
            each.workload,
            size,
            machine(each, past.here),
            str(each.plans),
            blocks_words(each.blocks, each.complete),
            short_plan(each.recommended, each.settings),
            ratio(each.speedup.median, signs) if each.speedup else "",
        )
        for each, size in zip(past.sweeps, sizes(past.sweeps), strict=True)
    )
    return [tuple(map(signs.text, row)) for row in rows]


def widths(rows: Sequence[Sequence[str]], room: int) -> dict[str, int]:
    """Return the columns that fit, in reading order, and the characters of each."""
    found = {
        column.header: max(len(column.header), *(len(row[at]) for row in rows)) if rows else len(column.header)
        for at, column in enumerate(COLUMNS)
    }
    for column in sorted((each for each in COLUMNS if each.leaves), key=lambda each: -each.leaves):
        if _excess(found, room) > found[PLAN] - READABLE:
            del found[column.header]
    found[PLAN] = max(found[PLAN] - max(_excess(found, room), 0), NARROWEST)
    return found


def _excess(found: Mapping[str, int], room: int) -> int:
    return MARGIN + sum(found.values()) + GAP * (len(found) - 1) - room


class SweepsTable(SiftedLines):
    """One line per sweep, the newest first."""

    def __init__(self, signs: Signs = UNICODE, id: str | None = None) -> None:
        super().__init__(signs, id)
        self.past = Past()
        self._cells: list[tuple[str, ...]] = []
        self._widths = widths((), 80)

    def show(self, past: Past) -> None:
        """Show these sweeps; cursor and marks stay with theirs."""
        if past == self.past:
            return
        marked, selected = [self.past.sweeps[row].id for row in self.marks], self.sweep
        self.past, self._cells = past, cells(past, self.signs)
        places = {sweep.id: row for row, sweep in enumerate(past.sweeps)}
        self.marks = [places[each] for each in marked if each in places]
        self._fit()
        self.update_rows(len(past.sweeps), range(len(past.sweeps)))
        self.select(places.get(selected.id) if selected else None)
        self.refresh()

    @property
    def sweep(self) -> Summary | None:
        """The sweep under the cursor."""
        return None if self.row is None else self.past.sweeps[self.row]

    @property
    def marked(self) -> list[Summary]:
        """The marked sweeps, the oldest first."""
        return sorted((self.past.sweeps[row] for row in self.marks), key=lambda each: (each.created, each.id))

    def _fit(self) -> None:
        found = widths(self._cells, max(self.scrollable_content_region.width, 10))
        if found != self._widths:
            self._widths = found
            self.refresh()

    def header_text(self) -> str:
        """Return the names of the columns that fit."""
        return self._joined({column.header: column.header for column in COLUMNS})

    def line(self, row: int) -> tuple[str, str]:
        """Return style and text of a sweep; a stopped one has another sign."""
        complete = self.past.sweeps[row].complete
        texts = dict(zip(_COLUMNS, self._cells[row], strict=True))
        sign = self.signs.status[0 if complete else 6]
        return "ok" if complete else "faint", sign + self._joined(texts)[1:]

    def _joined(self, texts: Mapping[str, str]) -> str:
        parts = []
        for name, width in self._widths.items():
            text = fit(texts[name], width, self.signs)
            parts.append(text.rjust(width) if _COLUMNS[name].right else text.ljust(width))
        return " " * MARGIN + (" " * GAP).join(parts)

    def columns(self) -> Sequence[str]:
        """Return the columns on screen."""
        return list(self._widths)

    def rank(self, row: int, column: str) -> Rank:
        """Return what a sweep is sorted by."""
        return _COLUMNS[column].rank(self.past.sweeps[row])

    def place(self, column: str) -> tuple[int, int]:
        """Return where a column's header is."""
        start = MARGIN
        for name, width in self._widths.items():
            if name == column:
                break
            start += width + GAP
        return start, start + self._widths[column]

    def on_resize(self) -> None:
        """Fit the columns to the new width."""
        self._fit()
