"""What psutil tells where there is no /proc: CPU times and context switches, on some systems the clock."""

import contextlib
import os

import psutil

from engine.measure.noise.reading import Member, Times


class PlainMachine:
    """CPU times of the whole machine; quotas and pressure are Linux's alone."""

    def __init__(self) -> None:
        self.cores = os.cpu_count() or 1
        """Cores that the times are about."""

    def look(self) -> Times:
        """Return the counters now."""
        times = psutil.cpu_times()
        return Times(sum(times[:8]), times.idle + getattr(times, "iowait", 0.0), getattr(times, "steal", 0.0))

    def close(self) -> None:
        """Nothing is held."""


class PlainFamily:
    """This process and its descendants. About 1 ms for each hundred processes of the machine."""

    def look(self) -> tuple[dict[int, Member], Member]:
        """Return every living member by pid, and the sum of those that have ended."""
        me, members = psutil.Process(), {}
        for process in (me, *me.children(recursive=True)):
            with contextlib.suppress(psutil.Error):  # it has ended, or is one that may not be asked
                members[process.pid] = _member(process)
        times = os.times()
        return members, Member(times.children_user + times.children_system, 0)

    def close(self) -> None:
        """Nothing is held."""


def _member(process: psutil.Process) -> Member:
    times = process.cpu_times()
    return Member(times.user + times.system, process.num_ctx_switches().involuntary)
