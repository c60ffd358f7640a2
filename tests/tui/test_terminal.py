"""The real program on a pseudo-terminal: what it leaves behind, however it ends."""

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.events import encode
from tests.builders import a_plan, a_start, a_sweep, a_trial
from tests.tui.emulator import left_behind

PROGRAM = (
    "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"  # so that hanging up reaches it
    "import sys; from pathlib import Path; from workbench.tui import app, services;"
    "services.EngineProcess.__init__.__defaults__ = ((sys.executable, '-c', sys.argv[1]),);"
    "from engine.request import SweepRequest;"
    "sys.exit(app.run(SweepRequest(workload='straddles'), autostart=True))"
)
"""The app with a script in place of the engine."""


class Terminal:
    """A program on a pseudo-terminal of 80x24."""

    def __init__(self, *arguments: str, program: str = "", **environment: str) -> None:
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.process = subprocess.Popen(
            [sys.executable, "-c", program or PROGRAM, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env=os.environ
            | {"TERM": "xterm-256color", "LANG": "C.UTF-8", "COLUMNS": "80", "LINES": "24"}
            | environment,
        )
        self.output = b""

    def read(self, seconds: float) -> bool:
        """Read what has come; False when nothing did."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if ready:
            with contextlib.suppress(OSError):
                self.output += os.read(self.master, 1 << 16)
        return bool(ready)

    def until(self, text: bytes, patience: float = 30.0) -> None:
        deadline = time.monotonic() + patience
        while text not in self.output:
            assert time.monotonic() < deadline, self.output[-2000:]
            assert self.process.poll() is None, self.output[-2000:]
            self.read(0.05)

    def end(self, patience: float = 20.0) -> int:
        deadline = time.monotonic() + patience
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "still running"
            self.read(0.05)
        while self.read(0):
            pass
        return self.process.returncode

    def restored(self) -> bool:
        """Keys are read as before, and nothing that was switched on is on."""
        assert left_behind(self.output) == set()
        return termios.tcgetattr(self.slave) == self.before

    def answer(self) -> None:
        """Say that synchronized output and resizes as input are known, so that all that can be switched on is."""
        self.until(b"?2048$p")
        os.write(self.master, b"\x1b[?2026;2$y\x1b[?2048;2$y")
        self.until(b"\x1b[?1016h")

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


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


def engine_gone(folder: Path) -> bool:
    pid = int((folder / "pid").read_text())
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return True
        os.sched_yield()
    return False


def test_quitting_restores_the_terminal_and_ends_with_0(terminal, tmp_path):
    terminal.until(b"400 ms")
    os.write(terminal.master, b"\x1b")
    terminal.until(b"Use ")
    os.write(terminal.master, b"q")
    assert terminal.end() == 0
    assert terminal.restored()
    assert engine_gone(tmp_path)


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
        assert b"tasks/s" not in screen.output
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
