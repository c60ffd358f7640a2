"""This process and its descendants, also those of a nursery: CPU time and involuntary context switches. Linux."""

import os
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.measure.noise.files import Again, number_after
from engine.measure.noise.reading import Member


def cpu_seconds(pid: int) -> float | None:
    """Return the CPU time of all threads of a process, to the nanosecond; None: it has gone.

    /proc/PID/stat tells the same in steps of 10 ms and takes ten times as long. The number of the clock is the one that
    clock_getcpuclockid(3) returns, which Python does not offer.
    """
    try:
        return time.clock_gettime(~pid << 3 | 2)
    except OSError:
        return None


class Family:
    """Walks down from this process at each look, since workers come and go: 15 µs for each member."""

    def __init__(self, proc: Path, cpu: Callable[[int], float | None] = cpu_seconds) -> None:
        self._proc, self._cpu = proc, cpu
        self._known: dict[int, _Files] = {}

    def look(self) -> tuple[dict[int, Member], Member]:
        """Return every living member by pid, and the sum of those that have ended."""
        members = dict(self._walk(os.getpid()))
        for pid in self._known.keys() - members.keys():
            self._known.pop(pid).close()
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return members, Member(ended.ru_utime + ended.ru_stime, ended.ru_nivcsw)

    def _walk(self, pid: int) -> Iterator[tuple[int, Member]]:
        files = self._known.get(pid)
        if files is None:
            files = self._known[pid] = _Files(self._proc / str(pid))
        status, cpu = files.status.read(), self._cpu(pid)
        if not status or cpu is None:
            return
        yield pid, Member(cpu, _switches(pid, status))
        for child in files.children(number_after(status, b"\nThreads:") or 1):
            yield from self._walk(child)

    def close(self) -> None:
        """Give the descriptors back."""
        for files in self._known.values():
            files.close()
        self._known.clear()


def _switches(pid: int, status: bytes) -> int:
    """Of all threads of this process; of another the kernel tells those of its main thread."""
    if pid == os.getpid():
        return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
    return number_after(status, b"\nnonvoluntary_ctxt_switches:") or 0


class _Files:
    """The files of one member."""

    def __init__(self, folder: Path) -> None:
        self._threads = folder / "task"
        self.status = Again(folder / "status")
        self._children = Again(self._threads / folder.name / "children")

    def children(self, threads: int) -> list[int]:
        """Return the pids of its children; each thread has those it started."""
        text = self._children.read() if threads == 1 else self._of_all_threads()
        return [int(word) for word in text.split()]

    def _of_all_threads(self) -> bytes:
        texts = []
        try:
            names = os.listdir(self._threads)  # noqa: PTH208 - names are wanted, and looks are many
        except OSError:
            return b""
        for name in names:
            file = Again(f"{self._threads}/{name}/children")
            texts.append(file.read())
            file.close()
        return b" ".join(texts)

    def close(self) -> None:
        self.status.close()
        self._children.close()
