"""SIGKILL of the engine at random moments: its workers and its nursery end with it, and nothing else is left."""

import itertools
import os
import random
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from engine.pool.starting import START_METHODS
from tests.conftest import wait_until
from tests.faults.pools import ROOT, environment

pytestmark = pytest.mark.timeout(60)

GOAL = 0.05
"""Seconds in which all processes are to end; printed beside what was measured (pytest -s)."""
LENIENT = 1.0
"""Seconds that the test allows them, on a machine that does other things as well."""

SCRIPT = """
import itertools, sys
import numpy as np
import engine
from engine.workload import ResultSpec
from tests.faults import crashers

if __name__ == "__main__":
    method, form = sys.argv[1:]
    print("begin", flush=True)
    with engine.pool(2, {"prices": np.ones(100_000)}, start_method=method) as pool:
        print(*[worker.pid for worker in pool.workers], flush=True)
        result = ResultSpec("float64", (19, 5)) if form == "slots" else None
        for index, _ in pool.unordered(crashers.table_beside, itertools.count(), result=result):
            print(index, flush=True)
"""


DEEP_IN_C = """
import sys
import engine
from tests.faults import crashers

if __name__ == "__main__":
    print("begin", flush=True)
    with engine.pool(2, start_method=sys.argv[1]) as pool:
        list(pool.map(crashers.hang_in_c_aloud, ["hang"] * 2, chunk_size=1))
"""


class Engine:
    """A script with a pool that computes without end."""

    def __init__(self, folder, *arguments, script=SCRIPT):
        path = folder / "script.py"
        path.write_text(script)
        command = [sys.executable, str(path), *arguments]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, start_new_session=True
        )
        assert self.process.stdout
        self.output = self.process.stdout
        assert self.output.readline() == b"begin\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.output.close()

    def read(self, lines):
        for _ in range(lines):
            assert self.output.readline()

    def let_it_run(self, seconds):
        """Wait until it says something, or so many seconds."""
        select.select([self.output], [], [], seconds)

    def kill(self, *, group):
        """Kill it; return the seconds until its last descendant had ended."""
        family = [self._handle(pid) for pid in descendants(self.process.pid)]
        begun = time.monotonic()
        os.killpg(self.process.pid, signal.SIGKILL) if group else self.process.kill()
        for handle in filter(None, family):
            assert select.select([handle], [], [], LENIENT)[0], "a process outlived its engine"
            os.close(handle)
        seconds = time.monotonic() - begun
        assert self.process.wait() == -signal.SIGKILL
        return seconds

    @staticmethod
    def _handle(pid):
        try:
            return os.pidfd_open(pid)
        except ProcessLookupError:
            return None


def descendants(pid):
    """Pids of a process's children and theirs."""
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in path.read_text().split()]
        except OSError:  # it ended
            continue
        for child in children:
            yield child
            yield from descendants(child)


@pytest.fixture
def no_stray_files():
    """Nothing is new in the folder for temporary files; shared memory is looked after by ``leftovers``."""
    folder = Path(tempfile.gettempdir())
    before = set(folder.iterdir())
    yield
    assert set(folder.iterdir()) == before


MOMENTS = ["starting", "first results", "later"]


def wait_for(moment, engine, chance):
    if moment == "starting":
        engine.let_it_run(chance.uniform(0, 0.4))
    else:
        engine.read(1 + chance.randrange(3) if moment == "first results" else 200 + chance.randrange(200))


@pytest.mark.parametrize("method", START_METHODS)
@pytest.mark.parametrize("group", [False, True], ids=["engine", "group"])
def test_nothing_outlives_an_engine_that_is_killed(method, group, tmp_path, leftovers, no_stray_files):
    chance = random.Random(f"{method} {group}")
    seconds = []
    for moment, form in zip(MOMENTS, itertools.cycle(["slots", "pipe"])):
        with Engine(tmp_path, method, form) as engine:
            wait_for(moment, engine, chance)
            seconds.append(engine.kill(group=group))
        assert leftovers.processes() == []
    print(f"{method}: all ended after {statistics.median(seconds) * 1e3:.0f} ms (goal: {GOAL * 1e3:.0f} ms)")


@pytest.mark.parametrize("method", START_METHODS)
def test_workers_deep_in_c_end_with_their_engine_too(method, tmp_path, leftovers):
    with Engine(tmp_path, method, script=DEEP_IN_C) as engine:
        assert [engine.output.readline() for _ in range(2)] == [b"hanging\n"] * 2
        engine.kill(group=False)


def test_a_stopped_worker_ends_with_its_engine_too(tmp_path, leftovers, no_stray_files):
    with Engine(tmp_path, "forkserver", "slots") as engine:
        pids = [int(pid) for pid in engine.output.readline().split()]
        engine.read(10)
        os.kill(pids[0], signal.SIGSTOP)
        assert wait_until(lambda: psutil.Process(pids[0]).status() == psutil.STATUS_STOPPED)
        engine.kill(group=False)
