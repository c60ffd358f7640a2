"""What is on the terminal before Textual is: there at once, and gone whenever the screen does not come."""

import os
import signal

from tests.tui.emulator import left_behind
from tests.tui.test_guard import CONTROL, SHELL
from workbench.entrance import opening

SLOW = """
import os, signal, sys, workbench.entrance as entrance
from workbench.guard import guarded
class Run:
    def find_spec(self, name, *_):
        if name == 'workbench.tui.app':
            IMPORTING
sys.meta_path.insert(0, Run())
sys.exit(guarded(entrance.show_screen))
"""
"""The way to a screen whose import does something else."""


def importing(code: str) -> str:
    return SLOW.replace("IMPORTING", code)


def test_every_tab_is_there_and_the_first_is_marked():
    painted = opening(80).decode()
    assert "\x1b[1m[1 Sweep]\x1b[0m 2 Why  3 Hot spots " in painted
    assert left_behind(opening(40)) == {"mode 1049", "mode 25"}


def test_it_is_painted_before_the_screen_is_imported_and_goes_with_an_error(start):
    terminal = start(CONTROL + importing("os.write(2, b'[importing]'); raise ImportError('no Textual here')"))
    assert terminal.end() == 1
    painted, _, rest = terminal.output.partition(b"[importing]")
    assert b"[1 Sweep]" in painted
    assert rest.index(b"\x1b[?1049l") < rest.index(b"no Textual here")
    assert terminal.restored()


def test_a_recording_that_is_not_there_is_told_on_the_users_own_screen(start):
    program = "import sys; from workbench.cli import main; sys.exit(main(['replay', 'nowhere.jsonl']))"
    terminal = start(CONTROL + program)
    assert terminal.end() == 2
    rest = terminal.output[terminal.output.rindex(b"\x1b[?1049l") :]
    assert b"nowhere.jsonl" in rest
    assert terminal.restored()


def test_a_screen_that_is_stopped_while_it_comes_gives_the_terminal_back(start):
    code = "os.kill(os.getpid(), signal.SIGTSTP); os.write(2, b'[goes on]'); os._exit(7)"
    terminal = start(CONTROL + SHELL, importing(code))
    terminal.until(b"[stopped]")
    assert terminal.restored()
    terminal.process.send_signal(signal.SIGUSR1)
    terminal.until(b"[goes on]")
    assert terminal.output.count(b"[1 Sweep]") == 2
    assert terminal.end() == 7
    assert terminal.restored()


def test_a_screen_that_is_killed_while_it_comes_leaves_nothing(start):
    terminal = start(CONTROL + importing("os.kill(os.getpid(), 9)"))
    assert terminal.end() == 128 + signal.SIGKILL
    assert b"[1 Sweep]" in terminal.output
    assert terminal.restored()


def test_in_a_browser_nothing_is_painted_on_the_terminal(start, monkeypatch):
    monkeypatch.setenv("TEXTUAL_DRIVER", "somewhere")
    terminal = start(CONTROL + importing("os._exit(0)"))
    assert terminal.end() == 0
    assert b"[1 Sweep]" not in terminal.output
    assert os.environ["TEXTUAL_DRIVER"] == "somewhere"
