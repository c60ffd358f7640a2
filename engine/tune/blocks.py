"""Blocks: some plans of a sweep measured once each, in fresh processes, one process for each environment they need."""

import random
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import msgspec

from engine.analyse.ledger import Clockwork, Ledger
from engine.child import BlockRequest
from engine.conversation import Conversation, Silent
from engine.errors import RequestError, WorkFailed
from engine.events import (
    AnyEvent,
    BlockFinished,
    BlockStarted,
    DataLoaded,
    Failed,
    TakenOver,
    TrialFailed,
    TrialFinished,
    TrialStarted,
    decode,
)
from engine.executor import Seconds
from engine.knob import Scalar
from engine.modes import find_mode
from engine.plan import Plan
from engine.request import SweepRequest
from engine.tune.earlier import Block
from engine.tune.space import Space, compared_with

Group = tuple[int, ...]
"""Plans that can share a measuring process: same settings, same library threads, same kind of device."""

MEASURING = ("engine", "block")
"""The module that measures."""

CAP, SHORTEST_CAP = 30.0, 15.0
"""With a cap, a plan that says nothing for 30 times the fastest plan's whole job is cut off, but never before 15 s: a
plan of 65 s beside one of 20 ms has lost, and waiting for it says nothing more."""


class Blocks:
    """Measures block after block of one sweep, and keeps the ledger of it."""

    def __init__(
        self,
        request: SweepRequest,
        space: Space,
        ledger: Ledger,
        folder: Path,
        stop: threading.Event,
        earlier: Sequence[Block] = (),
    ) -> None:
        """``folder``: for the results that others are compared with. ``stop`` ends a block with Stopped. ``earlier``:
        the first blocks, which an earlier sweep measured."""
        self._request, self.space, self.ledger, self._folder, self._stop = request, space, ledger, folder, stop
        self._earlier = earlier
        self.fresh = 0
        """Blocks that were measured, not taken over."""
        self._weighed: list[dict[str, Scalar]] = []
        """Settings whose data was weighed by this sweep."""
        self.clockwork = Clockwork(ledger.started)
        self.ahead: Sequence[Sequence[int]] = ()
        """The plans of each block that is expected to follow, for the estimate of the time left."""
        self._alone = frozenset(copies_of_libraries(space))
        self.most_workers = 0
        """As in a BlockRequest."""
        self._capped = False
        self._todo: list[int] = []
        self._at: int | None = None
        """The plan being measured."""

    def note(self, event: AnyEvent) -> AnyEvent:
        """Take note of an event and return it."""
        self.ledger.add(event)
        return event

    def taken_over(self, block: int) -> bool:
        """Whether an earlier sweep measured this block."""
        return block < len(self._earlier)

    def measure(self, block: int, plans: Sequence[int] = (), *, capped: bool = False) -> Iterator[AnyEvent]:
        """Measure these plans once, or tell what an earlier sweep measured in this block. ``capped``: plans that are
        slow beyond doubt are cut off.

        Raises Stopped, WorkFailed when the baseline fails, and RequestError when the data is not the earlier sweep's.
        """
        if self.taken_over(block):
            yield from self._tell(block)
        else:
            yield from self._measure(block, plans, capped)

    def _tell(self, block: int) -> Iterator[AnyEvent]:
        for event in self._earlier[block]:
            if isinstance(event, TrialFinished):
                self.clockwork.spent(event.plan, event.sample.job_seconds + sum(event.sample.steady))
            yield self.note(event)
        self.ledger.blocks = block + 1
        if self.ledger.blocks == len(self._earlier):
            counts = [len(samples) for samples in self.ledger.samples.values() if samples]
            yield self.note(TakenOver(samples=sum(counts), plans=len(counts), blocks=len(self._earlier)))

    def _measure(self, block: int, plans: Sequence[int], capped: bool) -> Iterator[AnyEvent]:
        if not self.fresh:  # the results that others are compared with are kept no longer than a sweep
            plans = sorted({*plans, *compared_with(self.space, plans)} - self.ledger.failures.keys())
        begun, self._capped, self._todo = time.monotonic(), capped, list(plans)
        yield BlockStarted(block=block, plans=tuple(plans))
        # other blocks sample other tasks, so each has its own reference, which has to come first
        turn = 0 if self._request.sample else self.fresh
        for group in order_groups(groups_of(self.space.plans, plans, self._alone), turn):
            todo = order_plans(self.space.plans, group, turn)
            while todo:
                yield from self._process(block, todo)
                todo = [index for index in todo if not self._done(index, block)]
        self.ledger.blocks = block + 1
        self.fresh += 1
        yield BlockFinished(block=block, seconds=time.monotonic() - begun)

    def _done(self, index: int, block: int) -> bool:
        return index in self.ledger.failures or block in self.ledger.samples[index]

    def _process(self, block: int, todo: list[int]) -> Iterator[AnyEvent]:
        """One measuring process; if it dies or hangs, the plan it was at has failed and the caller starts another."""
        self._at, since = None, time.monotonic()
        request, threads = self._block_request(block, todo), self._plan(todo[0]).threads_per_worker
        with Conversation(MEASURING, request, decode, threads) as child:
            try:
                for event in child.answers(self._patience, self._stop):
                    if isinstance(event, TrialStarted):
                        self.clockwork.spent_elsewhere(block, time.monotonic() - since)
                        self._at, since = event.plan, time.monotonic()
                        event = self._with_estimate(event)
                    if isinstance(event, TrialFinished | TrialFailed):
                        self.clockwork.spent(event.plan, time.monotonic() - since)
                        self._at, since = None, time.monotonic()
                    yield self._admit(event)
            except Silent as silence:
                yield self._admit(self._gave_up(block, silence))
                return
            self.clockwork.spent_elsewhere(block, time.monotonic() - since)
            if all(self._done(index, block) for index in todo):
                return
            why = f"the measuring process {child.last_words()}"
        yield self._admit(self._lost(block, why))

    def _patience(self) -> Seconds:
        """How long the process may say nothing now."""
        fastest = self.ledger.fastest_job()
        if not self._capped or self._at is None or fastest is None or self._plan(self._at).mode == "sequential":
            return self._request.patience  # whatever others are compared with is waited for
        return min(self._request.patience, max(SHORTEST_CAP, CAP * fastest))

    def _gave_up(self, block: int, silence: Silent) -> TrialFailed:
        """What to say of a plan that took too long."""
        fastest = self.ledger.fastest_job()
        if silence.seconds >= self._request.patience or self._at is None or fastest is None:
            return self._lost(block, str(silence))
        self.clockwork.spent(self._at, silence.seconds)
        times = f"over {silence.seconds / fastest:,.0f} times as long as the fastest plan"
        reason = f"cut off after {silence.seconds:.3g} s without a result, {times}"
        return TrialFailed(block=block, plan=self._at, status="eliminated", reason=reason)

    def _lost(self, block: int, why: str) -> TrialFailed:
        if self._at is None:
            raise WorkFailed(f"{why} (before or between trials)")
        return TrialFailed(block=block, plan=self._at, status="failed", reason=why)

    def _with_estimate(self, event: TrialStarted) -> TrialStarted:
        waiting = [index for index in self._todo if not self._done(index, event.block)]
        return msgspec.structs.replace(event, seconds_left=self.clockwork.left(waiting, self.ahead))

    def _admit(self, event: AnyEvent) -> AnyEvent:
        """Take note of an event. Raises when it ends the sweep: a wrong request, or a baseline that failed."""
        if isinstance(event, Failed):
            raise event.error()
        if isinstance(event, DataLoaded):
            self._check_data(event)
        if isinstance(event, TrialFailed) and event.plan == 0:
            raise WorkFailed(f"the baseline failed, so there is nothing to compare with: {event.reason}")
        return self.note(event)

    def _check_data(self, event: DataLoaded) -> None:
        self._weighed.append(self._plan(event.plan).settings)
        known = self.ledger.data_of(event.plan)
        if known and known.data_hash and event.data_hash and known.data_hash != event.data_hash:
            raise RequestError("--continue: the data changed since the recording was made, so nothing was added to it")

    def _block_request(self, block: int, todo: list[int]) -> BlockRequest:
        known, settings = self.ledger.data_of(todo[0]), self._plan(todo[0]).settings
        return BlockRequest(
            block=block,
            workload=self._request.workload,
            tasks=self._request.tasks,
            data=self._request.data,
            size=self.space.size,
            settings=settings,
            plans=tuple((index, self._plan(index)) for index in todo),
            references=str(self._references(block)),
            sample=self._request.sample,
            most_workers=self.most_workers,
            typical={index: usual for index in todo if (usual := self.ledger.typical_noise(index))},
            accept_noise=self._request.accept_noise,
            watch=not self.fresh,
            weigh=settings not in self._weighed,
            data_bytes=known.data_bytes if known else 0,
        )

    def _references(self, block: int) -> Path:
        """Return the folder of the results that others are compared with; blocks that sample tasks share none."""
        folder = self._folder / f"block {block}" if self._request.sample else self._folder
        folder.mkdir(exist_ok=True)
        return folder

    def _plan(self, index: int) -> Plan:
        return self.space.plans[index]


