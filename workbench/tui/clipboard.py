"""Copying text: the desktop's own tool where there is one, else the terminal's escape sequence."""

import asyncio
import os
import shutil
from asyncio.subprocess import DEVNULL, PIPE

_TOOLS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("WAYLAND_DISPLAY", ("wl-copy",)),
    ("DISPLAY", ("xclip", "-selection", "clipboard")),
    ("DISPLAY", ("xsel", "--clipboard", "--input")),
    ("", ("pbcopy",)),
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
