"""Claims, tables and the document: what a section hands back and how it is shown."""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import msgspec


class Claim(msgspec.Struct, frozen=True):
    """One figure with its bar."""

    name: str
    value: float | None
    """Median over blocks; None: not measured."""
    unit: str
    bar: float
    direction: str
    """``at least`` or ``at most``."""
    holds: bool | None
    """None: not judged, because it was not measured or at a reduced size."""
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of text under a header; the first column is left-aligned."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Section:
    """What a section found."""

    tables: Sequence[Table]
    claims: Sequence[Claim]
    samples: Any
    """Every timed run, as measured."""
    missing: dict[str, str] = field(default_factory=dict)


def claim(name: str, points: Sequence[float], unit: str, bar: float, direction: str, note: str = "") -> Claim:
    """Return a claim on the median of the points; ``note``: why it is not judged, empty where it is."""
    if not points:
        return Claim(name, None, unit, bar, direction, None, note=note or "not measured")
    value = median(points)
    holds = None if note else value >= bar if direction == "at least" else value <= bar
    return Claim(name, _round(value), unit, bar, direction, holds, _round(min(points)), _round(max(points)), note)


def _round(value: float) -> float:
    return float(f"{value:.4g}")


def spread(points: Sequence[float], unit: float = 1.0, digits: int = 3) -> str:
    """Return median and range of the points in so many units, such as ``4.12 (3.98–4.40)``."""
    if not points:
        return "–"
    middle, low, high = (number(value / unit, digits) for value in (median(points), min(points), max(points)))
    return f"{middle} ({low}–{high})"


def number(value: float, digits: int = 3) -> str:
    """Return a number with so many significant digits, and all of those before the point."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    return f"{value:,.{max(0, digits - 1 - math.floor(math.log10(abs(value))))}f}"


def table_lines(table: Table) -> list[str]:
    """Return the table as lines of text; none for a table of which nothing was measured."""
    if not table.rows:
        return []
    rows = [table.header, *table.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.header))]
    lines = ["", table.title]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  " + "  ".join(cells).rstrip())
    return lines + [f"  {note}" for note in table.notes]


def claim_line(claim: Claim) -> str:
    """Return the claim as one line: verdict, value, bar, name."""
    verdict = {True: "holds", False: "MISSED", None: "not judged"}[claim.holds]
    value = "–" if claim.value is None else f"{claim.value:.4g}"
    note = f" ({claim.note})" if claim.note else ""
    return f"{verdict:10}  {value:>9} {claim.unit:5} ({claim.direction} {claim.bar:g})  {claim.name}{note}"


def progress(words: str) -> None:
    """Say on standard error what is being measured now."""
    print(f"\n{words} ", end="", file=sys.stderr, flush=True)
