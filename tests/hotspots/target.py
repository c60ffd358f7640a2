"""Stands in for ``python -m engine loop``: a script whose work is chosen by the workload of the request."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from engine.pool.lifeline import die_with_parent


def hot(n):
    total = 0
    for number in range(n):
        total += number * number
    return total


def warm(n):
    return sum(range(n))


def run_chunk(tasks):
    return [hot(20_000) + warm(2_000) for _ in tasks]


def work_under_capture(seconds, run):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        run()


def sequential(request):
    work_under_capture(request["seconds"], lambda: run_chunk(range(10)))


def process(request):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(run_chunk, [range(1)] * 2, chunksize=1)
        work_under_capture(request["seconds"], lambda: pool.map(run_chunk, [range(20)] * 4, chunksize=1))


def loading(request):
    end = time.perf_counter() + request["seconds"]
    while time.perf_counter() < end:
        hot(20_000)


def crash(request):
    loading(request)
    raise ValueError("no such column 'close'")


def complain(request):
    print(json.dumps({"event": "Failed", "message": "unknown workload 'complain'", "exit_code": 2}))
    sys.exit(2)


def hang(request):
    """Be as hard to end as a process can be: deaf to a request, with a deaf child, and with one that left the group."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    hold = [sys.executable, __file__, "--hold", os.environ["ALIVE"]]
    subprocess.Popen(hold)
    subprocess.Popen(hold, start_new_session=True)
    hold_open(os.environ["ALIVE"])


def linger(request):
    """Do as the measuring process does: end with the one that started it."""
    die_with_parent(signal.SIGTERM)
    hold_open(os.environ["ALIVE"])


def hold_open(path):
    with Path(path).open("wb", buffering=0) as alive:
        alive.write(b"alive\n")
        signal.pause()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--hold"]:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        hold_open(sys.argv[2])
    REQUEST = json.loads(sys.stdin.readline())
    globals()[REQUEST["workload"]](REQUEST)
