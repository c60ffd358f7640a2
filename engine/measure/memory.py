"""Memory of a process and all its descendants, counting every shared page once."""

import threading
from types import TracebackType
from typing import Self

import psutil

INTERVAL = 0.05
"""Seconds between two looks; reading the sums costs about 1 ms per process and 100 MB mapped."""


def memory_of_family() -> int:
    """Return the sum of the proportional set sizes (PSS) of this process and its descendants, in bytes.

    Where the system has no PSS (macOS, Windows) the unique set size is summed, which misses shared pages.
    """
    me = psutil.Process()
    total = 0
    for process in (me, *me.children(recursive=True)):
        try:
            memory = process.memory_full_info()
        except psutil.Error:
            continue
        total += getattr(memory, "pss", 0) or getattr(memory, "uss", 0)
    return total


class MemoryWatch:
    """Looks at the family's memory again and again while a run that is not timed goes on."""

    def __init__(self) -> None:
        self.peak = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="memory-watch")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def _look(self) -> None:
        while True:
            self.peak = max(self.peak, memory_of_family())
            if self._stop.wait(INTERVAL):
                return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