def copies_of_libraries(space: Space) -> Iterator[int]:
    """Yield the plans whose workers are copies of a process that computes with libraries such as torch.

    In production nothing was computed before the pool is forked. In a measuring process another plan may have used the
    library in threads, and its state is then copied in the middle of whatever they did: MKL's allocator spun for ever
    in a worker in 2 of 8 runs of the conformance tests on a busy machine.
    """
    for index, plan in enumerate(space.plans):
        forks = plan.start_method == "fork" and "start_method" in find_mode(plan.mode).honours
        if forks and space.workload.kernels[plan.kernel].needs:
            yield index


def groups_of(plans: Sequence[Plan], chosen: Sequence[int], alone: Collection[int] = ()) -> list[Group]:
    """Split plans into groups that can share a measuring process, the baseline's group first. ``alone``: plans that
    share theirs with no other."""
    groups: dict[object, list[int]] = {}
    for index in chosen:
        plan = plans[index]
        own = index if index in alone else None
        key = (tuple(plan.settings.items()), plan.threads_per_worker, find_mode(plan.mode).on_device, own)
        groups.setdefault(key, []).append(index)
    return [tuple(members) for members in groups.values()]


def order_groups(groups: list[Group], block: int) -> list[Group]:
    """The baseline's group first in even blocks, last in odd ones."""
    return groups[::-1] if block % 2 else groups


def order_plans(plans: Sequence[Plan], group: Group, block: int) -> list[int]:
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
