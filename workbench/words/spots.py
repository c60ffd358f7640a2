"""The hottest functions of a capture as a table, for the command line and the screen."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from workbench.words.numbers import UNICODE, Signs, fit, percent

if TYPE_CHECKING:
    from engine.hotspots import HotFunction

_HEADER = "  self  total  function"
_SHARES = 15
"""Columns of the two shares."""

_GAP = 2
_PLACE_FROM = 30
"""Columns beside the shares below which only names are told."""


def spot_lines(functions: Iterable["HotFunction"], width: int, signs: Signs = UNICODE) -> list[str]:
    """Return a header and a line for each function: its shares, its name, and its place where there is room."""
    rows = [(each, signs.text(each.name), signs.text(_place(each))) for each in functions]
    names = max((len(name) for _, name, _ in rows), default=0)
    places = max((len(place) for _, _, place in rows), default=0)
    room = max(width - _SHARES, 4)
    if room >= _PLACE_FROM:
        places = min(places, max(room // 2 - _GAP, room - _GAP - names))
        names = min(names, room - _GAP - places)
    else:
        names, places = room, 0
    return [_HEADER, *(_row(*row, names, places, signs) for row in rows)]


def _place(function: "HotFunction") -> str:
    return f"{function.file}:{function.line}" if function.line else function.file


def _row(function: "HotFunction", name: str, place: str, names: int, places: int, signs: Signs) -> str:
    shares = f"{percent(function.self_share):>6} {percent(function.total_share):>6}"
    text = f"{shares}  {fit(name, names, signs):<{names}}{' ' * _GAP}{_end_of(place, places, signs)}"
    return text.rstrip()


def _end_of(text: str, width: int, signs: Signs) -> str:
    """At most so many characters of a text, its end first: that is where a path tells the most."""
    kept = max(width - len(signs.ellipsis), 0)
    return text if len(text) <= width else (signs.ellipsis + text[len(text) - kept :])[:width]
