"""How long a run would take on a machine one only describes."""

import re
from math import floor
from typing import Literal

import msgspec

from engine.analyse.scaling.fitted import Fitted, fit_points
from engine.analyse.scaling.peak import peak_of
from engine.analyse.scaling.points import Points
from engine.analyse.scaling.predict import refusal
from engine.analyse.words import amount
from engine.errors import RequestError, UnknownName
from engine.report import Interval

USABLE = 0.9
"""Part of a machine's memory that the job may take; the system and everything else have the rest."""

UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
UNITS |= {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}

ASSUMED = "assumes cores as fast as the measured ones, and caches and memory bandwidth that grow with them"

Limit = Literal["cores", "memory", "peak"]


class Machine(msgspec.Struct, frozen=True):
    """A machine in two figures."""

    cores: int
    """At least 1."""
    memory_bytes: int | None = None
    """At least 1; None: enough."""


class Need(msgspec.Struct, frozen=True):
    """The memory of a job, in bytes, at least 0."""

    shared_bytes: int = 0
    """What is there once, whatever the number of workers."""
    per_worker_bytes: int = 0
    """What each worker adds."""


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """What a run would take on another machine."""

    workers: int
    """As many as the machine can hold, fewer where the points show that more would be slower; 0: it holds none."""
    limited_by: Limit
    seconds: Interval | None = None
    """Of one run with so many workers; None: nothing is said."""
    speedup: Interval | None = None
    """Against one worker."""
    reason: str = ""
    """Why nothing is said."""
    note: str = ""
    """What the figures assume."""


def what_if(points: Points, machine: Machine, need: Need, host_cores: int | None = None) -> WhatIf:
    """Return what one run would take on another machine by the universal law, with a 95 % interval or why not.

    Args:
        points: workers -> block -> seconds of one run, above 0, of one mode, kernel and settings.
        machine: the one in question.
        need: what the job takes of its memory.
        host_cores: of the machine that was measured; points beyond them are left out, since there workers waited for a
            core. None uses all.

    Raises ValueError for seconds that are not above 0 and finite.
    """
    held, limited_by = _held(machine, need)
    if held < 1:
        return WhatIf(workers=0, limited_by="memory", reason=_too_big(machine, need))
    fitted = fit_points(points, host_cores)
    if isinstance(fitted, str):
        return WhatIf(workers=held, limited_by=limited_by, reason=fitted)
    best = _before_the_peak(fitted, held)
    limited_by = limited_by if best == held else "peak"
    if reason := refusal(fitted, best):
        return WhatIf(workers=best, limited_by=limited_by, reason=f"{best} workers: {reason}")
    return WhatIf(
        workers=best,
        limited_by=limited_by,
        seconds=fitted.seconds(best),
        speedup=fitted.speedup(best),
        note=ASSUMED,
    )


def _held(machine: Machine, need: Need) -> tuple[int, Limit]:
    """How many workers the machine can hold, and what keeps it from more."""
    if machine.memory_bytes is None:
        return machine.cores, "cores"
    left = USABLE * machine.memory_bytes - need.shared_bytes
    if left < need.per_worker_bytes:
        return 0, "memory"
    fit = floor(left / need.per_worker_bytes) if need.per_worker_bytes else machine.cores
    return (fit, "memory") if fit < machine.cores else (machine.cores, "cores")


def _too_big(machine: Machine, need: Need) -> str:
    assert machine.memory_bytes is not None
    usable = f"{USABLE:.0%} of {amount(machine.memory_bytes)}"
    return f"{amount(need.shared_bytes)} and {amount(need.per_worker_bytes)} for each worker do not fit into {usable}"


def _before_the_peak(fitted: Fitted, held: int) -> int:
    """As many workers as are held, or the fastest count before where the peak is known to be below."""
    peak, _ = peak_of(fitted)
    if not peak or peak[1] >= held:
        return held
    around = {max(1, floor(fitted.law.peak_workers)), floor(fitted.law.peak_workers) + 1}
    return max(around & {*range(1, held + 1)}, key=fitted.law.speedup)


def parse_machine(text: str, where: str = "machine") -> Machine:
    """Return the machine that a text such as ``cores=16,memory=64GB`` describes; memory may be left out.

    Raises RequestError naming ``where``, what is wrong with it, and what would be right.
    """
    said: dict[str, str] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, sign, value = (word.strip() for word in part.partition("="))
        if name not in ("cores", "memory"):
            raise UnknownName("part of a machine", name, ("cores", "memory"), where)
        if not sign or not value or name in said:
            raise RequestError(f"{where}: {part!r} should be one {name}=…, as in cores=16,memory=64GB")
        said[name] = value
    if "cores" not in said:
        raise RequestError(f"{where}: {text!r} does not say how many cores, as in cores=16,memory=64GB")
    memory = _bytes(said["memory"], where) if "memory" in said else None
    return Machine(_cores(said["cores"], where), memory)


def _cores(text: str, where: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not int(text):
        raise RequestError(f"{where}: cores must be a whole number from 1, got {text!r}")
    return int(text)


def _bytes(text: str, where: str) -> int:
    found = re.fullmatch(r"([0-9]{1,18}(?:\.[0-9]{1,9})?)\s*([A-Za-z]*)", text)
    if not found or not float(found[1]):
        raise RequestError(f"{where}: memory must be a number above 0 with a unit, such as 64GB, got {text!r}")
    number, unit = found.groups()
    units = {name.lower(): size for name, size in UNITS.items()}
    if (unit or "B").lower() not in units:
        raise UnknownName("unit of memory", unit, UNITS, where)
    return max(1, round(float(number) * units[(unit or "B").lower()]))
