"""How two tuned configs differ, in words and signs; from their text alone. Pure."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

import msgspec

from workbench.words.numbers import UNICODE, Signs, counted
from workbench.words.pieces import Line, line

_CHOICE = ("workload", "tasks", "data", "size", "plan")
"""What says which work is done how; the rest says what that was found out from."""

_FIGURES = "evidence"
"""Table of figures, which are never twice the same."""

_WIDE = 2
"""Unchanged lines around a change."""


@dataclass(frozen=True)
class Change:
    """One key of a tuned config that would change."""

    name: str
    old: str
    """As JSON; empty: the key is not there."""
    new: str

    def words(self) -> str:
        """Say what changes, such as ``workers: 4 -> 2``."""
        old, new = (each or "nothing" for each in (self.old, self.new))
        return f"{self.name}: {old} -> {new}"


def changes(old: str, new: str) -> list[Change]:
    """Return every key that differs, in the order of the file that would be saved."""
    before, after = _keys(old), _keys(new)
    names = [*after, *(name for name in before if name not in after)]
    found = (Change(name, before.get(name, ""), after.get(name, "")) for name in names)
    return [each for each in found if each.old != each.new]


def knob_changes(old: str, new: str) -> list[Change]:
    """Return what changes in the work and the plan: what would run differently."""
    found = (each for each in changes(old, new) if each.name.partition(".")[0] in _CHOICE)
    return [Change(each.name.removeprefix("plan."), each.old, each.new) for each in found]


def _keys(text: str) -> dict[str, str]:
    try:
        return dict(_flat(tomllib.loads(text)))
    except tomllib.TOMLDecodeError:
        return {}


def _flat(table: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", msgspec.json.encode(value).decode()


def meaningful_lines(old: str, new: str, signs: Signs = UNICODE) -> list[Line]:
    """Return a line with - and one with + for every key that differs and is no figure; then how many figures do."""
    every = changes(old, new)
    kept = [each for each in every if not each.name.startswith(f"{_FIGURES}.")]
    before = [f"{each.name} = {each.old}" for each in kept if each.old]
    after = [f"{each.name} = {each.new}" for each in kept if each.new]
    lines = [_signed(text, signs, words=True) for text in unified_diff(before, after, lineterm="", n=0)][2:]
    lines = [each for each in lines if not each[0].text.startswith("@@")]
    figures = len(every) - len(kept)
    return lines + ([line(f"  and {counted(figures, 'figure')} behind it", "faint")] if figures else [])


def unified_lines(old: str, new: str, signs: Signs = UNICODE) -> list[Line]:
    """Return the whole difference of two texts as ``diff -u`` prints it."""
    names = ("the file as it is", "as it would be saved")
    found = unified_diff(old.splitlines(), new.splitlines(), *names, lineterm="", n=_WIDE)
    return [_signed(text, signs) for text in found]


def _signed(text: str, signs: Signs, words: bool = False) -> Line:
    """A line of a difference. ``words``: also say which side it is from."""
    sign, rest = text[:1], signs.text(text[1:])
    if text.startswith(("---", "+++", "@@")):
        return line(signs.text(text), "faint")
    side = {"-": "now ", "+": "new "}.get(sign, "") if words else ""
    return line(f"{sign} {side}{rest}", "removed" if sign == "-" else "added" if sign == "+" else "")
