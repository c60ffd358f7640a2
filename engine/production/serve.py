"""``python -m engine run``: a production run as a process of its own. SIGTERM ends it early, its workers with it."""

import signal
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import IO

import msgspec

from engine.child import hold_on_to_parent, take_standard_output
from engine.errors import INTERRUPTED, WorkbenchError
from engine.events import write_all
from engine.interruption import unwrapped_interrupt
from engine.production.config import load_config
from engine.production.run import running
from engine.run_events import RunEvent, RunFailed, RunProgress, RunRequest


def serve_run() -> int:
    """Read a RunRequest, write the run's events; return the exit code. An error becomes a RunFailed event."""
    stream = take_standard_output()
    interrupt_on_signals()
    hold_on_to_parent()
    try:
        return _serve(stream)
    except BrokenPipeError:
        return 4  # the reader is gone, and with it everyone who could be told


def _serve(stream: IO[bytes]) -> int:
    progress: RunProgress | None = None
    try:
        request = msgspec.json.decode(sys.stdin.buffer.readline(), type=RunRequest)
        with unwrapped_interrupt(), closing(_asked_for(request)) as events:
            for event in events:
                progress = event if isinstance(event, RunProgress) else progress
                write_all(stream, [event])
    except WorkbenchError as error:
        failure = RunFailed(message=str(error), exit_code=error.exit_code)
    except KeyboardInterrupt:
        failure = RunFailed(message=how_far(progress), exit_code=INTERRUPTED)
    else:
        return 0
    write_all(stream, [failure])
    return failure.exit_code


def _asked_for(request: RunRequest) -> Generator[RunEvent]:
    out = Path(request.out) if request.out else None
    yield from running(load_config(request.config), check_data=request.check_data, out=out)


def how_far(progress: RunProgress | None) -> str:
    """Return how far a run was when it was interrupted, in a sentence."""
    before = "before the first task" if progress is None else f"after {progress.done} of {progress.tasks} tasks"
    return f"interrupted {before}; no results were written"


def interrupt_on_signals() -> None:
    """Let the first SIGINT or SIGTERM be KeyboardInterrupt, also in a process whose parent ignores SIGINT, and later
    ones nothing: it is tidying up by then."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
