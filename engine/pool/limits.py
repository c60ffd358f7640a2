"""What the machine allows: memory, open files and processes, checked before a limit ends a worker without a word.

All figures are bytes or counts of this moment. Each function costs less than 1 ms and reads nothing that must be there:
a limit that cannot be read is no limit.
"""

import contextlib
import os
import resource
from pathlib import Path

from engine import cgroups
from engine.cgroups import read
from engine.errors import Lacking

Bytes = int

RESERVE = 0.05
"""Share of the memory that no budget may touch, so that a worker is over its budget before the kernel kills one."""

_SPARE_DESCRIPTORS = 256
"""Room above what is needed when the limit is raised, for what the user's program opens meanwhile."""

_WHOLE_SYSTEM = ["0", "0", "4294967295"]
"""The map of users outside any user namespace, where root is root."""


def in_words(size: Bytes) -> str:
    """Return bytes as a person says them: ``340 MB``, ``8.8 GB``."""
    return f"{size / 1e9:.1f} GB" if size >= 999_500_000 else f"{size / 1e6:.0f} MB"


def available_memory() -> Bytes:
    """Return what this process and its children may still take: what the machine has, or the tightest control group.

    The page cache counts as free where the kernel would drop it first. About 0.4 ms.
    """
    groups = [_left_in(folder) for folder in cgroups.folders("memory")]
    return max(0, min([_machines_memory(), *(left for left in groups if left is not None)]))


