"""The machine's ceiling: what independent copies of a CPU-only control get here and now.

Boost clocks, hyperthreads, neighbours and quotas make "two cores" worth anything from 1.2 to 2.0. Comparing a plan with
the ideal line would blame the code for the machine; comparing it with this ceiling does not.
"""

import subprocess
import sys
from statistics import median
from types import TracebackType
from typing import Self

_CONTROL = """
import sys, time
for line in sys.stdin:
    begun, total = time.perf_counter(), 0
    for i in range(600_000):
        total += i * i % 7
    print(time.perf_counter() - begun, flush=True)
"""
"""Pure integer arithmetic of about 40 ms that fits in the first-level cache and shares nothing."""

ROUNDS = 5
"""Alternations of one copy and N copies; the median of five rides out one disturbance."""


class Controls:
    """Control processes, started once and idle unless asked."""

    def __init__(self, copies: int) -> None:
        command = [sys.executable, "-I", "-S", "-c", _CONTROL]
        self._copies = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) for _ in range(copies)
        ]

    def __enter__(self) -> Self:
        self._together(len(self._copies))  # the first run pays for start-up
        return self

    def speedup(self, copies: int) -> float:
        """Return the work that ``copies`` copies get done in the time one copy needs alone."""
        alone, together = [], []
        for _ in range(ROUNDS):
            alone += self._together(1)
            together.append(sum(1 / seconds for seconds in self._together(copies)))
        return median(alone) * median(together)

    def _together(self, copies: int) -> list[float]:
        for process in self._copies[:copies]:
            assert process.stdin
            process.stdin.write(b"\n")
        return [float(process.stdout.readline()) for process in self._copies[:copies] if process.stdout]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._copies:
            process.kill()
            process.communicate()


def measure_ceiling(workers: int) -> float:
    """Return the speedup of that many independent copies, in about 0.4 s."""
    with Controls(workers) as controls:
        return controls.speedup(workers)
