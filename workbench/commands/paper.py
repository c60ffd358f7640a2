"""What a command writes on: how wide it is, and which signs it can hold."""

import shutil
import sys
from typing import TextIO

from workbench.settings import stream_signs
from workbench.words.numbers import Signs

_COLUMNS = 120
"""Where there is no terminal to ask."""


def columns() -> int:
    """Return the columns of the terminal, which ``COLUMNS`` overrides; 120 where there is none."""
    return shutil.get_terminal_size((_COLUMNS, 24)).columns


def paper(stream: TextIO | None = None) -> tuple[int, Signs]:
    """Return columns and signs of a stream, by default of standard output."""
    return columns(), stream_signs((stream or sys.stdout).encoding)
