"""Run py-spy over a command, and make sense of how that ended."""

import re
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.errors import Lacking, RequestError, WorkFailed
from engine.hotspots.folded import Stacks, from_py_spy
from engine.hotspots.processes import Ended, run_to_end
from engine.hotspots.refusal import refusal, refused, unsupported, where

MAX_ERROR_SHARE = 0.5
"""Part of the attempts that may fail before the rest is no longer believed."""

_SUMMARY = re.compile(r"py-spy> .*Samples: (\d+) Errors: (\d+)")
_BEHIND = re.compile(r"([\d.]+)s behind in sampling")
_PLACE = re.compile(r'^  File "([^"\n]+)", line (\d+)', re.MULTILINE)
_PROBE_SECONDS = 20.0


@dataclass(frozen=True)
class Spying:
    """One use of py-spy."""

    spy: str
    """Path of the program."""
    target: Sequence[str]
    line: bytes
    """For the target's standard input."""
    rate: int
    blocking: bool
    """Whether the target stands still while a stack is read."""
    seconds: float
    """Hard deadline for everything."""


@dataclass(frozen=True)
class Recorded:
    """What py-spy saw and said."""

    stacks: Stacks
    errors: int
    behind: float
    """Largest number of seconds by which sampling lagged."""
    crash: str
    """Last line of a traceback the target printed; empty: none."""


class _Complaint(msgspec.Struct):
    """What the target prints in place of working."""

    message: str
    exit_code: int


def find_py_spy() -> str:
    """Return the path of py-spy: the one installed with this Python, else the first on PATH. Raises Lacking."""
    found = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if found is None:
        raise Lacking("py-spy is missing; install it with `python -m pip install 'py-spy>=0.4.2'`")
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise Lacking("py-spy cannot read a free-threaded Python; for hot spots use a Python with the GIL")
    return found


def record(spying: Spying, folder: Path) -> Recorded:
    """Sample the target from its start to its end. Raises WorkFailed, Lacking, or what the target complained of."""
    raw = folder / "raw"
    ended = run_to_end(_command(spying, raw), spying.line, spying.seconds, folder)
    complaint = _complaint(ended.output)
    if complaint is not None:
        raise complaint
    if ended.code is None:
        problem = f"the work was not done after {spying.seconds:g} s, loading included; take a smaller size"
        raise WorkFailed(problem + _quoted(ended))
    summary = _SUMMARY.search(ended.output)
    # The exit status is of no use: it is not the target's, and py-spy can fail after its file is written.
    if summary is None or not raw.exists():
        raise _explain(spying, ended, folder)
    stacks = from_py_spy(raw.read_text(encoding="utf-8", errors="replace"))
    errors = int(summary[2])
    _check(sum(stacks.values()), errors, ended)
    return Recorded(stacks, errors, _behind(ended.output), _crash(ended))


def _command(spying: Spying, raw: Path) -> list[str]:
    options = ["--format", "raw", "--subprocesses", "--rate", str(spying.rate), "-o", str(raw)]
    options += [] if spying.blocking else ["--nonblocking"]
    return [spying.spy, "record", *options, "--", *spying.target]


def _complaint(output: str) -> Exception | None:
    """Return what the target said instead of working, as the error it stands for."""
    for line in output.splitlines():
        if '"exit_code"' not in line:
            continue
        try:
            complaint = msgspec.json.decode(line, type=_Complaint)
        except msgspec.DecodeError:
            continue
        return {2: RequestError, 3: Lacking}.get(complaint.exit_code, WorkFailed)(complaint.message)
    return None


def _check(samples: int, errors: int, ended: Ended) -> None:
    if not samples:
        raise WorkFailed(f"py-spy took no samples ({errors} errors); capture for more seconds{_quoted(ended)}")
    share = errors / (samples + errors)
    if share > MAX_ERROR_SHARE:
        unread = f"{errors} of {samples + errors} stacks ({share:.0%})"
        raise WorkFailed(f"py-spy failed to read {unread}, too many to believe the rest{_quoted(ended)}")


def _behind(output: str) -> float:
    return max((float(seconds) for seconds in _BEHIND.findall(output)), default=0.0)


def _explain(spying: Spying, ended: Ended, folder: Path) -> Exception:
    """Say why py-spy gave up. With --subprocesses it keeps the reason to itself, so it is asked again without."""
    said = ended.errors
    if not refused(said):
        probe = [spying.spy, "record", "--format", "raw", "-d", "1", "-o", str(folder / "probe"), "--"]
        probe += [sys.executable, "-c", "import time; time.sleep(5)"]
        said += run_to_end(probe, b"", _PROBE_SECONDS, folder).errors
    if refused(said):
        return refusal(where(said))
    if unsupported(said):
        version = sys.version.split()[0]
        return Lacking(f"this py-spy cannot read Python {version}; try `python -m pip install --upgrade py-spy`")
    return WorkFailed(f"py-spy could not sample the work{_quoted(ended)}")


def _crash(ended: Ended) -> str:
    """Return what the last traceback says and where, or nothing without one."""
    _, traceback, rest = ended.errors.rpartition("Traceback (most recent call last):")
    places = _PLACE.findall(rest)
    return f"{_last_words(ended)}{' ({}:{})'.format(*places[-1]) if places else ''}" if traceback else ""


def _quoted(ended: Ended) -> str:
    words = _last_words(ended)
    return f"; it last wrote: {words}" if words else ""


def _last_words(ended: Ended) -> str:
    said, _, _ = ended.errors.partition("\nStack backtrace:")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
