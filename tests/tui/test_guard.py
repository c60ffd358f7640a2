"""However screen, guard or engine ends: the terminal is as before, no process is left, and the sweep can go on."""

import io
import os
import signal
import subprocess
import sys
import termios
from pathlib import Path

import psutil
import pytest

from tests.conftest import wait_until
from tests.tui.emulator import left_behind
from tests.tui.terminals import Terminal, engine_gone
from tests.tui.test_engine_process import alive
from workbench.cli import main
from workbench.guard import last_words
from workbench.tui.journal import go_on_command, unfinished

CONTROL = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"

SCREEN = """
import sys
from workbench.guard import guarded
def show():
    from workbench.tui import app, services
    services.EngineProcess.__init__.__defaults__ = ((sys.executable, '-c', sys.argv[1]),)
    from engine.request import SweepRequest
    return app.run(SweepRequest(workload='straddles'), autostart=True)
sys.exit(guarded(show))
"""
"""The guarded app with a script in place of the engine."""

SHORT = """
import os, signal, sys, termios, tty
from workbench.guard import guarded
def show():
    SHOWN
sys.exit(guarded(show))
"""
"""Something guarded that starts at once."""

DRAW = (
    r"tty.setraw(0); os.write(2, b'\x1b[?1049h\x1b[?1000;1003;1006h\x1b[?25l\x1b[>25u\x1b[?2004h');"
    r"os.write(2, b'\x1b[?7l\x1b[31mup')"
)
"""What a screen does to a terminal, more or less."""

WAIT = "os.write(2, b'[up]'); signal.pause()"

SCRIPT = """
import os, signal, subprocess, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
job = subprocess.Popen([sys.executable, '-c', *sys.argv[1:]])
job.wait()
os.write(2, b'[ended]')
signal.sigwait({signal.SIGUSR1})
"""
"""A script that runs the screen: the terminal does not go with the guard."""

SHELL = """
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
job = os.fork()
if not job:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, '-c', *sys.argv[1:]])
while True:
    _, status = os.waitpid(job, os.WUNTRACED)
    os.tcsetpgrp(0, os.getpgrp())
    if not os.WIFSTOPPED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
    os.write(2, b'[stopped]')
    signal.sigwait({signal.SIGUSR1})
    os.tcsetpgrp(0, job)
    os.killpg(job, signal.SIGCONT)
"""
"""As much of a shell as stopping and going on takes."""


def drawn(terminal: Terminal) -> Terminal:
    terminal.answer()
    terminal.until(b"400 ms")
    return terminal


def below(pid: int) -> int:
    """The process that another one started."""
    return psutil.Process(pid).children()[0].pid


