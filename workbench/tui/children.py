"""Child processes of the UI: each leads a process group of its own, so that ending one leaves nothing behind."""

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path

LINE_LIMIT = 16 * 1024 * 1024
"""Longest line read from a child; the report of a large sweep is one line."""


async def start(
    command: Sequence[str], folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> Process:
    """Start a command with pipes for its three streams, as the leader of a new process group.

    ``folder``: where it runs; None: here. ``environment``: variables beside those of this process.
    """
    variables = None if environment is None else os.environ | environment
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
        limit=LINE_LIMIT,
        cwd=folder,
        env=variables,
    )


def signal_group(process: Process, number: signal.Signals) -> None:
    """Send a signal to everything the child started, itself included."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


async def end(process: Process, patience: float) -> None:
    """Wait this long for the child to end by itself, then kill what is left of its group."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), patience)
    signal_group(process, signal.SIGKILL)
    await process.wait()


async def output_of(command: Sequence[str], environment: Mapping[str, str] | None = None) -> tuple[int, bytes, str]:
    """Run a command; return its exit code, standard output and standard error. Cancelling kills its group."""
    process = await start(command, environment=environment)
    try:
        out, complaints = await process.communicate()
        return process.returncode or 0, out, complaints.decode(errors="replace").strip()
    finally:
        signal_group(process, signal.SIGKILL)
