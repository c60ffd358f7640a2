"""Reading daily prices from a CSV or Parquet file a person made, and saying exactly what is wrong with it."""

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import FileProblem, UnknownName

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_DATE_NAMES = ("date", "datetime", "timestamp", "time", "day", "", "unnamed: 0", "__index_level_0__")
"""Header names of the date column, in order of preference; the empty ones are what pandas writes for an index without a
name."""

_BLANK = ("", "na", "n/a", "nan", "null", "none")
"""Cells that mean a missing price, in lower case."""

_DELIMITERS = ",;\t"

_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class _Sheet:
    """A file as columns of cells."""

    path: str
    titles: list[str]
    """The header as it is written."""
    columns: list[list[Any]]
    """Cells of each column: text from CSV, values from Parquet."""
    line: Callable[[int], int | None]
    """Line of a row in the file, None where a file has no lines."""

    @property
    def names(self) -> list[str]:
        """Header names as they are compared: in lower case."""
        return [title.lower() for title in self.titles]

    def problem(self, row: int, column: int, what: str) -> FileProblem:
        """Return the error about one cell."""
        line = self.line(row)
        place = f"column {self.titles[column]!r}"
        return FileProblem(self.path, line, f"{place if line else f'row {row + 1}, {place}'}: {what}")


def read_columns(path: str, columns: str, need: int) -> tuple[tuple[str, ...], IntArray, FloatArray]:
    """Return names, days and values of the price columns, as ``prices.read`` describes them."""
    sheet = _read_sheet(path)
    days_at = _date_column(sheet)
    chosen = _named(sheet, columns, days_at) if columns.strip() else _automatic(sheet, days_at)
    days = _days(sheet, days_at)
    values = np.array([_prices(sheet, column) for column in chosen]).reshape(len(chosen), len(days))
    order = np.argsort(days, kind="stable")
    _check_unique(sheet, days, order)
    for column, row in zip(chosen, values, strict=True):
        _check_enough(sheet, column, int(np.isfinite(row).sum()), need)
    return tuple(sheet.titles[column] for column in chosen), days[order], values[:, order]


def _read_sheet(path: str) -> _Sheet:
    try:
        with Path(path).open("rb") as file:
            start = file.read(4096)
    except FileNotFoundError:
        raise FileProblem(path, None, "no such file") from None
    except OSError as error:
        raise FileProblem(path, None, f"cannot be read: {error.strerror}") from None
    if not start.strip():
        raise FileProblem(path, None, "is empty")
    return _read_parquet(path) if start.startswith(b"PAR1") else _read_csv(path, start)


def _read_parquet(path: str) -> _Sheet:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise FileProblem(path, None, f"is not a readable Parquet file: {str(error).splitlines()[0]}") from None
    titles = [title.strip() for title in table.column_names]
    return _checked(_Sheet(path, titles, [column.to_pylist() for column in table.columns], lambda row: None))


def _read_csv(path: str, start: bytes) -> _Sheet:
    """Read with the csv module: unlike Arrow's reader it knows on which line a record stands, which the error messages
    need."""
    if b"\0" in start:
        raise FileProblem(path, None, "is neither CSV nor Parquet")
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileProblem(path, None, f"is neither Parquet nor CSV in UTF-8: {error.reason}") from None
    rows, lines = _records(path, text)
    titles = [title.strip() for title in rows[0]]
    for row, line in zip(rows[1:], lines[1:], strict=True):
        if len(row) != len(titles):
            raise FileProblem(path, line, f"has {len(row)} cells, the header has {len(titles)}")
    columns = [list(column) for column in zip(*rows[1:], strict=True)] or [[] for _ in titles]
    return _checked(_Sheet(path, titles, columns, lambda row: lines[row + 1]))


