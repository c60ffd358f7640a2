"""Folded stacks, a line ``outermost;…;innermost count`` each: the one stored form, from which all views are derived."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from engine.errors import FileProblem

Stack = tuple[str, ...]
"""Frames from the outermost to the innermost, each as ``name (file.py:12)``; the first is the role of the process."""

Stacks = dict[Stack, int]
"""How many samples each stack was seen in."""

MEASURING = "measuring process"
WORKER = "worker process"

_COUNTED = re.compile(r"(?P<frames>.*) (?P<count>\d+)", re.DOTALL)
_FRAME = re.compile(r"(?P<name>.*?) \((?P<file>.*?)(?::(?P<line>\d+))?\)", re.DOTALL)
_PROCESS = re.compile(r'process \d+:"')


class Frame(NamedTuple):
    """One frame in its parts; the role of a process has neither file nor line."""

    name: str
    file: str = ""
    line: int = 0


def split_frame(text: str) -> Frame:
    """Return the parts of ``name (file.py:12)``."""
    match = _FRAME.fullmatch(text)
    return Frame(match["name"], match["file"], int(match["line"] or 0)) if match else Frame(text)


def read(path: Path) -> Stacks:
    """Read a file of folded stacks. Raises FileProblem."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FileProblem(path, None, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    stacks: Stacks = {}
    for number, line in enumerate(lines, 1):
        counted = _COUNTED.fullmatch(line)
        if counted is None:
            raise FileProblem(path, number, "expected folded stacks: frames parted by ';', a blank and a count")
        _add(stacks, tuple(counted["frames"].split(";")), int(counted["count"]))
    return stacks


def write(stacks: Stacks) -> str:
    """Return the stacks as text, sorted, so that equal stacks make equal files."""
    return "".join(f"{';'.join(map(_clean, stack))} {count}\n" for stack, count in sorted(stacks.items()))


def _clean(frame: str) -> str:
    # What str.splitlines would cut at, and the separator itself, would make the file unreadable.
    return " ".join(frame.replace(";", ",").splitlines())


def merge(captures: Iterable[Stacks]) -> Stacks:
    """Return the sum of several captures."""
    merged: Stacks = {}
    for stacks in captures:
        for stack, count in stacks.items():
            _add(merged, stack, count)
    return merged


def _add(stacks: Stacks, stack: Stack, count: int) -> None:
    if count:
        stacks[stack] = stacks.get(stack, 0) + count


def from_py_spy(text: str) -> Stacks:
    """Parse what ``py-spy record --format raw --subprocesses`` wrote, with one root per role so that workers merge."""
    stacks: Stacks = {}
    for record in _records(text):
        counted = _COUNTED.fullmatch(record)
        if counted:
            _add(stacks, _with_role(counted["frames"]), int(counted["count"]))
    return stacks


def _records(text: str) -> list[str]:
    # A command line (python -c) may hold line ends, semicolons and quotes, and py-spy writes it as it is.
    records: list[str] = []
    for line in text.split("\n"):
        starts = _PROCESS.match(line) or not records or _COUNTED.fullmatch(records[-1])
        if starts:
            records.append(line)
        else:
            records[-1] += "\n" + line
    return records


def _with_role(frames: str) -> Stack:
    """Replace the leading ``process PID:"command line"`` frames by the role they stand for."""
    if not _PROCESS.match(frames):
        return (MEASURING, *frames.split(";"))
    processes, _, rest = ("", "", "") if frames.endswith('"') else frames.rpartition('";')
    role = WORKER if re.search(r'";process \d+:"', processes or frames) else MEASURING
    return (role, *rest.split(";")) if rest else (role,)
