"""Ctrl-C: the first lets finished results through, the second ends at once, and workers never see either."""

import ast
import os
import random
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import engine
from engine.errors import RequestError
from engine.pool.starting import START_METHODS
from tests.conftest import wait_until
from tests.faults import crashers
from tests.faults.pools import ROOT, environment, within

pytestmark = pytest.mark.timeout(60)

SCRIPT = """
import itertools, os
import engine
from engine.pool import course
from tests.faults import crashers

def report(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())  # at once, since workers write there as well

if __name__ == "__main__":
    tasks, drain = {tasks}, {drain}
    course.DRAIN = drain or course.DRAIN
    report("begin")
    with engine.pool(2, start_method={method!r}) as pool:
        report(*[worker.pid for worker in pool.workers])
        try:
            for value in pool.{way}({function}, tasks, chunk_size=1):
                report(value)
        except engine.Interrupted as interrupted:
            report("interrupted", sorted(interrupted.finished.items()))
        except KeyboardInterrupt:
            report("at once")
            raise
        report(*pool.map(crashers.square, range(4)))
"""


class Script:
    """A script in a foreground group of its own, as a terminal would start it."""

    def __init__(self, folder, tasks, *, function="crashers.hang_aloud", way="map", method="forkserver", drain=None):
        path = folder / "script.py"
        path.write_text(SCRIPT.format(tasks=tasks, function=function, way=way, method=method, drain=drain))
        self._process = subprocess.Popen(
            [sys.executable, str(path)],
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            bufsize=1,
        )
        self._output: Any = self._process.stdout
        assert self.line() == "begin"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()

    def line(self):
        return self._output.readline().removesuffix("\n")

    def come_up(self):
        """Return the pids of the workers once they have come up."""
        return [int(pid) for pid in self.line().split()]

    def let_it_run(self, seconds):
        select.select([self._output], [], [], seconds)

    def interrupt(self):
        """Send SIGINT to the whole group, and wait until it has been taken and the script waits again."""
        os.killpg(self._process.pid, signal.SIGINT)
        assert wait_until(self._has_taken_it)

    def _has_taken_it(self):
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return True
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        pending = int(fields.get("ShdPnd", "0"), 16) & 1 << (signal.SIGINT - 1)
        return fields["State"][0] == "Z" or (fields["State"][0] == "S" and not pending)

    def end(self):
        """Return the lines that come until it ends, and how it ends."""
        output = self._output.read()  # communicate would forget what a line read ahead
        _, errors = self._process.communicate()
        return output.splitlines(), errors.splitlines(), self._process.returncode


LONG = "['hang', *range(1, 4), *['hang'] * 100]"
"""The first hangs, so that nothing can be passed on in order; then three that are done soon, and more that hang."""


def test_the_first_lets_go_after_a_second_and_hands_over_what_is_finished(tmp_path, leftovers):
    with Script(tmp_path, LONG) as script:
        script.come_up()
        assert [script.line() for _ in range(2)] == ["hanging"] * 2
        begun = time.monotonic()
        script.interrupt()
        lines, errors, code = script.end()
    assert time.monotonic() - begun > 1
    interrupted, after = lines
    finished = dict(ast.literal_eval(interrupted.removeprefix("interrupted ")))
    assert finished == {number: number**2 for number in finished}
    assert 1 in finished  # others may have been in hand behind one that hangs
    assert after == "0 1 4 9"
    assert (errors, code) == ([], 0)


def test_the_first_waits_no_longer_than_for_what_is_in_hand(tmp_path, leftovers):
    with Script(tmp_path, "itertools.count()", function="crashers.square", drain=1000) as script:
        script.come_up()
        assert [script.line() for _ in range(3)] == ["0", "1", "4"]
        script.interrupt()
        with within(5):
            lines, errors, code = script.end()
    *values, interrupted, after = lines
    assert values == [str((3 + number) ** 2) for number in range(len(values))]
    assert interrupted == "interrupted []"
    assert after == "0 1 4 9"
    assert (errors, code) == ([], 0)


