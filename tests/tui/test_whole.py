"""The real screen over the real engine: however a sweep ends, nothing is left."""

import os
import signal
import time

import pytest

from tests.tui.terminals import Terminal

PROGRAM = (
    "import sys; from workbench.tui import app; from engine.request import SweepRequest;"
    "axes = {'mode': ('sequential', sys.argv[1]), 'workers': (2,), 'kernel': ('python',), 'start_method': ('spawn',)};"
    "settings = {'tasks': (60,), 'work': (20000,)};"
    "care = {'blocks': 500, 'full_grid': True, 'accept_noise': True};"
    "request = SweepRequest(workload='fixed_cost', axes=axes, settings=settings, **care);"
    "sys.exit(app.run(request, autostart=True))"
)


@pytest.fixture
def start(leftovers):
    started = []

    def begin(mode):
        started.append(Terminal(mode, program=PROGRAM))
        return started[-1]

    yield begin
    for terminal in started:
        terminal.close()


@pytest.mark.parametrize("mode", ["thread", "process", "shared-memory"])
def test_escape_stops_within_a_second_keeps_the_figures_and_leaves_nothing(mode, start):
    terminal = start(mode)
    terminal.until(b"3/1000")
    pressed = time.monotonic()
    os.write(terminal.master, b"\x1b")
    terminal.until(b"Use ")
    assert time.monotonic() - pressed < 2  # 1 s is promised; the test machine runs another test beside this
    os.write(terminal.master, b"q")
    assert terminal.end() == 0
    assert terminal.restored()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
@pytest.mark.parametrize("mode", ["process", "shared-memory"])
def test_a_signal_in_the_middle_of_a_sweep_leaves_nothing(mode, number, start):
    terminal = start(mode)
    terminal.until(b"2/1000")
    terminal.process.send_signal(number)
    assert terminal.end() == (-number if number == signal.SIGKILL else 128 + number)
