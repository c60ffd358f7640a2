"""Files in which the sweeps of the screen are recorded while they run, so that none is lost with the screen.

``sweep-TIME-PID.jsonl`` holds the events, ``sweep-TIME-PID.request.json`` beside it what was asked for. Whoever writes
one holds a lock on it, which ends with the process however that ends.
"""

import contextlib
import fcntl
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec

from engine.errors import FileProblem
from engine.events import SweepStarted, decode
from engine.files import write_atomically
from engine.request import SweepRequest
from workbench import places

MOST = 10
"""Recordings that are kept."""

_FINISHED = b'{"event":"TrialFinished",'
"""How the line of a measured plan starts."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept beside a recording."""

    request: SweepRequest
    folder: str
    """Where it was asked: the request may name files as seen from there."""
    started: datetime
    pid: int


@dataclass(frozen=True)
class Unfinished:
    """A recorded sweep that did not come to its end."""

    path: Path
    """The recording, as ``workbench sweep --continue`` takes it."""
    request: SweepRequest
    folder: Path
    """Where it was asked."""
    when: datetime
    """When it started."""
    pid: int
    """Of the screen it was started from."""
    workload: str
    """The workload's name."""
    plans: int
    """How many plans it has."""
    plans_done: int
    """How many of them were measured at least once."""


class _Measured(msgspec.Struct, frozen=True):
    """As much of a TrialFinished as counting takes."""

    plan: int


def state_folder() -> Path:
    """Return the folder of the recordings, which need not exist. Raises RuntimeError where there is no home."""
    folder = places.state_folder(os.environ)
    if folder is None:
        raise RuntimeError("there is no home folder to record in")
    return folder


def begin(request: SweepRequest, folder: Path) -> tuple[Path, IO[bytes]]:
    """Make an empty recording for a request that is asked for in ``folder``, and let go of the oldest; return its path
    and the open file. Raises OSError, RuntimeError, FileProblem."""
    state = state_folder()
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    now, pid = datetime.now(UTC), os.getpid()
    path = state / f"sweep-{now:%Y%m%d-%H%M%S-%f}-{pid}.jsonl"
    for old in _recordings()[MOST - 1 :]:
        if not _in_use(old):
            forget(old)
    file = path.open("xb")
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        asked = Asked(request=request, folder=str(folder), started=now, pid=pid)
        write_atomically(_asked_of(path), msgspec.json.encode(asked) + b"\n")
    except FileProblem:
        file.close()
        forget(path)
        raise
    return path, file


def forget(path: Path) -> None:
    """Remove a recording and what is beside it. No error if it is gone. Raises OSError."""
    _asked_of(path).unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def unfinished() -> list[Unfinished]:
    """Return the sweeps that can go on, newest first: not those that run, and none in which nothing was measured.

    What cannot be read is left out.
    """
    return [found for path in _recordings() if not _in_use(path) and (found := _read(path)) is not None]


def go_on_words(pid: int, since: float = 0.0) -> list[str]:
    """Return how the newest sweep goes on that a screen left unfinished, in at most one line. ``since``: Unix time."""
    kept = [each for each in unfinished() if each.pid == pid and each.when.timestamp() >= since]
    return [f"the interrupted sweep goes on with: {go_on_command(each)}" for each in kept[:1]]


def go_on_command(kept: Unfinished) -> str:
    """Return the command line that goes on with it without the screen."""
    from workbench.tui.entries import continue_command

    line = shlex.join(continue_command(kept.request, kept.path))
    return line if kept.folder == Path.cwd() else f"cd {shlex.quote(str(kept.folder))} && {line}"


def _recordings() -> list[Path]:
    """The files, newest first: their names begin with the time."""
    try:
        return sorted(state_folder().glob("sweep-*.jsonl"), reverse=True)
    except (OSError, RuntimeError):
        return []


def _asked_of(path: Path) -> Path:
    return path.with_suffix(".request.json")


def _in_use(path: Path) -> bool:
    """Whether somebody writes to it."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # it has gone, or the file system has no locks
        return False
    return False


def _read(path: Path) -> Unfinished | None:
    try:
        asked = msgspec.json.decode(_asked_of(path).read_bytes(), type=Asked)
        with path.open("rb") as file:
            start = decode(file.readline())
            done = set(_measured(file))
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not isinstance(start, SweepStarted) or not done:
        return None
    folder = Path(asked.folder)
    return Unfinished(
        path=path,
        request=asked.request,
        folder=folder,
        when=asked.started,
        pid=asked.pid,
        workload=start.workload,
        plans=len(start.plans),
        plans_done=len(done),
    )


def _measured(lines: IO[bytes]) -> Iterator[int]:
    """The plans of which a recording holds a measurement; a last line without an end counts as not there."""
    for line in lines:
        if line.startswith(_FINISHED) and line.endswith(b"\n"):
            yield msgspec.json.decode(line, type=_Measured).plan
