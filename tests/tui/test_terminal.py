"""The real program on a pseudo-terminal: what it leaves behind, however it ends."""

import os
import re
import signal
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.events import encode
from tests.builders import a_plan, a_start, a_sweep, a_trial
from tests.tui.terminals import PROGRAM, Terminal, engine_gone


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """The app with half a sweep on screen, and an engine that waits for the end of its input."""
    events = tmp_path / "events"
    events.write_bytes(b"".join(map(encode, [a_start(), *a_trial(0, 0, 2.0), *a_trial(0, 1, 0.4)])))
    (tmp_path / "last").write_bytes(encode(a_sweep()[-1]))
    script = (
        "import os, pathlib, signal, sys\n"
        f"last = open({str(tmp_path / 'last')!r}).read()\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(print(last, flush=True)))\n"
        f"print(open({str(events)!r}).read(), flush=True)\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\n"
        "sys.stdin.read()"
    )
    started = Terminal(script)
    yield started
    started.close()


def test_quitting_restores_the_terminal_and_ends_with_0(terminal, tmp_path):
    terminal.until(b"400 ms")
    os.write(terminal.master, b"\x1b")
    terminal.until(b"Use ")
    os.write(terminal.master, b"q")
    assert terminal.end() == 0
    assert terminal.restored()
    assert engine_gone(tmp_path)
    said = terminal.output.rpartition(b"\x1b[?1049l")[2]
    assert b"Use shared-memory" in said


def test_nothing_is_sent_while_nothing_changes(terminal):
    terminal.until(b"400 ms")
    while terminal.read(0.5):
        pass
    terminal.output = b""
    terminal.read(1.2)
    assert len(terminal.output) < 600  # at most the line with the time left


def test_no_colour_code_is_sent_under_no_color(tmp_path):
    events = tmp_path / "events"
    events.write_bytes(b"".join(map(encode, a_sweep())))
    screen = Terminal(f"print(open({str(events)!r}).read(), flush=True)", NO_COLOR="1")
    screen.until(b"Use ")
    screen.until(b";7")  # the cursor is shown by reversing
    os.write(screen.master, b"q")
    assert screen.end() == 0
    codes = set(re.findall(rb"\x1b\[([0-9;:]*)m", screen.output))
    assert {part for code in codes for part in code.split(b";")} <= {b"0", b"1", b"2", b"3", b"4", b"7", b"39", b"49"}
    screen.close()


def test_a_terminal_that_changes_its_size_during_a_sweep_is_filled_again(tmp_path):
    events = tmp_path / "events"
    events.write_bytes(b"".join(map(encode, [a_start(), *a_trial(0, 0, 2.0), *a_trial(0, 1, 0.4)])))
    script = f"import sys; print(open({str(events)!r}).read(), flush=True); sys.stdin.read()"
    screen = Terminal(script, COLUMNS="", LINES="")
    try:
        screen.until(b"400 ms")
        while screen.read(0.5):  # until nothing more is painted
            pass
        screen.output = b""
        termios.tcsetwinsize(screen.slave, (50, 160))
        screen.process.send_signal(signal.SIGWINCH)
        screen.until(b"tasks/s")  # a column for which 80 have no room
        os.write(screen.master, b"q")
    finally:
        screen.close()


COLD = PROGRAM.replace("SweepRequest(workload='straddles'), autostart=True", "")


def test_four_keys_lead_from_a_cold_start_in_an_empty_folder_to_a_saved_config(tmp_path, monkeypatch):
    (tmp_path / "events").write_bytes(b"".join(map(encode, a_sweep())))
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    screen = Terminal(f"print(open({str(tmp_path / 'events')!r}).read(), flush=True)", program=COLD)
    try:
        screen.until(b"Demo, about a minute")
        screen.until(b"shared-memory")  # the form knows all there is to choose from
        os.write(screen.master, b"\r")  # the demo
        screen.until(b"Use ")
        os.write(screen.master, b"s")
        screen.until(b"Cancel")
        os.write(screen.master, b"\r")
        screen.until(b"saved")
        os.write(screen.master, b"q")
        assert screen.end() == 0
    finally:
        screen.close()
    assert "shared-memory" in (folder / "tuned.toml").read_text()


UPDATES, RATE = 30, 10


def test_forty_rows_ten_times_a_second_cost_less_than_5_kib_a_second(tmp_path):
    plans = [a_plan(), *(a_plan("thread", workers) for workers in range(2, 41))]
    first = [a_start(plans, 2), *(event for index in range(40) for event in a_trial(0, index, 1.0 + index))]
    later = [encode(each) for index in range(UPDATES) for each in a_trial(1, index, 1.1 + index)]
    (tmp_path / "first").write_bytes(b"".join(map(encode, first)))
    (tmp_path / "later").write_bytes(b"".join(later))
    script = (
        "import sys, time\n"
        f"print(open({str(tmp_path / 'first')!r}).read(), flush=True)\n"
        "sys.stdin.readline()\n"
        f"lines = open({str(tmp_path / 'later')!r}).readlines()\n"
        f"step = len(lines) // {UPDATES}\n"
        "time.sleep(3)\n"
        f"for at in range({UPDATES}):\n"
        "    print(*lines[at * step : (at + 1) * step], sep='', end='', flush=True)\n"
        f"    time.sleep(1 / {RATE})\n"
        "sys.stdin.read()"
    )
    screen = Terminal(script)
    try:
        screen.until(b"40/80")
        while screen.read(1.0):
            pass
        screen.output = b""
        screen.until(f"{40 + UPDATES}/80".encode())
        assert len(screen.output) < 5 * 1024 * UPDATES / RATE
    finally:
        screen.close()
