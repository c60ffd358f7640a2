"""The tuned configs of a folder, for a list to choose from. Reading one runs no code and imports no workload."""

import tomllib
from pathlib import Path

import msgspec

from engine.plan import Plan, describe
from engine.report import Goal, Interval
from workbench.words.numbers import UNICODE, Signs, fit, ratio

MOST = 100
"""Files that are looked at."""
LARGEST = 1 << 20
"""Bytes; a tuned config has about 3,000."""


class _Evidence(msgspec.Struct, frozen=True):
    speedup: Interval
    job_speedup: Interval
    goal: Goal


class TunedFile(msgspec.Struct, frozen=True):
    """What a list says of a tuned config."""

    workload: str
    plan: Plan
    evidence: _Evidence
    size: str = ""
    path: str = ""

    @property
    def speedup(self) -> float:
        """Of what the plan was chosen for."""
        return (self.evidence.job_speedup if self.evidence.goal == "job" else self.evidence.speedup).median


def tuned_files(folder: Path) -> tuple[TunedFile, ...]:
    """Return the tuned configs of a folder by name; other TOML files, and broken ones, are left out."""
    try:
        paths = sorted(folder.glob("*.toml"))[:MOST]
    except OSError:
        return ()
    return tuple(found for path in paths if (found := _read(path)) is not None)


def _read(path: Path) -> TunedFile | None:
    try:
        if path.stat().st_size > LARGEST:
            return None
        table = tomllib.loads(path.read_text())
        found = msgspec.convert(table, TunedFile)
    except (OSError, ValueError):  # also what is no TOML, no text, and no tuned config
        return None
    return msgspec.structs.replace(found, path=path.name)


def tuned_line(file: TunedFile, width: int, signs: Signs = UNICODE) -> str:
    """Return a file, its speedup and its plan in one line."""
    plan = msgspec.structs.replace(file.plan, settings={})
    words = (file.path, ratio(file.speedup, signs), f"{file.workload} {file.size}", describe(plan))
    return fit("  ".join(map(signs.text, words)), width, signs)
