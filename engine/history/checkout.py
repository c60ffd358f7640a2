"""The git commit that a workload was measured at."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec

PATIENCE = 2.0
"""Seconds that git may take for one answer."""

_SAFE = ("-c", "core.fsmonitor=false")
"""Otherwise a checkout's own settings could name a program that `git status` starts."""


class Checkout(msgspec.Struct, frozen=True):
    """A state of a git checkout."""

    commit: str
    """Full name of the commit."""
    dirty: bool | None
    """Whether a tracked file differs from it or the workload's file is not in it; None: git took too long."""


def checkout_of(reference: str) -> Checkout | None:
    """Return the commit of the folder of the user's workload, and for a workload of nobody's folder of the working one.

    None without git, outside a checkout, before the first commit. Starts `git` two or three times: about 10 ms.
    """
    try:
        file = _file_of(reference)
        folder = file.parent if file else Path.cwd()
    except (OSError, ValueError):  # the folder was removed, or no file can have that name
        return None
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    return Checkout(commit, _dirty(folder, file)) if commit else None


def _file_of(reference: str) -> Path | None:
    """Return the file that a workload's reference names, or None for one that is named without a place."""
    place, colon, _ = reference.rpartition(":")
    if not colon:
        return None
    file = place if place.endswith(".py") else getattr(sys.modules.get(place), "__file__", None)
    return Path(file).resolve() if file else None


def _dirty(folder: Path, file: Path | None) -> bool | None:
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    if changed or changed is None or file is None:
        return None if changed is None else bool(changed)
    return _git(folder, "ls-files", "--error-unmatch", "--", str(file)) is None


def _git(folder: Path, *arguments: str) -> str | None:
    """Return what git prints, or None when it fails, is missing or takes too long."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *_SAFE, "-C", str(folder), *arguments],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
            env=environment | {"GIT_OPTIONAL_LOCKS": "0"},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
