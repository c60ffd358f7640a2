"""The UI's doors to the outside, in one value, so that tests can put others in their place."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.report import SweepReport
from engine.request import SweepRequest
from workbench.tui.catalogue import Catalogue, Reference, load_catalogue
from workbench.tui.children import output_of
from workbench.tui.clipboard import copy_natively
from workbench.tui.engine_process import Engine, EngineProcess

CommandOutput = tuple[int, bytes, str]
"""Exit code, standard output, standard error."""


def save_report(report: SweepReport, path: Path) -> None:
    """Write the recommended plan as a tuned config."""
    from engine.production import save_config

    save_config(report, path)


async def keep_report(report: SweepReport) -> None:
    """Add a finished sweep to the history, in a thread: another process may hold the file for seconds.

    Raises FileProblem, RequestError.
    """

    def add() -> None:
        from engine.history import keep

        keep(report)

    await asyncio.to_thread(add)


class Command(Protocol):
    """Runs another ``workbench``."""

    def __call__(self, arguments: list[str], environment: Mapping[str, str] | None = None) -> Awaitable[CommandOutput]:
        """Return what it said; ``environment``: variables beside those of this process."""


async def workbench_command(arguments: list[str], environment: Mapping[str, str] | None = None) -> CommandOutput:
    """Run another ``workbench`` to its end; cancelling kills it and all it started."""
    return await output_of([sys.executable, "-P", "-m", "workbench", *arguments], environment)


@dataclass(frozen=True)
class Services:
    """Everything the UI asks of others."""

    start: Callable[[SweepRequest], Engine] = EngineProcess
    catalogue: Callable[[Reference], Awaitable[Catalogue]] = load_catalogue
    save: Callable[[SweepReport, Path], None] = save_report
    command: Command = workbench_command
    copy: Callable[[str], Awaitable[bool]] = copy_natively
    keep: Callable[[SweepReport], Awaitable[None]] = keep_report
