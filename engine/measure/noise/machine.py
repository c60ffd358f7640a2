"""The whole machine: its cores' time, steal, quotas of control groups, pressure and clock frequency. Linux."""

import os
from collections.abc import Iterable
from pathlib import Path

from engine import cgroups
from engine.measure.noise.files import Again, number_after
from engine.measure.noise.reading import STEP, Times

CLOCKS = 8
"""Cores whose frequency is asked for: some drivers wake the core up to tell it, which takes 20 µs each."""
_ALL = b"cpu"
"""Name of the line that sums all cores up."""
_IDLE, _WAITING, _STEAL = 3, 4, 7
"""Columns of /proc/stat; the eight up to steal make up all of the time, guests being part of user time."""


class Machine:
    """Reads what the kernel tells about the machine; what it does not tell is None."""

    def __init__(self, root: Path) -> None:
        self._stat = Again(root / "proc/stat")
        self._pressure = Again(root / "proc/pressure/cpu")
        self._quotas = [Again(folder / "cpu.stat") for folder in cgroups.with_quota()]
        usable = _usable(self._stat.read())
        self._names = {_ALL} if usable is None else usable
        self.cores = max(1, len(_cores(self._stat.read())) if usable is None else len(usable))
        """Cores that the times are about."""
        folder = root / "sys/devices/system/cpu"
        clocks = sorted(folder.glob("cpu[0-9]*/cpufreq/scaling_cur_freq"))
        self._clocks = [Again(path) for path in clocks[:: max(1, -(-len(clocks) // CLOCKS))]]

    def look(self) -> Times:
        """Return the counters now."""
        columns = _columns(self._stat.read(), self._names)
        return Times(
            sum(columns) * STEP if columns else None,
            (columns[_IDLE] + columns[_WAITING]) * STEP if columns else 0.0,
            columns[_STEAL] * STEP if columns else 0.0,
            sum(_throttled(quota.read()) for quota in self._quotas),
            _stalled(self._pressure.read()),
            _megahertz(self._clocks),
        )

    def close(self) -> None:
        """Give the descriptors back."""
        for file in (self._stat, self._pressure, *self._quotas, *self._clocks):
            file.close()


def _cores(stat: bytes) -> set[bytes]:
    """The names of the cores that are switched on: cpu0, cpu1, …"""
    words = (line.split(maxsplit=1)[0] for line in stat.splitlines() if line.startswith(b"cpu"))
    return {word for word in words if word != _ALL}


def _usable(stat: bytes) -> set[bytes] | None:
    """The names of the cores this process may run on; None: all of them, whose sum is the first line."""
    every = _cores(stat)
    allowed = {b"cpu%d" % number for number in os.sched_getaffinity(0)} & every
    return None if not allowed or allowed == every else allowed


def _columns(stat: bytes, names: set[bytes]) -> list[int]:
    """The eight columns of the lines with these names, added up; empty: there is no such line."""
    lines = stat[: stat.find(b"\n")].splitlines() if names == {_ALL} else stat.splitlines()
    rows = [words[1 : _STEAL + 2] for words in map(bytes.split, lines) if len(words) > _STEAL + 1 and words[0] in names]
    if len(rows) == 1:
        return [int(word) for word in rows[0]]
    return [sum(map(int, column)) for column in zip(*rows, strict=True)]


def _throttled(text: bytes) -> float:
    """Seconds in the file of a control group: version 2 counts microseconds, version 1 nanoseconds."""
    micro, nano = number_after(text, b"throttled_usec"), number_after(text, b"throttled_time")
    return (micro or 0) / 1e6 + (nano or 0) / 1e9


def _stalled(text: bytes) -> float | None:
    """Seconds in the first line of a pressure file: ``some avg10=0.00 avg60=0.00 avg300=0.00 total=123``."""
    total = number_after(text.split(b"\n", 1)[0], b"total")
    return None if total is None else total / 1e6


def _megahertz(clocks: Iterable[Again]) -> float | None:
    """Mean of files that tell kilohertz."""
    texts = [text for text in (clock.read() for clock in clocks) if text.strip().isdigit()]
    return sum(map(int, texts)) / len(texts) / 1e3 if texts else None
