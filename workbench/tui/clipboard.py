"""Copying text, three ways: the desktop's or tmux's own tool, the terminal's escape sequence, and a file."""

import asyncio
import base64
import os
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

from engine.files import write_atomically
from workbench.places import state_folder

_TOOLS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("WAYLAND_DISPLAY", ("wl-copy",)),
    ("DISPLAY", ("xclip", "-selection", "clipboard")),
    ("DISPLAY", ("xsel", "--clipboard", "--input")),
    ("", ("pbcopy",)),
    ("TMUX", ("tmux", "load-buffer", "-w", "-")),
)
"""Environment variable that must be set, and the command that takes the text."""

PATIENCE = 1.0


async def copy_natively(text: str) -> bool:
    """Hand the text to the desktop's clipboard tool; return whether one took it."""
    for variable, command in _TOOLS:
        if (not variable or os.environ.get(variable)) and shutil.which(command[0]):
            process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL)
            try:
                await asyncio.wait_for(process.communicate(text.encode()), PATIENCE)
            except TimeoutError:
                process.kill()
                await process.wait()
                continue
            if process.returncode == 0:
                return True
    return False


def escape_sequence(text: str, tmux: bool) -> str:
    """Return what asks the terminal to take the text into its clipboard (OSC 52), through tmux if it is inside one."""
    sequence = f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\a"
    return sequence + (f"\x1bPtmux;\x1b{sequence}\x1b\\" if tmux else "")


def leave_in_file(text: str) -> Path | None:
    """Write the text to a file of one's own, for terminals that take nothing; None where that cannot be done."""
    folder = state_folder(os.environ)
    if folder is None:
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(folder / "copied.txt", f"{text}\n".encode())
    except OSError:
        return None
    return folder / "copied.txt"
