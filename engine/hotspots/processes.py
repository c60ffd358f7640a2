"""Run a command with everything it starts in one process group, and leave nothing of it behind."""

import contextlib
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.groups import end_group

# exec keeps the signal asked for, so a command that knows nothing of it still ends when this process is killed.
_LAUNCH = """
import os, sys
from engine.pool.lifeline import die_with_parent
die_with_parent()
os.execv(sys.argv[1], sys.argv[1:])
"""


@dataclass(frozen=True)
class Ended:
    """What a command left."""

    code: int | None
    """None: it was ended because its time was up."""
    output: str
    errors: str


def run_to_end(command: Sequence[str], line: bytes, seconds: float, folder: Path) -> Ended:
    """Run a program, given by its path, with one line on its standard input, which then stays open.

    What it and its children print goes to files in ``folder``, so none of it reaches a terminal or fills a pipe.
    """
    output, errors = folder / "output", folder / "errors"
    with output.open("wb") as out, errors.open("wb") as err:
        launch = [sys.executable, "-c", _LAUNCH, *command]
        leader = subprocess.Popen(launch, stdin=subprocess.PIPE, stdout=out, stderr=err, process_group=0, bufsize=0)
        try:
            code = _wait(leader, line, seconds)
        finally:
            end_group(leader)
    return Ended(code, output.read_text(errors="replace"), errors.read_text(errors="replace"))


def _wait(leader: subprocess.Popen[bytes], line: bytes, seconds: float) -> int | None:
    assert leader.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it ended at once; its output says why
        leader.stdin.write(line)
    try:
        return leader.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
