"""The way to the screen. Tabs are on the terminal at once, while what draws everything else is still being imported:
0.1 s after the command was given instead of 0.5 s, of which Textual's import takes half."""

import contextlib
import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from workbench.terminal import SCREEN, write
from workbench.words.tabs import tab_words

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[H"
"""The alternate screen, no cursor, top left: as Textual itself begins, so that it paints over this."""
_LEAVE = b"\x1b[?1049l\x1b[?25h"


def show_screen(replay: Path | None = None) -> int:
    """Show the screen, or a recording on it; return its exit code. Raises FileProblem, RequestError."""
    with _opening():
        from workbench.tui.app import run  # in the process that draws; the one that guards it has no use for Textual

        return run(replay=replay)


@contextlib.contextmanager
def _opening() -> Iterator[None]:
    """Paint the tabs; take them away again if the screen does not come."""
    if "TEXTUAL_DRIVER" in os.environ:  # in a browser there is no terminal to paint on
        yield
        return
    tabs = opening(os.get_terminal_size(SCREEN).columns)
    signal.signal(signal.SIGTSTP, partial(_stop, tabs))  # until Textual, which has a handler of its own, takes over
    write(tabs)
    try:
        yield
    except BaseException:
        write(_LEAVE)
        raise


def _stop(tabs: bytes, *_: object) -> None:
    """Give the shell its own screen for as long as it has the terminal."""
    write(_LEAVE)
    handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTSTP)  # here it stops
    signal.signal(signal.SIGTSTP, handler)
    write(tabs)


def opening(columns: int) -> bytes:
    """Return what is painted first on so many columns."""
    tabs = (f"\x1b[1m{tab}\x1b[0m" if tab.startswith("[") else tab for tab in tab_words("sweep", columns))
    return f"{_ENTER} {''.join(tabs)}\r\n \x1b[1mWorkbench\x1b[0m".encode()
