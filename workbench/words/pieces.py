"""Lines of text whose parts have a kind, so that a view may style them. Without any style they say just as much."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.words.numbers import UNICODE, Signs, bar, fit

Kind = Literal["", "heading", "faint", "bar", "strong", "good", "lost", "lost too", "added", "removed"]


@dataclass(frozen=True)
class Piece:
    """Some text of one kind."""

    text: str
    kind: Kind = ""


Line = tuple[Piece, ...]


def line(text: str = "", kind: Kind = "") -> Line:
    """Return a line of one piece."""
    return (Piece(text, kind),)


def lines_of(texts: Iterable[str], kind: Kind = "") -> list[Line]:
    """Return a line for each text."""
    return [line(text, kind) for text in texts]


def text_of(given: Line) -> str:
    """Return what a line says."""
    return "".join(piece.text for piece in given)


def beside(left: Sequence[Line], right: Sequence[Line], width: int, gap: int = 2) -> list[Line]:
    """Return two blocks of lines side by side, the right one after so many columns and a gap."""
    rows = max(len(left), len(right))
    columns = ([*block, *[line()] * (rows - len(block))] for block in (left, right))
    return [(*one, Piece(" " * (width - len(text_of(one)) + gap)), *other) for one, other in zip(*columns, strict=True)]


@dataclass(frozen=True)
class Entry:
    """A row of figures: a sign, a name, a figure, what part of the whole that is, and how it differs from another."""

    name: str
    figure: str
    part: str = ""
    difference: str = ""
    share: float | None = None
    """Length of its bar, 0 to 1; None: no bar."""
    sign: str = " "
    kind: Kind = ""
    """Of the difference."""


_LONGEST_BAR = 40
_SHORTEST_BAR = 4


def entry_lines(header: Entry, entries: Sequence[Entry], width: int, signs: Signs = UNICODE) -> list[Line]:
    """Return a header and a line per entry, aligned; where there is no room the bars go first, then the parts."""
    every = [header, *entries]
    figure, part, difference = (
        max(len(getattr(each, name)) for each in every) for name in ("figure", "part", "difference")
    )
    name = max(len(each.name) for each in every)
    wide = part + 1 if part else 0
    fixed = 2 + 1 + figure + (difference + 1 if difference else 0)
    if fixed + wide + min(name, 12) > width:
        wide = part = 0
    name = max(min(name, width - fixed - wide), 4)
    room = min(width - fixed - wide - name - 2, _LONGEST_BAR)

    def row(each: Entry) -> Line:
        text = f"{each.sign} {fit(each.name, name, signs):<{name}} {each.figure:>{figure}}"
        text += f" {each.part:>{part}}" if part else ""
        end = f" {each.difference:>{difference}}" if difference else ""
        drawn = f"  {bar(each.share, room, signs)}" if each.share is not None and room >= _SHORTEST_BAR else ""
        return Piece(text), Piece(end, each.kind), Piece(drawn, "bar")

    return [line(text_of(row(header)).rstrip(), "faint"), *map(row, entries)]
