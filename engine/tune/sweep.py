"""The sweep: every plan in every block, each block in fresh processes, events out, a report at the end."""

import random
import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import msgspec

from engine.analyse.ledger import Clockwork, Ledger
from engine.analyse.report import build_report
from engine.child import BlockRequest
from engine.errors import WorkbenchError, WorkFailed
from engine.events import (
    AnyEvent,
    BlockFinished,
    BlockStarted,
    Failed,
    SweepFinished,
    SweepStarted,
    TrialFailed,
    TrialFinished,
    TrialStarted,
)
from engine.host import describe_host
from engine.measure.sample import check_size
from engine.modes import find_mode
from engine.plan import Plan
from engine.report import SweepReport
from engine.request import SweepRequest
from engine.tune.process import MeasuringProcess, Silent, Stopped
from engine.tune.space import Space, expand

Group = tuple[int, ...]
"""Plans that can share a measuring process: same settings, same library threads, same kind of device."""


def sweep(request: SweepRequest, stop: threading.Event | None = None) -> Generator[AnyEvent, None, SweepReport]:
    """Measure every plan of the request; yield what happens and return the report.

    ``stop`` ends the sweep early, from a signal handler or another thread: what was measured is reported. ``close()``
    ends it without a report. Either way no process is left. Raises RequestError before anything runs, WorkFailed when
    the baseline fails.
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
    )
    yield started
    with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
        run = _Sweep(request, space, Ledger(started), Path(folder), stop or threading.Event())
        yield from run.events()
    report = build_report(run.ledger, request.goal)
    yield SweepFinished(report=report)
    return report


def absolute(reference: str) -> str:
    """Return a reference that finds a user's file from any folder, since production starts elsewhere than the sweep."""
    file, _, attribute = reference.rpartition(":")
    return f"{Path(file).resolve()}:{attribute}" if file.endswith(".py") else reference