def _records(path: str, text: str) -> tuple[list[list[str]], list[int]]:
    """Return the records that are not blank, and the line each one ends on."""
    header = next((line for line in text.splitlines() if line.strip()), None)
    if header is None:  # only blanks, among them some that bytes.strip() leaves
        raise FileProblem(path, None, "is empty")
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True, strict=True)
    rows, lines = [], []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise FileProblem(path, reader.line_num, f"is not CSV: {error}") from None
    return rows, lines


def _checked(sheet: _Sheet) -> _Sheet:
    twice = next((name for name in sheet.names if sheet.names.count(name) > 1), None)
    if twice is not None:
        raise FileProblem(sheet.path, None, f"has two columns called {twice!r} (upper and lower case do not count)")
    if not sheet.columns or not sheet.columns[0]:
        raise FileProblem(sheet.path, None, "has a header and no rows")
    return sheet


def _date_column(sheet: _Sheet) -> int:
    for name in _DATE_NAMES:
        if name in sheet.names:
            return sheet.names.index(name)
    for column, cells in enumerate(sheet.columns):
        if isinstance(cells[0], date):
            return column
    raise FileProblem(sheet.path, None, f"has no date column; it has {', '.join(sheet.titles)}; call one 'date'")


def _named(sheet: _Sheet, columns: str, days_at: int) -> list[int]:
    names = sheet.names
    prices = [name for column, name in enumerate(names) if column != days_at]
    chosen: list[int] = []
    for name in (part.strip().lower() for part in columns.split(",") if part.strip()):
        if name not in prices:
            raise UnknownName("column", name, prices, sheet.path)
        if names.index(name) not in chosen:
            chosen.append(names.index(name))
    return chosen


def _automatic(sheet: _Sheet, days_at: int) -> list[int]:
    if "close" in sheet.names:
        return [sheet.names.index("close")]
    chosen = [
        column
        for column, name in enumerate(sheet.names)
        if column != days_at and name != "volume" and _looks_numeric(sheet.columns[column])
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


def _days(sheet: _Sheet, column: int) -> IntArray:
    return np.array([_day(sheet, row, column, cell) for row, cell in enumerate(sheet.columns[column])], dtype=np.int64)


def _day(sheet: _Sheet, row: int, column: int, cell: Any) -> int:
    if isinstance(cell, datetime):
        cell = cell.date()
    if not isinstance(cell, date):
        cell = _parsed_day(sheet, row, column, cell)
    return int(cell.toordinal() - _EPOCH)


def _parsed_day(sheet: _Sheet, row: int, column: int, cell: Any) -> date:
    text = str(cell).strip()
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise sheet.problem(row, column, f"{text!r} is not a date; write YYYY-MM-DD") from None


def _prices(sheet: _Sheet, column: int) -> list[float]:
    return [_price(sheet, row, column, cell) for row, cell in enumerate(sheet.columns[column])]


def _price(sheet: _Sheet, row: int, column: int, cell: Any) -> float:
    if _is_blank(cell):
        return math.nan
    value = _number(cell)
    if value is None:
        raise sheet.problem(row, column, f"{str(cell).strip()!r} is not a number")
    if not 0.0 < value < math.inf:
        raise sheet.problem(row, column, f"a price must be a positive number, got {value:g}")
    return value


def _check_unique(sheet: _Sheet, days: IntArray, order: IntArray) -> None:
    twice = np.flatnonzero(np.diff(days[order]) == 0)
    if len(twice):
        first, second = (int(order[twice[0] + step]) for step in (0, 1))
        where = f"as on line {sheet.line(first)}" if sheet.line(first) else f"as in row {first + 1}"
        day = date.fromordinal(int(days[second]) + _EPOCH)
        raise sheet.problem(second, _date_column(sheet), f"{day} again, {where}; daily prices have one row per day")


def _check_enough(sheet: _Sheet, column: int, found: int, need: int) -> None:
    if found < need:
        raise FileProblem(
            sheet.path, None, f"column {sheet.titles[column]!r} has {found} prices, at least {need} are needed"
        )