def measured(folder: Path) -> int:
    """How many measurements are recorded."""
    return sum(path.read_bytes().count(b"TrialFinished") for path in folder.glob("state/workbench/*.jsonl"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_the_guard_ends_the_screen_in_good_order(number, start, tmp_path):
    terminal = drawn(start(CONTROL + SCREEN))
    terminal.process.send_signal(number)
    assert terminal.end() == 128 + number
    assert terminal.restored()
    assert engine_gone(tmp_path)
    [kept] = unfinished()
    assert (kept.workload, kept.plans_done) == ("straddles", 2)
    assert b"the screen was ended" not in terminal.output
    assert go_on_command(kept).encode() in terminal.output


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_screen_that_dies_leaves_the_terminal_as_it_was_and_says_how_its_sweep_goes_on(number, start, tmp_path):
    terminal = drawn(start(CONTROL + SCREEN))
    os.kill(below(terminal.process.pid), number)
    assert terminal.end() == 128 + number
    assert terminal.restored()
    assert engine_gone(tmp_path)
    [kept] = unfinished()
    assert kept.plans_done == 2
    said = terminal.output[terminal.output.rfind(b"\x1b[0m") :].decode()
    assert f"the screen was ended by {number.name} (" in said
    assert f"workbench sweep straddles --continue {kept.path}" in said


def test_a_killed_guard_takes_screen_and_engine_with_it_in_good_order(start, tmp_path):
    terminal = drawn(start(CONTROL + SCRIPT, SCREEN))
    guard = below(terminal.process.pid)
    screen = below(guard)
    os.kill(guard, signal.SIGKILL)
    terminal.until(b"[ended]")
    while alive(screen) or terminal.read(0):
        terminal.read(0.05)
    assert termios.tcgetattr(terminal.slave) == terminal.before
    assert left_behind(terminal.output) == set()
    assert engine_gone(tmp_path)
    [kept] = unfinished()
    assert kept.plans_done == 2
    assert go_on_command(kept).encode() in terminal.output


def test_an_engine_that_dies_leaves_the_screen_up_and_the_sweep_can_go_on(start, tmp_path):
    terminal = drawn(start(CONTROL + SCREEN))
    for times, number in enumerate((signal.SIGKILL, signal.SIGSEGV), 1):
        assert wait_until(lambda: not terminal.read(0.01) and measured(tmp_path) == 2 * times, 20)  # noqa: B023
        os.kill(int((tmp_path / "pid").read_text()), number)
        terminal.until(f"killed by {number.name}".encode())
        os.write(terminal.master, b"r")
    assert wait_until(lambda: not terminal.read(0.01) and measured(tmp_path) == 6, 20)
    terminal.process.terminate()
    assert terminal.end() == 128 + signal.SIGTERM
    assert terminal.restored()
    assert engine_gone(tmp_path)
    assert [kept.plans_done for kept in unfinished()] == [2, 2, 2]


@pytest.mark.parametrize("how", ["key", "signal"])
def test_a_stopped_screen_gives_the_terminal_to_the_shell_and_goes_on_where_it_was(how, start):
    terminal = drawn(start(CONTROL + SHELL, SCREEN))
    screen = below(below(terminal.process.pid))
    if how == "key":
        os.write(terminal.master, b"\x1a")
    else:
        os.kill(screen, signal.SIGTSTP)
    terminal.until(b"[stopped]")
    assert terminal.restored()
    terminal.output = b""
    terminal.process.send_signal(signal.SIGUSR1)
    terminal.until(b"\x1b[?1049h")
    terminal.until(b"400 ms")  # all is drawn anew, since the screen is empty by now
    os.kill(screen, signal.SIGKILL)
    assert terminal.end() == 128 + signal.SIGKILL
    assert terminal.restored()


def shown(code: str) -> str:
    return CONTROL + SHORT.replace("SHOWN", code)


@pytest.mark.parametrize(("code", "expected"), [("return 0", 0), ("return 3", 3), ("sys.exit(5)", 5), ("1 / 0", 1)])
def test_the_exit_code_is_that_of_what_is_shown(code, expected, start):
    terminal = start(shown(code))
    assert terminal.end() == expected
    assert terminal.restored()


def test_a_screen_that_ends_by_force_leaves_nothing_switched_on(start):
    terminal = start(shown(f"{DRAW}; os._exit(129)"))
    assert terminal.end() == 129
    assert terminal.restored()


def test_a_sequence_that_was_cut_off_is_no_harm(start):
    terminal = start(shown(f"{DRAW}; os.write(2, b'\\x1b[?1049;'); os.kill(os.getpid(), 9)"))
    assert terminal.end() == 128 + signal.SIGKILL
    assert b"\x1b[?1049;\x18" in terminal.output
    assert terminal.restored()


def test_an_error_in_the_middle_of_the_screen_leaves_nothing_switched_on(start):
    terminal = start(shown(f"{DRAW}; raise ValueError"))
    assert terminal.end() == 1
    assert terminal.restored()


def test_a_screen_stopped_without_warning_gives_back_the_terminal_and_may_be_killed(start):
    terminal = start(CONTROL + SHELL, SHORT.replace("SHOWN", f"{DRAW}; os.kill(os.getpid(), signal.SIGSTOP); return 7"))
    terminal.until(b"[stopped]")
    assert terminal.restored()
    terminal.process.send_signal(signal.SIGUSR1)
    assert terminal.end() == 7
    assert terminal.restored()


def test_a_stop_sent_to_the_guard_stops_the_screen(start):
    terminal = start(CONTROL + SHELL, SHORT.replace("SHOWN", WAIT))
    terminal.until(b"[up]")
    guard = below(terminal.process.pid)
    os.kill(guard, signal.SIGTSTP)
    terminal.until(b"[stopped]")
    assert psutil.Process(below(guard)).status() == psutil.STATUS_STOPPED
    terminal.process.send_signal(signal.SIGUSR1)
    assert wait_until(lambda: psutil.Process(below(guard)).status() == psutil.STATUS_SLEEPING)
    os.kill(guard, signal.SIGTERM)
    assert terminal.end() == 128 + signal.SIGTERM


def test_a_screen_without_a_shell_that_waits_for_jobs_is_still_guarded_after_a_stop(start):
    terminal = start(shown(WAIT))
    terminal.until(b"[up]")
    screen = below(terminal.process.pid)
    os.kill(screen, signal.SIGSTOP)
    os.kill(screen, signal.SIGTERM)
    os.kill(screen, signal.SIGCONT)
    assert terminal.end() == 128 + signal.SIGTERM


def test_a_crash_of_the_app_is_no_success(start):
    broken = SCREEN.replace(
        "    from engine.request", "    app.Workbench.on_mount = lambda self: 1 / 0\n    from engine.request"
    )
    terminal = start(CONTROL + broken)
    assert terminal.end() == 1
    assert terminal.restored()


def test_the_guard_waits_without_textual_and_with_one_thread(start):
    terminal = start(shown(WAIT))
    terminal.until(b"[up]")
    code = "import sys, workbench.cli, workbench.commands.replay, workbench.guard; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"textual", "numpy", "asyncio"} & {*loaded}
    assert psutil.Process(terminal.process.pid).num_threads() == 1


@pytest.mark.parametrize("arguments", [[], ["replay", "sweep.jsonl"]])
def test_every_way_to_the_screen_is_guarded(arguments, monkeypatch):
    class Screen(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Screen())
    monkeypatch.setattr(sys, "stderr", Screen())
    monkeypatch.setattr("workbench.guard.guarded", lambda show: 42)
    monkeypatch.setattr("workbench.commands.replay.guarded", lambda show: 42)
    assert main(arguments) == 42


def test_nothing_is_said_of_an_ordinary_end():
    assert last_words(0, 0, 0.0) == last_words(4, 0, 0.0) == []


def test_what_is_said_names_the_signal(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert last_words(-9, 0, 0.0) == ["the screen was ended by SIGKILL (often: out of memory)"]
    assert last_words(-40, 0, 0.0) == ["the screen was ended by signal 40"]


def test_a_terminal_that_goes_away_ends_the_guarded_screen_too(start, tmp_path):
    terminal = drawn(start(CONTROL + SCREEN))
    os.close(terminal.master)
    terminal.master = os.open(os.devnull, os.O_RDONLY)
    assert terminal.process.wait(timeout=20) == 128 + signal.SIGHUP
    assert engine_gone(tmp_path)
    assert [kept.plans_done for kept in unfinished()] == [2]
