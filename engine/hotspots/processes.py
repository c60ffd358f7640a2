"""Run a command with everything it starts in one process group, and leave nothing of it behind."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

GRACE = 2.0
"""Seconds between asking processes to end and ending them."""

_POLL = 0.02

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


def end_group(leader: subprocess.Popen[bytes], grace: float | None = None) -> None:
    """End every process of the leader's group and every descendant that left it; the leader's input is closed first."""
    strays = _descendants(leader.pid)
    if leader.stdin is not None:
        leader.stdin.close()
    # First a request: with the resource tracker killed, named shared memory would stay.
    for number, patience in ((signal.SIGTERM, GRACE if grace is None else grace), (signal.SIGKILL, 10.0)):
        deadline = time.monotonic() + patience
        for process in _living(leader.pid, strays):
            _send(process, number)
        while _living(leader.pid, strays) and time.monotonic() < deadline:
            leader.poll()
            time.sleep(_POLL)
    leader.poll()


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _living(group: int, strays: Sequence[psutil.Process]) -> list[psutil.Process]:
    found = {process.pid: process for process in psutil.process_iter() if _in_group(process.pid, group)}
    found |= {process.pid: process for process in strays}
    return [process for process in found.values() if _is_alive(process)]


def _in_group(pid: int, group: int) -> bool:
    try:
        return os.getpgid(pid) == group
    except OSError:
        return False


def _is_alive(process: psutil.Process) -> bool:
    # A zombie is over; in a container nobody may ever collect it.
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return
