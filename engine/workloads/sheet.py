"""Tables of prices in the files people have: CSV, also compressed, Parquet, Feather; and the series of arch."""

import csv
import gzip
import importlib.util
import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.errors import FileProblem, Lacking, UnknownName

_DELIMITERS = ",;\t"

ARCH = "arch:"
"""What the names of its series start with."""


@dataclass(frozen=True)
class Sheet:
    """A file as columns of cells."""

    path: str
    titles: list[str]
    """The header as it is written."""
    columns: list[list[Any]]
    """Cells of each column: text from CSV, values from Parquet and Feather."""
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


def read_sheet(path: str) -> Sheet:
    """Read a file, told by its first bytes and not by its name, or ``arch:NAME``. Raises FileProblem, UnknownName, and
    Lacking where the arch package is not installed."""
    if path.startswith(ARCH):
        return _iso_dates(_from_content(path, _content(_arch_file(path.removeprefix(ARCH)), path)))
    return _from_content(path, _content(Path(path), path))


def _from_content(path: str, content: bytes) -> Sheet:
    if content.startswith(_GZIP):
        content = _unzipped(path, content)
    if not content.strip():
        raise FileProblem(path, None, "is empty")
    for name, (magic, read) in _BINARY.items():
        if content.startswith(magic):
            return _from_table(path, name, read, content)
    return _from_csv(path, content)


def _content(file: Path, path: str) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise FileProblem(path, None, "no such file") from None
    except OSError as error:
        raise FileProblem(path, None, f"cannot be read: {error.strerror}") from None


def _arch_file(name: str) -> Path:
    """Return the file of a series in the arch package, which is not imported: that takes two seconds."""
    found = importlib.util.find_spec("arch")
    if found is None or found.origin is None:
        raise Lacking(f"{ARCH}{name} needs the arch package: pip install arch")
    folder = Path(found.origin).parent / "data"
    known = {file.name.removesuffix(".gz").removesuffix(".csv"): file for file in sorted(folder.glob("*/*.csv*"))}
    if name not in known:
        raise UnknownName("series", name, known, ARCH)
    return known[name]


def _iso_dates(sheet: Sheet) -> Sheet:
    """Some of its series have dates like 1/4/1999, month first; in a user's file nobody could tell."""
    dates = [datetime.strptime(cell, "%m/%d/%Y").date() if "/" in cell else cell for cell in sheet.columns[0]]
    return replace(sheet, columns=[dates, *sheet.columns[1:]])


_GZIP = b"\x1f\x8b"


def _unzipped(path: str, content: bytes) -> bytes:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise FileProblem(path, None, f"is not a readable gzip file: {error}") from None


def _parquet(file: io.BytesIO) -> Any:
    from pyarrow import parquet

    return parquet.read_table(file)


def _feather(file: io.BytesIO) -> Any:
    from pyarrow import feather

    return feather.read_table(file)


_BINARY: dict[str, tuple[bytes, Callable[[io.BytesIO], Any]]] = {
    "Parquet": (b"PAR1", _parquet),
    "Feather": (b"ARROW1", _feather),
}


def _from_table(path: str, kind: str, read: Callable[[io.BytesIO], Any], content: bytes) -> Sheet:
    import pyarrow as pa

    try:
        table = read(io.BytesIO(content))
    except (pa.ArrowException, OSError) as error:
        raise FileProblem(path, None, f"is not a readable {kind} file: {str(error).splitlines()[0]}") from None
    titles = [title.strip() for title in table.column_names]
    return _checked(Sheet(path, titles, [column.to_pylist() for column in table.columns], lambda row: None))


def _from_csv(path: str, content: bytes) -> Sheet:
    """Read with the csv module: unlike Arrow's reader it knows on which line a record stands, which the error messages
    need."""
    if b"\0" in content[:4096]:
        raise FileProblem(path, None, "is neither CSV nor Parquet nor Feather")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileProblem(path, None, f"is neither Parquet nor CSV in UTF-8: {error.reason}") from None
    rows, lines = _records(path, text)
    titles = [title.strip() for title in rows[0]]
    for row, line in zip(rows[1:], lines[1:], strict=True):
        if len(row) != len(titles):
            raise FileProblem(path, line, f"has {len(row)} cells, the header has {len(titles)}")
    columns = [list(column) for column in zip(*rows[1:], strict=True)] or [[] for _ in titles]
    return _checked(Sheet(path, titles, columns, lambda row: lines[row + 1]))


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
    if not rows:
        raise FileProblem(path, None, "has nothing but empty cells")
    return rows, lines


def _checked(sheet: Sheet) -> Sheet:
    twice = next((name for name in sheet.names if sheet.names.count(name) > 1), None)
    if twice is not None:
        raise FileProblem(sheet.path, None, f"has two columns called {twice!r} (upper and lower case do not count)")
    if not sheet.columns or not sheet.columns[0]:
        raise FileProblem(sheet.path, None, "has a header and no rows")
    return sheet
