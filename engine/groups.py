"""Ending a process that leads a group, with everything it started."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence

import psutil

GRACE = 0.5
"""Seconds between asking processes to end and ending them: Esc promises to stop a sweep within one."""

_POLL = 0.01


def end_group(leader: subprocess.Popen[bytes], grace: float = GRACE) -> None:
    """End every process of the leader's group and every descendant that left it; the leader's input is closed first.

    Returns when all of them are gone and the leader is reaped.
    """
    strays = _descendants(leader.pid)
    if leader.stdin is not None:
        leader.stdin.close()
    # First a request: with the resource tracker killed, named shared memory would stay.
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 10.0)):
        deadline = time.monotonic() + patience
        for process in _living(leader.pid, strays):
            _send(process, number)
        while _living(leader.pid, strays) and time.monotonic() < deadline:
            leader.poll()
            time.sleep(_POLL)
    leader.wait()


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _living(group: int, strays: Sequence[psutil.Process]) -> list[psutil.Process]:
    found = {process.pid: process for process in psutil.process_iter() if _in_group(process.pid, group)}
    found |= {process.pid: process for process in strays}
    return [process for process in found.values() if _is_alive(process)]


def _in_group(pid: int, group: int) -> bool:
    try:
        return os.getpgid(pid) == group
    except OSError:
        return False


def _is_alive(process: psutil.Process) -> bool:
    # A zombie is over; in a container nobody may ever collect it.
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return
