"""The terminal as it was before a screen was drawn on it, and how it is put back when the one who drew cannot."""

import contextlib
import os
import sys
import termios
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

KEYS, SCREEN = 0, 2
"""Descriptors: keys are read from standard input, the screen is drawn on standard error."""

REMEMBER_CURSOR = b"\x1b7"
"""Leaving the alternate screen puts the cursor where it was saved; without this, top left if none was entered."""

FORGOTTEN = b"\x1b[?1016l\x1b]22;default\x07"
"""What Textual leaves on when it ends in good order: the mouse in pixels, and the pointer's shape."""

RESET = b"".join(
    (
        b"\x18\x1b\\",  # whatever sequence was being written is over
        b"\x1b[?2026l",  # synchronized output: first, because nothing is shown while it is on
        b"\x1b]8;;\x1b\\",  # a link
        b"\x1b[<u",  # kitty's keys: before the alternate screen is left, which has a stack of its own
        *(b"\x1b[?%dl" % mode for mode in (1000, 1002, 1003, 1006, 1015)),  # mouse
        FORGOTTEN,
        b"\x1b[?2004l",  # bracketed paste
        b"\x1b[?2048l",  # resizes reported as input
        b"\x1b[?1004l",  # focus reported as input
        b"\x1b[?7h",  # lines wrap
        b"\x1b[?1049l",  # alternate screen
        b"\x1b[?25h",  # the cursor is shown
        b"\x1b[0m",  # colours
    )
)
"""Undoes all that Textual's driver switches on, in whatever state it was left."""


@dataclass(frozen=True)
class Terminal:
    """How keys were read before the screen came."""

    attributes: list[Any] | None
    """As termios has them; None where standard input is no terminal."""

    def disturbed(self) -> bool:
        """Whether keys are read in another way by now."""
        return self.attributes is not None and _attributes() not in (None, self.attributes)

    def restore(self) -> None:
        """Put everything back. Does nothing while the terminal is another job's, which has set it up for itself."""
        if not _in_foreground():
            return
        write(RESET)
        if self.attributes is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(KEYS, termios.TCSANOW, self.attributes)
                termios.tcflush(KEYS, termios.TCIFLUSH)  # what the mouse did is nothing for the shell


def remember() -> Terminal:
    """Return the terminal as it is, and let it remember where its cursor is."""
    sys.stdout.flush()
    sys.stderr.flush()
    write(REMEMBER_CURSOR)
    return Terminal(_attributes())


def tidy_up() -> None:
    """Switch off what is left on by a screen that put the terminal back itself."""
    write(FORGOTTEN)


def say(lines: Sequence[str], who: str = "workbench: ") -> None:
    """Write lines of text, without the control characters that may be in them. ``who`` says it, before each."""
    from workbench.words.numbers import UNICODE

    words = "".join(f"{who}{UNICODE.text(line)}\n" for line in lines)
    write(words.encode(sys.stderr.encoding, "backslashreplace"))  # a print that fails would spoil the exit code


def write(sequences: bytes) -> None:
    """Write to the screen; a terminal that has gone is no reason to stop."""
    with contextlib.suppress(OSError):  # the terminal has gone
        os.write(SCREEN, sequences)


def _attributes() -> list[Any] | None:
    try:
        return termios.tcgetattr(KEYS)
    except termios.error:
        return None


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(KEYS) == os.getpgrp()
    except OSError:  # it controls no jobs
        return True