class _Sweep:
    """The state of a running sweep."""

    def __init__(
        self, request: SweepRequest, space: Space, ledger: Ledger, folder: Path, stop: threading.Event
    ) -> None:
        self._request, self._space, self.ledger, self._folder, self._stop = request, space, ledger, folder, stop
        self._clockwork = Clockwork(ledger.started)

    def events(self) -> Iterator[AnyEvent]:
        """Everything between SweepStarted and SweepFinished."""
        for index, reason in self._space.unavailable.items():
            yield self._note(TrialFailed(block=0, plan=index, status="unavailable", reason=reason))
        begun = time.monotonic()
        try:
            for block in range(self._request.blocks):
                if block and self._over_budget((time.monotonic() - begun) * (block + 1) / block):
                    return
                yield from self._block(block)
        except Stopped:
            self.ledger.notes.append(f"stopped after {self.ledger.blocks} of {self._request.blocks} blocks")
        except WorkbenchError as error:
            if not self.ledger.blocks:
                raise
            # whole blocks are worth more than the reason why there are no more of them
            self.ledger.notes.append(f"ended after {self.ledger.blocks} of {self._request.blocks} blocks: {error}")

    def _over_budget(self, expected: float) -> bool:
        """Whether one more block would take the sweep beyond its budget; says so in the report."""
        budget = self._request.budget
        over = bool(budget) and expected > budget
        if over:
            self.ledger.notes.append(f"the budget of {budget:g} s ended the sweep after {self.ledger.blocks} blocks")
        return over

    def _note(self, event: AnyEvent) -> AnyEvent:
        self.ledger.add(event)
        return event

    def _block(self, block: int) -> Iterator[AnyEvent]:
        begun = time.monotonic()
        yield BlockStarted(block=block)
        groups = groups_of(self._space.plans, self.ledger.racing())
        # other blocks sample other tasks, so each has its own reference, which has to come first
        turn = 0 if self._request.sample else block
        for group in order_groups(groups, turn):
            todo = order_plans(self._space.plans, group, turn)
            while todo:
                yield from self._process(block, todo)
                todo = [index for index in todo if not self._done(index, block)]
        self.ledger.blocks = block + 1
        yield BlockFinished(block=block, seconds=time.monotonic() - begun)

    def _done(self, index: int, block: int) -> bool:
        return index in self.ledger.failures or block in self.ledger.samples[index]

    def _process(self, block: int, todo: list[int]) -> Iterator[AnyEvent]:
        """One measuring process; if it dies or hangs, the plan it was at has failed and the caller starts another."""
        at, since = None, time.monotonic()
        with MeasuringProcess(self._block_request(block, todo), self._plan(todo[0]).threads_per_worker) as child:
            try:
                for event in child.events(self._stop, self._request.patience):
                    if isinstance(event, TrialStarted):
                        self._clockwork.spent_elsewhere(block, time.monotonic() - since)
                        at, since = event.plan, time.monotonic()
                        event = self._with_estimate(event)
                    if isinstance(event, TrialFinished | TrialFailed):
                        self._clockwork.spent(event.plan, time.monotonic() - since)
                        at, since = None, time.monotonic()
                    yield self._admit(event)
            except Silent:
                why = f"no progress for {self._request.patience:g} s"
            else:
                self._clockwork.spent_elsewhere(block, time.monotonic() - since)
                why = "" if all(self._done(index, block) for index in todo) else child.last_words()
        if why and at is None:
            raise WorkFailed(f"{why} (before or between trials)")
        if why:
            yield self._admit(TrialFailed(block=block, plan=at or 0, status="failed", reason=why))

    def _with_estimate(self, event: TrialStarted) -> TrialStarted:
        waiting = [i for i in self.ledger.racing() if event.block not in self.ledger.samples[i]]
        left = self._clockwork.left(event.block, waiting, self.ledger.racing())
        return msgspec.structs.replace(event, seconds_left=left)

    def _admit(self, event: AnyEvent) -> AnyEvent:
        """Take note of an event. Raises when it ends the sweep: a wrong request, or a baseline that failed."""
        if isinstance(event, Failed):
            raise relayed(event)
        if isinstance(event, TrialFailed) and event.plan == 0:
            raise WorkFailed(f"the baseline failed, so there is nothing to compare with: {event.reason}")
        return self._note(event)

    def _block_request(self, block: int, todo: list[int]) -> BlockRequest:
        known = self.ledger.data_of(todo[0])
        return BlockRequest(
            block=block,
            workload=self._request.workload,
            tasks=self._request.tasks,
            data=self._request.data,
            size=self._space.size,
            settings=self._plan(todo[0]).settings,
            plans=tuple((index, self._plan(index)) for index in todo),
            references=str(self._references(block)),
            sample=self._request.sample,
            weigh=known is None,
            data_bytes=known.data_bytes if known else 0,
        )

    def _references(self, block: int) -> Path:
        """Return the folder of the results that others are compared with; blocks that sample tasks share none."""
        folder = self._folder / f"block {block}" if self._request.sample else self._folder
        folder.mkdir(exist_ok=True)
        return folder

    def _plan(self, index: int) -> Plan:
        return self._space.plans[index]


def relayed(event: Failed) -> WorkbenchError:
    """Return the error another process met, with its exit code."""
    error = WorkbenchError(event.message)
    error.exit_code = event.exit_code
    return error


def groups_of(plans: tuple[Plan, ...], racing: list[int]) -> list[Group]:
    """Split plans into groups that can share a measuring process, the baseline's group first."""
    groups: dict[object, list[int]] = {}
    for index in racing:
        plan = plans[index]
        key = (tuple(plan.settings.items()), plan.threads_per_worker, find_mode(plan.mode).on_device)
        groups.setdefault(key, []).append(index)
    return [tuple(members) for members in groups.values()]


def order_groups(groups: list[Group], block: int) -> list[Group]:
    """The baseline's group first in even blocks, last in odd ones."""
    return groups[::-1] if block % 2 else groups


def order_plans(plans: tuple[Plan, ...], group: Group, block: int) -> list[int]:
    """Random order in even blocks and its mirror in the next, so that drift within a block cancels over the pair.

    The first block begins with the sequential plans, whose results the others are compared with, the naive kernel's
    before all others.
    """
    order = sorted(group)
    random.Random(block // 2).shuffle(order)
    if block < 2:
        naive = plans[0].kernel
        order.sort(key=lambda i: (plans[i].mode != "sequential", plans[i].kernel != naive, i != 0))
    return order[::-1] if block % 2 else order
