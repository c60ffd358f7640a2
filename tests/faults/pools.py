"""What tests of a pool's faults share: a checker of histories, a killer, a clock that knows a busy machine."""

import contextlib
import copy
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]


class History:
    """Checks a pass against a sequential one: every task acknowledged exactly once, with exactly its value."""

    def __init__(self, function, tasks):
        self._expected = [function(task) for task in tasks]
        self._times: Counter[int] = Counter()
        self._wrong: list[tuple[int, object]] = []

    def again(self):
        """A history of another pass over the same tasks."""
        other = copy.copy(self)
        other._times, other._wrong = Counter(), []
        return other

    def acknowledge(self, index, value):
        self._times[index] += 1
        known = 0 <= index < len(self._expected)
        if not known or not _identical(value, self._expected[index]):
            self._wrong.append((index, value))

    def watch(self, pairs):
        """Acknowledge what an ``unordered`` pass yields, and check it at its end."""
        for index, value in pairs:
            self.acknowledge(index, value)
        self.check()

    def check(self, but=()):
        """``but``: tasks that cannot have a result, and have none."""
        lost = [index for index in range(len(self._expected)) if not self._times[index] and index not in but]
        duplicated = [index for index, times in self._times.items() if times > 1 or index in but]
        problems = {"lost": lost, "duplicated": duplicated, "wrong": self._wrong}
        assert not any(problems.values()), problems  # in words, because pytest rewrites only the test's own module


def _identical(value, expected):
    if isinstance(expected, np.ndarray):
        return (value.dtype, value.shape, value.tobytes()) == (expected.dtype, expected.shape, expected.tobytes())
    if isinstance(value, np.generic):  # out of a slot
        value = value.item()
    return type(value) is type(expected) and value == expected


class Killer:
    """Kills workers of a pool at random moments from a thread of its own.

    A moment is a number of results and then some milliseconds: so the pool gets on, however busy the machine is, and
    the kill hits the worker anywhere. No results at all at times, to hit a worker that is being started.
    """

    RESULTS = (0, 1, 5, 20, 50)
    MEAN = 0.003

    def __init__(self, pool, seed, kills):
        """``kills``: after so many it lets the pool be."""
        self._pool, self._chance, self._left = pool, random.Random(seed), kills
        self._progress, self._results, self._ended = threading.Condition(), 0, threading.Event()
        self._thread = threading.Thread(target=self._run, name="killer")

    def __enter__(self):
        self._thread.start()
        return self

    @property
    def busy(self):
        """Whether it has kills left."""
        return self._thread.is_alive()

    def note(self, pairs):
        """Pass on what a pass yields, and take note of it."""
        for pair in pairs:
            with self._progress:
                self._results += 1
                self._progress.notify()
            yield pair

    def _run(self):
        while self._left and self._moment_comes():
            self._left -= kill(self._chance.choice(self._pool.workers).pid, lambda: self._pool.workers)

    def _moment_comes(self):
        with self._progress:
            goal = self._results + self._chance.choice(self.RESULTS)
            self._progress.wait_for(lambda: self._results >= goal or self._ended.is_set())
        return not self._ended.wait(self._chance.expovariate(1 / self.MEAN))

    def __exit__(self, *_):
        with self._progress:
            self._ended.set()
            self._progress.notify()
        self._thread.join()


def kill(pid, workers, number=signal.SIGKILL):
    """Send a signal to a process if it is a worker still; say whether it was sent."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if pid not in [worker.pid for worker in workers()]:  # it ended, and the number may be somebody else's by now
            return False
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


@contextlib.contextmanager
def within(seconds):
    """Fail if it takes longer, and longer too than six interpreters with a worker's imports take at this moment (2 s
    where nothing else runs): a machine that is busy otherwise proves nothing."""
    begun = time.monotonic()
    yield
    took = time.monotonic() - begun
    if took > seconds:
        begun = time.monotonic()
        subprocess.run([sys.executable, "-c", "import engine.pool.worker"], cwd=ROOT, check=True)
        assert took < 6 * (time.monotonic() - begun)


def run_script(folder, text, *arguments, **options):
    """Run a script of the user's; return how it went."""
    path = folder / "script.py"
    path.write_text(text)
    command = [sys.executable, str(path), *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, **options)


def environment():
    """This process's environment, in which a script anywhere finds the project."""
    return os.environ | {"PYTHONPATH": str(ROOT)}
