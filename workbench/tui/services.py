"""The UI's doors to the outside, in one value, so that tests can put others in their place."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from engine.report import SweepReport
from engine.request import SweepRequest
from workbench.tui.catalogue import Catalogue, Reference, load_catalogue
from workbench.tui.children import output_of
from workbench.tui.clipboard import copy_natively
from workbench.tui.engine_process import Engine, EngineProcess

CommandOutput = tuple[int, bytes, str]
"""Exit code, standard output, standard error."""


def save_report(report: SweepReport, path: Path) -> Path | None:
    """Write the recommended plan as a tuned config; return where the file of before is kept, if there was one."""
    from engine.production import save_config

    return save_config(report, path)


async def keep_report(report: SweepReport) -> None:
    """Add a finished sweep to the history, in a thread: another process may hold the file for seconds.

    Raises FileProblem, RequestError.
    """

    def add() -> None:
        from engine.history import keep

        keep(report)

    await asyncio.to_thread(add)


async def workbench_command(arguments: list[str]) -> CommandOutput:
    """Run another ``workbench`` to its end; cancelling kills it and all it started."""
    return await output_of([sys.executable, "-P", "-m", "workbench", *arguments])


@dataclass(frozen=True)
class Services:
    """Everything the UI asks of others."""

    start: Callable[[SweepRequest], Engine] = EngineProcess
    catalogue: Callable[[Reference], Awaitable[Catalogue]] = load_catalogue
    save: Callable[[SweepReport, Path], Path | None] = save_report
    command: Callable[[list[str]], Awaitable[CommandOutput]] = workbench_command
    copy: Callable[[str], Awaitable[bool]] = copy_natively
    keep: Callable[[SweepReport], Awaitable[None]] = keep_report
