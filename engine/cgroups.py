"""Control groups: what a container or a service may use of the machine. Linux; elsewhere there are none."""

import functools
import os
import re
from math import ceil
from pathlib import Path

PROC = Path("/proc")
"""Where the kernel tells about processes."""


def read(path: Path) -> str:
    """Return a small file of the kernel without the line's end; empty: it is not there or may not be read."""
    try:
        with open(path, "rb", 0) as file:  # noqa: PTH123 - half the time of read_text(): no decoder, no buffer
            return file.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""


def folders(controller: str) -> tuple[Path, ...]:
    """Return where a controller (``memory``, ``cpu``, ``pids``) may limit this process, innermost first.

    A limit of any ancestor holds for everything below it. Both versions are looked at: files of version 1 and 2 have
    different names. About 0.1 ms.
    """
    mounts = _mounts(PROC)
    found: list[Path] = []
    for line in read(PROC / "self/cgroup").splitlines():
        hierarchy, names, path = line.split(":", 2)
        kind = "" if hierarchy == "0" else controller
        if kind in names.split(",") and kind in mounts:
            found += _with_ancestors(*mounts[kind], path)
    return tuple(found)


def number(folder: Path, *names: str) -> int | None:
    """Return the number in the first of these files that there is; None: in none of them, or it says ``max``."""
    for name in names:
        text = read(folder / name)
        if text:
            return int(text) if text.isascii() and text.isdigit() else None
    return None


def memory_limit() -> int | None:
    """Return the bytes that the tightest group of this process may use; None: no group is limited."""
    limits = [number(folder, "memory.max", "memory.limit_in_bytes") for folder in folders("memory")]
    return min((limit for limit in limits if limit is not None), default=None)


def quota() -> float | None:
    """Return the cores that the tightest CPU quota of this process amounts to, such as 1.5; None: there is none."""
    quotas = [_quota(folder) for folder in folders("cpu")]
    return min((each for each in quotas if each is not None), default=None)


def cores() -> int | None:
    """Return the same in whole cores, rounded up, at least 1."""
    limit = quota()
    return None if limit is None else max(1, ceil(limit))


def with_quota() -> tuple[Path, ...]:
    """Return the groups of this process that have a CPU quota, innermost first; only these are ever held back."""
    return tuple(folder for folder in folders("cpu") if _quota(folder) is not None)


def _quota(folder: Path) -> float | None:
    # version 2: both numbers in one file; version 1: -1 where there is no quota
    words = read(folder / "cpu.max").split() or [
        read(folder / "cpu.cfs_quota_us"),
        read(folder / "cpu.cfs_period_us"),
    ]
    if len(words) != 2 or not all(word.isdigit() for word in words):
        return None
    allowed, period = map(int, words)
    return allowed / period if period else None


def _with_ancestors(root: str, mount: Path, path: str) -> list[Path]:
    """The group's folder and those above it. In a container the mount shows only a part of the tree, from ``root``."""
    below = os.path.relpath(path, root)
    parts = () if below.startswith("..") else Path(below).parts
    return [mount.joinpath(*parts[:depth]) for depth in range(len(parts), -1, -1)]


@functools.lru_cache(maxsize=1)
def _mounts(proc: Path) -> dict[str, tuple[str, Path]]:
    """Root and folder of each mounted hierarchy: by controller, and that of version 2 under an empty name.

    Remembered: a machine with many containers has thousands of lines, and hierarchies are mounted once.
    """
    mounts: dict[str, tuple[str, Path]] = {}
    for line in read(proc / "self/mountinfo").splitlines():
        fields, _, rest = line.partition(" - ")
        words, kinds = fields.split(), rest.split()
        if len(words) > 4 and kinds and kinds[0] in ("cgroup", "cgroup2"):
            place = _plain(words[3]), Path(_plain(words[4]))
            for name in [""] if kinds[0] == "cgroup2" else kinds[-1].split(","):
                mounts.setdefault(name, place)
    return mounts


def _plain(text: str) -> str:
    r"""Undo the kernel's way to write a blank in a path: ``\040``."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
