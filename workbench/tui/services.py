"""The UI's doors to the outside, in one value, so that tests can put others in their place."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.report import SweepReport
from engine.request import SweepRequest
from engine.run_events import RunRequest
from workbench.tui.catalogue import Catalogue, Reference, load_catalogue
from workbench.tui.children import output_of
from workbench.tui.clipboard import copy_natively
from workbench.tui.engine_process import Engine, EngineProcess
from workbench.tui.journal import Unfinished, forget, unfinished
from workbench.tui.journaled import Journaled
from workbench.tui.run_process import ProductionRun, RunProcess

CommandOutput = tuple[int, bytes, str]
"""Exit code, standard output, standard error."""


def start_sweep(request: SweepRequest) -> Engine:
    """Return the engine for a sweep, which is recorded while it runs."""
    return Journaled(EngineProcess(request), request)


def go_on_with(earlier: Unfinished) -> Engine:
    """Return the engine for the rest of a sweep that was interrupted, as ``workbench sweep --continue`` does it.

    The new recording takes the place of the earlier one as soon as it holds as much.
    """
    engine = EngineProcess(earlier.request, earlier=earlier.path, folder=earlier.folder)
    return Journaled(engine, earlier.request, earlier)


def save_report(report: SweepReport, path: Path) -> Path | None:
    """Write the recommended plan as a tuned config; return where the file of before is kept, if there was one."""
    from engine.production import save_config

    return save_config(report, path)


async def keep_report(report: SweepReport) -> int | None:
    """Add a finished sweep to the history, in a thread: another process may hold the file for seconds.

    Return its id, or None if no history is wanted. Raises FileProblem, RequestError.
    """

    def add() -> int | None:
        from engine.history import keep
        from workbench.settings import load_settings

        return keep(report, load_settings().history)

    return await asyncio.to_thread(add)


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

    start: Callable[[SweepRequest], Engine] = start_sweep
    catalogue: Callable[[Reference], Awaitable[Catalogue]] = load_catalogue
    save: Callable[[SweepReport, Path], Path | None] = save_report
    command: Command = workbench_command
    copy: Callable[[str], Awaitable[bool]] = copy_natively
    keep: Callable[[SweepReport], Awaitable[int | None]] = keep_report
    unfinished: Callable[[], list[Unfinished]] = unfinished
    go_on: Callable[[Unfinished], Engine] = go_on_with
    forget: Callable[[Path], None] = forget
    run: Callable[[RunRequest], ProductionRun] = RunProcess
