"""The efficiency of a plan as one bar: what each factor takes from 100 %, down to what is left."""

from collections.abc import Mapping
from math import prod

from workbench.words.numbers import UNICODE, Signs, percent
from workbench.words.pieces import Kind, Line, Piece, line

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def taken(factors: Mapping[str, float]) -> dict[str, float]:
    """Return what each factor adds (above 0) or takes (below): 1 and all of these add up to the efficiency.

    Factors above 1 come first, so that the bar begins beyond 100 % where there are any and only ever loses from there.
    """
    found: dict[str, float] = {}
    left = 1.0
    for name in sorted(factors, key=lambda each: factors[each] <= 1):
        found[name] = left * (factors[name] - 1)
        left *= factors[name]
    return {name: found[name] for name in factors}


def letters(factors: Mapping[str, float]) -> dict[str, str]:
    """Return the letter that stands for each factor in the bar."""
    return dict(zip(factors, _LETTERS, strict=False))


def efficiency_bar(factors: Mapping[str, float], width: int, signs: Signs = UNICODE) -> list[Line]:
    """Return the bar, and below it where 100 % is if it goes beyond; a part with room for it has its factor's letter.

    Neighbouring parts differ in shade, so that the bar can be read without colours.
    """
    efficiency = prod(factors.values())
    label = f" {percent(efficiency)}"
    width = max(width - len(label), 4)
    changes = taken(factors)
    most = 1 + sum(change for change in changes.values() if change > 0)
    kept = _cells(efficiency, most, width)
    pieces = [Piece(signs.bar[-1] * kept, "good"), *_losses(changes, letters(factors), (kept, width), signs)]
    return [(*pieces, Piece(label, "strong")), *([_mark(_cells(1.0, most, width))] if most > 1.005 else [])]


def _cells(share: float, most: float, width: int) -> int:
    return round(min(max(share / most, 0.0), 1.0) * width)


def _losses(
    changes: Mapping[str, float], letters: Mapping[str, str], place: tuple[int, int], signs: Signs
) -> list[Piece]:
    """The parts between what is kept and the end; what is taken first is the last part."""
    start, width = place
    losses = [(name, -change) for name, change in changes.items() if change < 0][::-1]
    whole = sum(loss for _, loss in losses)
    pieces: list[Piece] = []
    edge, done = start, 0.0
    shades = "=-" if signs.ascii_only else signs.lane[1::-1]
    kinds: tuple[Kind, Kind] = ("lost", "lost too")
    for name, loss in losses:
        done += loss
        end = start + round(done / whole * (width - start))
        if end > edge:
            odd = len(pieces) % 2
            pieces.append(Piece(letters.get(name, " ").center(end - edge, shades[odd]), kinds[odd]))
        edge = end
    return pieces


def _mark(place: int) -> Line:
    text = "100% ^" if place >= 6 else "^ 100%"
    return line(text.rjust(place) if place >= 6 else " " * max(place - 1, 0) + text, "faint")