def _machines_memory() -> Bytes:
    for line in read(cgroups.PROC / "meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            return _kilobytes(line)
    import psutil

    return psutil.virtual_memory().available


def _left_in(folder: Path) -> Bytes | None:
    # above memory.high the kernel slows a group down until it is of no use
    limits = [cgroups.number(folder, "memory.max", "memory.limit_in_bytes"), cgroups.number(folder, "memory.high")]
    limit = min((limit for limit in limits if limit is not None), default=None)
    if limit is None:
        return None
    used = cgroups.number(folder, "memory.current", "memory.usage_in_bytes") or 0
    return limit - max(0, used - _droppable(folder))


def _droppable(folder: Path) -> Bytes:
    """Page cache of a group that nobody used lately; version 1 calls the sum over its children ``total_``."""
    lines = [line.split() for line in read(folder / "memory.stat").splitlines()]
    counts = {words[0]: words[1] for words in lines if len(words) == 2}
    return int(counts.get("total_inactive_file", counts.get("inactive_file", "0")))


def private_memory(pid: int, suspicious: Bytes | None = None) -> Bytes:
    """Return what would be free again if a process ended; 0: it has ended.

    Not its RSS, which counts the pages of the shared data in every worker that touched them, but its anonymous pages
    and what of them is swapped out: 25 us, however much is mapped. After a fork these include pages that are still the
    parent's too, so a sum above ``suspicious`` is replaced by the pages that are this process's alone, which costs
    13 ms with 400 MB of shared data touched.
    """
    lines = read(cgroups.PROC / str(pid) / "status").splitlines()
    anonymous = [_kilobytes(line) for line in lines if line.startswith(("RssAnon:", "VmSwap:"))]
    if not anonymous:
        return _psutil_private(pid)
    if suspicious is None or sum(anonymous) <= suspicious:
        return sum(anonymous)
    return _unshared(pid, sum(anonymous))


def _unshared(pid: int, otherwise: Bytes) -> Bytes:
    """Anonymous pages that no other process has, mapping by mapping: only there can they be told from shared data."""
    text = read(cgroups.PROC / str(pid) / "smaps")
    counts = {"Private_Clean:": 0, "Private_Dirty:": 0, "Anonymous:": 0, "Swap:": 0}
    total = 0
    for line in text.splitlines():
        name = line.partition(" ")[0]
        if name in counts:
            counts[name] = _kilobytes(line)
        elif name == "VmFlags:":  # the last line of a mapping
            private = counts["Private_Clean:"] + counts["Private_Dirty:"]
            total += min(private, counts["Anonymous:"]) + counts["Swap:"]
    return total if text else otherwise


def _psutil_private(pid: int) -> Bytes:
    import psutil

    try:
        return int(getattr(psutil.Process(pid).memory_full_info(), "uss", 0))
    except (psutil.Error, ValueError, OverflowError):
        return 0


def _kilobytes(line: str) -> Bytes:
    return int(line.split()[1]) * 1024


def check_memory(shared: Bytes, per_worker: Bytes, workers: int) -> None:
    """Refuse a plan that cannot fit: raises Lacking with the sum, what is available and how many workers would fit."""
    available, needed = available_memory(), shared + per_worker * workers
    if needed <= available:
        return
    fitting = max(0, available - shared) // per_worker if per_worker and shared <= available else 0
    who = f"{workers} workers need" if workers != 1 else "1 worker needs"
    own = f"{workers} × {in_words(per_worker)} of their own" if workers != 1 else f"{in_words(per_worker)} of its own"
    fit = f"{fitting} worker{' fits' if fitting == 1 else 's fit'}" if fitting else "not even 1 worker fits"
    raise Lacking(
        f"{who} {in_words(shared)} of shared memory and {own} = {in_words(needed)}; "
        f"{in_words(available)} are available: {fit}"
    )


def fair_budget(shared: Bytes, workers: int) -> Bytes:
    """Return the bytes one of several workers may have to itself: its share of what is available now and not reserved.

    Args:
        shared: bytes of shared memory that are still to be taken from what is available.
        workers: at least 1; none of them may have started, what they already use would be missing from their share.
    """
    return max(0, int(available_memory() * (1 - RESERVE)) - shared) // workers


def check_descriptors(needed: int) -> None:
    """Make sure that so many more files can be opened, raising this process's own limit as far as it may.

    Raises Lacking where it may not be raised far enough. 0.05 ms.
    """
    total = _open_descriptors() + needed
    limit = _raise_limit(resource.RLIMIT_NOFILE, total, _SPARE_DESCRIPTORS)
    if limit is not None:
        raise Lacking(
            f"{needed} more files must be open at once, {total - needed} are, and this process may have {limit}: "
            f"start it after `ulimit -n {total}`, or with fewer workers"
        )


def _open_descriptors() -> int:
    try:
        return len(os.listdir(cgroups.PROC / "self/fd"))  # noqa: PTH208 - how many is all that is asked
    except OSError:
        import psutil

        return psutil.Process().num_fds()


def check_processes(needed: int) -> None:
    """Make sure that so many more processes (or threads) can be started. Raises Lacking. Below 1 ms."""
    for folder in cgroups.folders("pids"):
        allowed, current = cgroups.number(folder, "pids.max"), cgroups.number(folder, "pids.current") or 0
        if allowed is not None and current + needed > allowed:
            raise Lacking(
                f"{_more(needed)}; this container or service runs {current} and may run {allowed}: "
                "raise its limit (docker run --pids-limit, TasksMax= of systemd) or use fewer workers"
            )
    if _is_exempt() or _raise_limit(resource.RLIMIT_NPROC, _tasks_of_all() + needed) is None:
        return
    running = _tasks_of_user()
    limit = _raise_limit(resource.RLIMIT_NPROC, running + needed)
    if limit is not None:
        raise Lacking(
            f"{_more(needed)}; this user runs {running} processes and threads and may run {limit}: "
            f"start it after `ulimit -u {running + needed}`, or with fewer workers"
        )


def _more(needed: int) -> str:
    return f"{needed} more processes are needed" if needed != 1 else "1 more process is needed"


def _raise_limit(kind: int, total: int, spare: int = 0) -> int | None:
    """Raise the soft limit to ``total`` (and something to spare) if it is below; return the limit where it cannot."""
    soft, hard = resource.getrlimit(kind)
    if soft == resource.RLIM_INFINITY or total <= soft:
        return None
    top = total + spare if hard == resource.RLIM_INFINITY else min(total + spare, hard)
    if top < total:
        return hard
    try:
        resource.setrlimit(kind, (top, hard))
    except (OSError, ValueError):  # macOS says the hard limit is endless and then takes only so much
        return soft
    return None


def _is_exempt() -> bool:
    """Root of the whole system has no limit of processes; root of a user namespace (a rootless container) has."""
    users = read(cgroups.PROC / "self/uid_map").split()
    return os.getuid() == 0 and users in ([], _WHOLE_SYSTEM)


def _tasks_of_all() -> int:
    """Processes and threads of every user: quick to read, and usually far below the limit already."""
    words = read(cgroups.PROC / "loadavg").split()  # "0.51 0.42 0.36 2/345 18000"
    counts = words[3].partition("/")[2] if len(words) > 3 else ""
    if counts.isdigit():
        return int(counts)
    import psutil

    return len(psutil.pids())


def _tasks_of_user() -> int:
    """Processes and threads of this user; 0: the system does not tell. A task folder has two links and one per
    thread."""
    try:
        pids = [name for name in os.listdir(cgroups.PROC) if name.isdigit()]  # noqa: PTH208 - names will do
    except OSError:
        return 0
    user, count = os.getuid(), 0
    for pid in pids:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            tasks = os.stat(f"{cgroups.PROC}/{pid}/task")  # noqa: PTH116 - a third of the time, 2 us per process
            count += tasks.st_nlink - 2 if tasks.st_uid == user else 0
    return count