def test_unordered_keeps_every_result_that_was_in_hand(tmp_path, leftovers):
    with Script(tmp_path, LONG, way="unordered") as script:
        script.come_up()
        seen = [script.line() for _ in range(3)]
        script.interrupt()
        lines, errors, code = script.end()
    *more, interrupted, after = lines
    assert "(1, 1)" in seen + more
    assert (interrupted, after) == ("interrupted []", "0 1 4 9")
    assert (errors, code) == ([], 0)


@pytest.mark.parametrize("method", START_METHODS)
def test_the_second_ends_at_once(method, tmp_path, leftovers):
    with Script(tmp_path, LONG, method=method, drain=1000) as script:
        script.come_up()
        assert [script.line() for _ in range(2)] == ["hanging"] * 2
        script.interrupt()
        script.interrupt()
        with within(5):
            lines, errors, code = script.end()
    assert lines == ["at once"]
    assert errors[-1] == "KeyboardInterrupt"
    assert code == -signal.SIGINT


@pytest.mark.parametrize("method", START_METHODS)
def test_ctrl_c_at_any_moment_ends_the_script_and_leaves_nothing(method, tmp_path, leftovers):
    chance = random.Random(method)
    for _ in range(3):
        with Script(tmp_path, LONG, method=method, drain=0.01) as script:
            script.let_it_run(chance.uniform(0, 0.5))
            script.interrupt()
            lines, errors, code = script.end()
        assert code in (0, -signal.SIGINT), errors
        assert (code == 0) == (lines[-1:] == ["0 1 4 9"])
        assert leftovers.processes() == []


@pytest.mark.parametrize("method", START_METHODS)
def test_workers_take_no_notice_of_sigint(method):
    with engine.pool(2, start_method=method) as pool:
        pids = [worker.pid for worker in pool.workers]
        seen = []
        for index, _ in pool.unordered(crashers.square_slowly, range(60), chunk_size=2):
            seen.append(index)
            for pid in pids:
                os.kill(pid, signal.SIGINT)
        assert sorted(seen) == list(range(60))
        assert [worker.pid for worker in pool.workers] == pids


def test_a_pass_may_be_in_a_thread_where_there_are_no_signals():
    results: list[int] = []
    with engine.pool(2) as pool:
        thread = threading.Thread(target=lambda: results.extend(pool.map(crashers.square, range(5))))
        thread.start()
        thread.join()
    assert results == [0, 1, 4, 9, 16]


def test_the_users_own_handler_stays_in_charge():
    taken = []
    before = signal.signal(signal.SIGINT, lambda *_: taken.append("mine"))
    try:
        with engine.pool(2) as pool:
            for value in pool.map(crashers.square, range(5)):
                os.kill(os.getpid(), signal.SIGINT) if value == 4 else None
        assert taken == ["mine"]
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_handler_that_the_user_installs_during_a_pass_stays():
    before = signal.getsignal(signal.SIGINT)
    try:
        with engine.pool(2) as pool:
            for _ in pool.map(crashers.square, range(5)):
                signal.signal(signal.SIGINT, signal.SIG_IGN)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_after_a_pass_ctrl_c_means_what_it_meant_before():
    with engine.pool(2) as pool:
        list(pool.map(crashers.square, range(5)))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_pass_that_is_kept_longer_than_its_pool_takes_no_ctrl_c():
    with engine.pool(2) as pool:
        kept = pool.map(crashers.square, range(5))
        assert next(kept) == 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(RequestError, match="the pool was left in the middle of this pass"):
        list(kept)


def test_a_pass_that_another_thread_closes_swallows_no_ctrl_c():
    with engine.pool(2) as pool:
        kept = pool.map(crashers.square, range(5))
        assert next(kept) == 0
        thread = threading.Thread(target=kept.close)
        thread.start()
        thread.join()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
