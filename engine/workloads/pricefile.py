"""Daily prices out of a sheet a person made, wide or long, and exactly what is wrong with it."""

import math
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.errors import FileProblem, UnknownName
from engine.workloads.sheet import Sheet, read_sheet

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_DATE_NAMES = ("date", "datetime", "timestamp", "time", "day", "", "unnamed: 0", "__index_level_0__")
"""Header names of the date column, in order of preference; the empty ones are what pandas writes for an index without a
name."""

_LABEL_NAMES = ("symbol", "ticker", "asset", "instrument", "security")
"""Header names of the column that makes a file long: one row per instrument and day."""

BARS = ("open", "high", "low", "close", "volume")
"""Columns of a bar."""

_BLANK = ("", "na", "n/a", "nan", "null", "none")
"""Cells that mean a missing price, in lower case."""

_EPOCH = date(1970, 1, 1).toordinal()


Names = tuple[str, ...]


def read_columns(path: str, columns: str, need: int) -> tuple[Names, IntArray, FloatArray]:
    """Return names, days and values of the price columns, as ``prices.read`` describes them."""
    sheet = read_sheet(path)
    rows = _Rows.of(sheet)
    chosen = _named(sheet, columns, rows) if columns.strip() else _automatic(sheet, rows)
    values = np.array([_prices(sheet, column) for column in chosen])
    if rows.label_at is None:
        names, days, found = tuple(sheet.titles[column] for column in chosen), *rows.in_order(values)
    elif len(chosen) == 1:
        names, days, table = rows.by_instrument(values)
        found = table[0]
    else:
        raise FileProblem(path, None, f"{rows.why_one}, so name one price column of {_listed(sheet, chosen)}")
    for name, row in zip(names, found, strict=True):
        what = f"column {name!r}" if rows.label_at is None else repr(name)
        _check_enough(path, what, int(np.isfinite(row).sum()), need)
    return names, days, found


def read_bars(path: str, columns: str, need: int) -> tuple[Names, IntArray, FloatArray]:
    """Return names, days and bars [instruments, days, 5], as ``prices.read_bars`` describes them."""
    sheet = read_sheet(path)
    if columns.strip() or "close" not in sheet.names:
        names, days, closes = read_columns(path, columns, need)
        bars = np.full((*closes.shape, len(BARS)), np.nan)
        bars[..., BARS.index("close")] = closes
        return names, days, _completed(bars)
    rows = _Rows.of(sheet)
    values = np.array([_bar_column(sheet, name) for name in BARS])
    _check_bars(sheet, values)
    names, days, table = rows.by_instrument(values)
    for name, closes in zip(names, table[3], strict=True):
        _check_enough(path, repr(name), int(np.isfinite(closes).sum()), need)
    return names, days, _completed(np.moveaxis(table, 0, -1))


@dataclass(frozen=True)
class _Rows:
    """What each row of a sheet is about: a day, or in a long sheet a day of one instrument."""

    sheet: Sheet
    days_at: int
    label_at: int | None
    days: IntArray

    @classmethod
    def of(cls, sheet: Sheet) -> Self:
        """Find the columns that say it. Raises FileProblem."""
        days_at = _date_column(sheet)
        found = (sheet.names.index(name) for name in _LABEL_NAMES if name in sheet.names)
        return cls(sheet, days_at, next(found, None), _days(sheet, days_at))

    @property
    def why_one(self) -> str:
        """How a long sheet is recognised."""
        return f"has a row for each {self.sheet.titles[self.label_at or 0]!r} and day"

    @property
    def labels(self) -> list[str]:
        """The instrument of each row."""
        if self.label_at is None:
            return [Path(self.sheet.path).name.partition(".")[0]] * len(self.days)
        return [str(cell).strip() for cell in self.sheet.columns[self.label_at]]

    def in_order(self, values: FloatArray) -> tuple[IntArray, FloatArray]:
        """Return days, ascending, and values [columns, days]. Raises FileProblem for a day that is there twice."""
        order = np.argsort(self.days, kind="stable")
        twice = np.flatnonzero(np.diff(self.days[order]) == 0)
        if len(twice):
            raise self._again(int(order[twice[0]]), int(order[twice[0] + 1]))
        return self.days[order], values[:, order]

    def by_instrument(self, values: FloatArray) -> tuple[Names, IntArray, FloatArray]:
        """Return names in alphabetical order, common days and values [columns, instruments, days]; NaN: no such row."""
        labels = self.labels
        names = tuple(sorted(set(labels)))
        days, at = np.unique(self.days, return_inverse=True)
        table = np.full((len(values), len(names), len(days)), np.nan)
        line = {name: number for number, name in enumerate(names)}
        seen: dict[tuple[str, int], int] = {}
        for row, (label, day) in enumerate(zip(labels, at.tolist(), strict=True)):
            if (first := seen.setdefault((label, day), row)) != row:
                raise self._again(first, row)
            table[:, line[label], day] = values[:, row]
        return names, days, table

    def _again(self, first: int, second: int) -> FileProblem:
        line = self.sheet.line(first)
        where = f"as on line {line}" if line else f"as in row {first + 1}"
        day = date.fromordinal(int(self.days[second]) + _EPOCH)
        what = "daily prices have one row per day"
        if self.label_at is not None:
            what = f"{self.labels[second]} has one row per day"
        return self.sheet.problem(second, self.days_at, f"{day} again, {where}; {what}")


