"""The sweep: blocks of fresh processes, events out, a report at the end; a race to the fastest plan, or every plan in
every block."""

import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path

from engine.analyse.ledger import Ledger
from engine.analyse.report import build_report
from engine.conversation import Stopped
from engine.errors import WorkbenchError
from engine.events import AnyEvent, SweepFinished, SweepStarted, TrialFailed
from engine.host import describe_host
from engine.measure.sample import check_size
from engine.report import SweepReport
from engine.request import SweepRequest
from engine.tune.blocks import Blocks
from engine.tune.course import grid_course, race_course
from engine.tune.space import Space, expand


def sweep(
    request: SweepRequest, stop: threading.Event | None = None, *, growing: bool = False
) -> Generator[AnyEvent, None, SweepReport]:
    """Measure the plans of the request; yield what happens and return the report.

    ``stop`` ends the sweep early, from a signal handler or another thread: what was measured is reported. ``close()``
    ends it without a report. Either way no process is left. ``growing``: every plan is also timed on its share of the
    tasks, in ``Sample.parts``. Raises RequestError before anything runs, WorkFailed when the baseline fails.
    """
    check_size(request.sample)
    space = expand(request)
    started = SweepStarted(
        workload=space.workload.name,
        reference=absolute(request.workload),
        tasks_reference=absolute(request.tasks),
        data_reference=absolute(request.data),
        size=space.size,
        host=describe_host(),
        plans=space.plans,
        baseline=0,
        blocks=request.blocks,
        race=races(request),
    )
    yield started
    ledger = Ledger(started)
    with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
        blocks = Blocks(request, space, ledger, Path(folder), stop or threading.Event())
        blocks.most_workers = max(plan.workers for plan in space.plans) if growing else 0
        yield from _measured(request, space, blocks)
    report = build_report(ledger, request.goal)
    yield SweepFinished(report=report)
    return report


def races(request: SweepRequest) -> bool:
    """Whether plans that cannot win are dropped: not where everything is asked for, nor from a sample, where every
    block measures other tasks."""
    return not request.full_grid and not request.sample


def absolute(reference: str) -> str:
    """Return a reference that finds a user's file from any folder, since production starts elsewhere than the sweep."""
    file, _, attribute = reference.rpartition(":")
    return f"{Path(file).resolve()}:{attribute}" if file.endswith(".py") else reference


def _measured(request: SweepRequest, space: Space, blocks: Blocks) -> Iterator[AnyEvent]:
    """Everything between SweepStarted and SweepFinished."""
    ledger = blocks.ledger
    for index, reason in space.unavailable.items():
        yield blocks.note(TrialFailed(block=0, plan=index, status="unavailable", reason=reason))
    course = race_course if races(request) else grid_course
    try:
        yield from course(request, blocks, time.monotonic())
    except Stopped:
        ledger.cut_short = True
        ledger.notes.append(f"stopped after {_blocks(ledger)}")
    except WorkbenchError as error:
        if not ledger.blocks:
            raise
        ledger.cut_short = True
        # whole blocks are worth more than the reason why there are no more of them
        ledger.notes.append(f"ended after {_blocks(ledger)}: {error}")


def _blocks(ledger: Ledger) -> str:
    """How many blocks there were, of how many; a race has as many as it needs."""
    of = "" if ledger.started.race else f" of {ledger.started.blocks}"
    return f"{ledger.blocks}{of} block{'' if ledger.blocks == 1 and not of else 's'}"
