"""The machine's ceiling: what independent copies of a control get here and now.

Boost clocks, hyperthreads, neighbours and quotas make "two cores" worth anything from 1.2 to 2.0. Comparing a plan with
the ideal line would blame the code for the machine; comparing it with this ceiling does not. There are two controls,
since one that lives in the cache says nothing of a plan that waits for memory: a loop of integers, and a copy of more
memory than any core's share of a cache.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from subprocess import DEVNULL, PIPE
from types import TracebackType
from typing import Self

from engine.cgroups import read
from engine.errors import WorkFailed
from engine.pool.limits import available_memory
from engine.report import Ceiling

_CONTROL = """
import sys, time
for line in sys.stdin:
    question, amount = line.split()
    amount = int(amount)
    if question == "hold":
        source = bytearray(b"1") * amount
        target = bytearray(source)
        amount = 1
    begun = time.perf_counter()
    if question == "compute":
        total = 0
        for i in range(amount):
            total += i * i % 7
    else:
        for _ in range(amount):
            memoryview(target)[:] = source
    print(time.perf_counter() - begun, flush=True)
"""
"""Questions, each with an amount: compute so many steps, hold two buffers of so many bytes, stream so many copies."""

STEPS = 600_000
"""Of pure integer arithmetic that fits in the first-level cache and shares nothing: about 40 ms."""
BUFFER, LARGEST = 64 << 20, 256 << 20
"""Bytes of each of the two buffers: at least, and at most where a cache is as large. A core of today has 2 to 96 MB of
last-level cache to itself, and what was copied last has left it before it is copied again."""
ROUND = 0.04
"""Seconds of streaming by one copy alone, in whole passes over its buffer."""
MEMORY = 0.25
"""Part of the available memory that all buffers together may take."""

ROUNDS, FEWEST = 5, 3
"""Alternations of one copy and N copies; the median of five rides out one disturbance. Fewer where they take long."""
PATIENCE = 0.5
"""Seconds after which no further round begins."""


class Controls:
    """Control processes, started once and idle unless asked."""

    def __init__(self, copies: int) -> None:
        command = [sys.executable, "-I", "-S", "-c", _CONTROL]
        self._copies = [
            subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, bufsize=0) for _ in range(copies)
        ]
        self._passes = 0

    def __enter__(self) -> Self:
        self._ask(len(self._copies), "compute", STEPS)  # the first run pays for start-up
        return self

    def speedup(self, copies: int) -> float:
        """Return the arithmetic that ``copies`` copies get done in the time one copy needs alone. About 0.4 s."""
        return self._gain(copies, "compute", STEPS)

    def alone(self) -> float:
        """Return the seconds that one copy's arithmetic takes by itself: how fast the machine is just now. 0.2 s."""
        return median(seconds for _ in range(ROUNDS) for seconds in self._ask(1, "compute", STEPS))

    def bandwidth(self, copies: int) -> float | None:
        """Return the same for copying memory; None: there is not enough of it. 0.4 s, more with tens of copies.

        The buffers stay with the copies: the first call takes another 0.1 s to fill them.
        """
        size = buffer_bytes(len(self._copies), available_memory(), largest_cache())
        if not self._passes and size is None:
            return None
        try:
            if not self._passes:
                self._ask(len(self._copies), "hold", size or 0)
                self._passes = max(1, round(ROUND / min(self._ask(1, "stream", 1) + self._ask(1, "stream", 1))))
            return self._gain(copies, "stream", self._passes)
        except WorkFailed:  # a limit of address space, or the kernel's killer
            return None

    def _gain(self, copies: int, question: str, amount: int) -> float:
        alone, together = list[float](), list[float]()
        for _ in _rounds():
            alone += self._ask(1, question, amount)
            together.append(sum(1 / seconds for seconds in self._ask(copies, question, amount)))
        return median(alone) * median(together)

    def _ask(self, copies: int, question: str, amount: int) -> list[float]:
        """Seconds that each of so many copies takes, all at once. Raises WorkFailed when one has ended."""
        try:
            for process in self._copies[:copies]:
                assert process.stdin
                process.stdin.write(f"{question} {amount}\n".encode())
            return [float(process.stdout.readline()) for process in self._copies[:copies] if process.stdout]
        except (BrokenPipeError, ValueError):
            raise WorkFailed("a control process that measures the machine's ceiling has ended") from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._copies:
            process.kill()
            process.communicate()


def _rounds() -> Iterator[int]:
    end = time.perf_counter() + PATIENCE
    for number in range(ROUNDS):
        if number < FEWEST or time.perf_counter() < end:
            yield number


def buffer_bytes(copies: int, available: int, cache: int) -> int | None:
    """Return the bytes of each of a copy's two buffers: 64 MB, or the largest cache's where that is more (at most
    256 MB). None: all of them together would take more than a quarter of the available memory."""
    size = min(LARGEST, max(BUFFER, cache))
    return size if 2 * size * copies <= available * MEMORY else None


def largest_cache(root: Path = Path("/")) -> int:
    """Return the bytes of the largest cache of the first core; 0: the system does not tell. Linux."""
    files = (root / "sys/devices/system/cpu/cpu0/cache").glob("index*/size")
    return max((_bytes(read(file)) for file in files), default=0)


def _bytes(text: str) -> int:
    """Of a size as the kernel writes it: ``32768K``."""
    units = {"K": 10, "M": 20, "G": 30}
    number = text.rstrip("KMG")
    return int(number) << units.get(text[-1:], 0) if number.isdigit() else 0


def measure_ceiling(workers: int, *, stream: bool = True) -> Ceiling:
    """Return the speedups of that many independent copies: 0.5 s for arithmetic, and 0.5 s more with ``stream``.

    ``bandwidth`` is None without ``stream``, or where there is not enough memory for so many copies.
    """
    with Controls(workers) as controls:
        return Ceiling(workers, controls.speedup(workers), controls.bandwidth(workers) if stream else None)


def measure_control() -> float:
    """Return the seconds of one copy of the arithmetic alone, in 0.3 s."""
    with Controls(1) as controls:
        return controls.alone()