def _bar_column(sheet: Sheet, name: str) -> list[float]:
    if name not in sheet.names:
        return [math.nan] * len(sheet.columns[0])
    column = sheet.names.index(name)
    return _prices(sheet, column, least=0.0 if name == "volume" else None)


def _check_bars(sheet: Sheet, values: FloatArray) -> None:
    """Raises FileProblem for a high or low that the open or the close lies beyond."""
    opens, highs, lows, closes, _ = values
    with np.errstate(invalid="ignore"):
        wrong = {
            "high": (highs < np.fmax(opens, closes)) | (highs < lows),
            "low": lows > np.fmin(opens, closes),
        }
    for name, rows in wrong.items():
        for row in np.flatnonzero(rows)[:1].tolist():
            facts = ", ".join(f"{bar} {value:g}" for bar, value in zip(BARS[:4], values[:4, row], strict=True))
            raise sheet.problem(row, sheet.names.index(name), f"the {name} is not the {name}est of its bar: {facts}")


def _completed(bars: FloatArray) -> FloatArray:
    """Fill what is not in the file: an open is the close before, high and low follow from both, no volume is 0."""
    opens, highs, lows, closes, volume = np.moveaxis(bars, -1, 0)
    there = np.isfinite(closes)
    before = np.empty_like(closes)
    for number, row in enumerate(closes):  # the last close there was
        present = np.maximum.accumulate(np.where(there[number], np.arange(len(row)), -1))
        last = np.concatenate(([-1], present[:-1]))
        before[number] = np.where(last >= 0, row[last], row)
    opens = np.where(np.isfinite(opens), opens, before)
    highs = np.where(np.isfinite(highs), highs, np.fmax(opens, closes))
    lows = np.where(np.isfinite(lows), lows, np.fmin(opens, closes))
    volume = np.where(np.isfinite(volume), volume, 0.0)
    complete = np.stack([opens, highs, lows, closes, volume], axis=-1)
    complete[~there] = np.nan
    return complete


def _date_column(sheet: Sheet) -> int:
    for name in _DATE_NAMES:
        if name in sheet.names:
            return sheet.names.index(name)
    for column, cells in enumerate(sheet.columns):
        if isinstance(cells[0], date):
            return column
    raise FileProblem(sheet.path, None, f"has no date column; it has {', '.join(sheet.titles)}; call one 'date'")


def _named(sheet: Sheet, columns: str, rows: _Rows) -> list[int]:
    names = sheet.names
    prices = [name for column, name in enumerate(names) if column not in (rows.days_at, rows.label_at)]
    chosen: list[int] = []
    for name in (part.strip().lower() for part in columns.split(",") if part.strip()):
        if name not in prices:
            raise UnknownName("column", name, prices, sheet.path)
        if names.index(name) not in chosen:
            chosen.append(names.index(name))
    return chosen


def _automatic(sheet: Sheet, rows: _Rows) -> list[int]:
    if "close" in sheet.names:
        return [sheet.names.index("close")]
    chosen = [
        column
        for column, name in enumerate(sheet.names)
        if column not in (rows.days_at, rows.label_at) and name != "volume" and _looks_numeric(sheet.columns[column])
    ]
    if not chosen:
        raise FileProblem(sheet.path, None, f"has no numeric price column; it has {', '.join(sheet.titles)}")
    return chosen


def _looks_numeric(cells: list[Any]) -> bool:
    """Return whether the first cell that is not blank is a number; a later one that is not is then an error, not a
    reason to skip."""
    for cell in cells:
        if not _is_blank(cell):
            return _number(cell) is not None
    return False


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in _BLANK) or cell != cell


def _number(cell: Any) -> float | None:
    if isinstance(cell, bool | date):
        return None
    try:
        return float(cell)
    except (TypeError, ValueError):
        return None


def _days(sheet: Sheet, column: int) -> IntArray:
    return np.array([_day(sheet, row, column, cell) for row, cell in enumerate(sheet.columns[column])], dtype=np.int64)


def _day(sheet: Sheet, row: int, column: int, cell: Any) -> int:
    if isinstance(cell, datetime):
        cell = cell.date()
    if not isinstance(cell, date):
        cell = _parsed_day(sheet, row, column, cell)
    return int(cell.toordinal() - _EPOCH)


def _parsed_day(sheet: Sheet, row: int, column: int, cell: Any) -> date:
    text = str(cell).strip()
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise sheet.problem(row, column, f"{text!r} is not a date; write YYYY-MM-DD") from None


def _prices(sheet: Sheet, column: int, least: float | None = None) -> list[float]:
    return [_price(sheet, row, column, cell, least) for row, cell in enumerate(sheet.columns[column])]


def _price(sheet: Sheet, row: int, column: int, cell: Any, least: float | None) -> float:
    """``least``: the smallest number that is right; None: a price, which is more than nothing."""
    if _is_blank(cell):
        return math.nan
    value = _number(cell)
    if value is None:
        raise sheet.problem(row, column, f"{str(cell).strip()!r} is not a number")
    if not math.isfinite(value) or (value <= 0.0 if least is None else value < least):
        wanted = "a price must be a positive number" if least is None else f"must be a number from {least:g} on"
        raise sheet.problem(row, column, f"{wanted}, got {value:g}")
    return value


def _check_enough(path: str, what: str, found: int, need: int) -> None:
    if found < need:
        raise FileProblem(path, None, f"{what} has {found} prices, at least {need} are needed")


def _listed(sheet: Sheet, columns: list[int]) -> str:
    return ", ".join(sheet.titles[column] for column in columns)
