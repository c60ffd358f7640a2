"""The sweep: blocks of fresh processes, events out, a report at the end; a race to the fastest plan, or every plan in
every block."""

import tempfile
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import msgspec

from engine.analyse.ledger import Ledger
from engine.analyse.report import build_report
from engine.conversation import Stopped
from engine.errors import RequestError, WorkbenchError
from engine.events import AnyEvent, SweepFinished, SweepStarted, TrialFailed
from engine.host import describe_host
from engine.measure.sample import check_size
from engine.report import SweepReport
from engine.request import SweepRequest
from engine.tune.blocks import Blocks
from engine.tune.course import grid_course, race_course
from engine.tune.earlier import take_over
from engine.tune.identity import code_of
from engine.tune.space import expand


def sweep(
    request: SweepRequest,
    stop: threading.Event | None = None,
    earlier: Sequence[AnyEvent] = (),
    *,
    growing: bool = False,
) -> Generator[AnyEvent, None, SweepReport]:
    """Measure the plans of the request; yield what happens and return the report.

    ``stop`` ends the sweep early, from a signal handler or another thread: what was measured is reported. ``close()``
    ends it without a report. Either way no process is left. ``earlier``: the recording of an earlier sweep of the same
    workload on the same machine, whole or cut off; what it measured of these plans is taken over, told again with the
    numbers of this sweep, and only what is missing is measured. ``growing``: every plan is also timed on its share of
    the tasks, in ``Sample.parts``. Raises RequestError before anything runs, also for a recording of something else,
    and at the first data loaded if it is not the recording's; WorkFailed when the baseline fails.
    """
    check_size(request.sample)
    space, host = expand(request), describe_host()
    started = SweepStarted(
        workload=space.workload.name,
        reference=absolute(request.workload),
        tasks_reference=absolute(request.tasks),
        data_reference=absolute(request.data),
        size=space.size,
        host=host,
        plans=space.plans,
        baseline=0,
        blocks=request.blocks,
        race=races(request),
        sample=request.sample,
        code=code_of(request, space.workload, host),
    )
    taken = take_over(earlier, started, accept_noise=request.accept_noise) if earlier else ()
    started = msgspec.structs.replace(started, continued=bool(taken))
    yield started
    ledger = Ledger(started)
    with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
        blocks = Blocks(request, space, ledger, Path(folder), stop or threading.Event(), taken)
        blocks.most_workers = max(plan.workers for plan in space.plans) if growing else 0
        yield from _measured(request, blocks)
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


def _measured(request: SweepRequest, blocks: Blocks) -> Iterator[AnyEvent]:
    """Everything between SweepStarted and SweepFinished."""
    ledger = blocks.ledger
    for index, reason in blocks.space.unavailable.items():
        yield blocks.note(TrialFailed(block=0, plan=index, status="unavailable", reason=reason))
    course = race_course if races(request) else grid_course
    try:
        yield from course(request, blocks, time.monotonic())
    except Stopped:
        ledger.cut_short = True
        ledger.notes.append(f"stopped after {_blocks(ledger)}")
    except WorkbenchError as error:
        if not ledger.blocks or isinstance(error, RequestError):
            raise
        ledger.cut_short = True
        # whole blocks are worth more than the reason why there are no more of them
        ledger.notes.append(f"ended after {_blocks(ledger)}: {error}")


def _blocks(ledger: Ledger) -> str:
    """How many blocks there were, of how many; a race has as many as it needs."""
    of = "" if ledger.started.race or ledger.blocks > ledger.started.blocks else f" of {ledger.started.blocks}"
    return f"{ledger.blocks}{of} block{'' if ledger.blocks == 1 and not of else 's'}"
