"""Ctrl-C where Python would make something else of it, or lose it."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.interruption import held_back, unwrapped_interrupt
from tests.jobs import a_job, execute

ROOT = Path(__file__).parents[1]

AT_THE_FORK = """
import os, signal, sys
os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGINT))
from tests.jobs import a_job, execute

if __name__ == "__main__":
    try:
        execute(a_job(tasks=4), sys.argv[1], workers=1, start_method="fork")
    except KeyboardInterrupt:
        print("interrupted")
"""


@pytest.mark.parametrize("mode", ["process", "shared-memory"])
def test_ctrl_c_while_a_pool_forks_is_not_lost(mode, tmp_path, leftovers):
    script = tmp_path / "script.py"
    script.write_text(AT_THE_FORK)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, script, mode], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\n", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_held_back_comes_afterwards(number):
    got = []
    before = signal.signal(number, lambda *_: got.append(number))
    try:
        with held_back():
            os.kill(os.getpid(), number)
            assert got == []
        assert got == [number]
        os.kill(os.getpid(), number)
        assert got == [number, number]
    finally:
        signal.signal(number, before)


def test_what_is_held_back_comes_after_an_error_too():
    def fail():
        with held_back():
            os.kill(os.getpid(), signal.SIGINT)
            raise ValueError

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_hold_nothing_back():
    seen = []

    def look():
        with held_back():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]


def test_an_error_that_came_of_an_interrupt_is_one():
    def wrap():
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise ValueError("it failed") from None

    with pytest.raises(KeyboardInterrupt), unwrapped_interrupt():
        wrap()
    with pytest.raises(ZeroDivisionError), unwrapped_interrupt():
        raise ZeroDivisionError


def test_ctrl_c_while_threads_meet_leaves_none(monkeypatch):
    def interrupt(future, timeout=None):
        raise KeyboardInterrupt

    monkeypatch.setattr(Future, "result", interrupt)
    monkeypatch.setattr(ThreadPoolExecutor, "_adjust_thread_count", one_thread(ThreadPoolExecutor._adjust_thread_count))
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        execute(a_job(tasks=4), "thread", workers=2)
    assert threading.active_count() == before


def one_thread(start):
    """The second thread is never started, so that the first waits for it."""
    return lambda pool: None if pool._threads else start(pool)
