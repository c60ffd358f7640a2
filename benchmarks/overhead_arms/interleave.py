"""Blocks and rounds: every arm in every round, in random order, in processes that are new in every block."""

import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median

from overhead_arms import session
from overhead_arms.peers import Arm, Peer
from overhead_arms.remote import Remote, RemoteFailure
from overhead_arms.session import Job


@dataclass(frozen=True)
class Lane:
    """One arm of one peer with one job."""

    peer: Peer
    arm: Arm
    job: Job

    @property
    def key(self) -> tuple[str, str, str]:
        """Peer, arm and job by name."""
        return self.peer.name, self.arm.name, self.job.name

    @property
    def label(self) -> str:
        """Peer and arm in words."""
        return f"{self.peer.name}: {self.arm.name}"


@dataclass(frozen=True)
class Sample:
    """One timed run."""

    peer: str
    arm: str
    job: str
    block: int
    round: int
    tasks: int
    seconds: float


@dataclass
class Measured:
    """Every timed run of a section, and why what is missing is missing."""

    samples: list[Sample] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    """Peer, or peer and arm -> reason."""

    def per_task(self, lane: Lane) -> list[float]:
        """Return seconds per task: the median of each block, or each run where there is only one block."""
        return self._points({each: run.seconds / run.tasks for each, run in self._runs(lane).items()})

    def ratio(self, lane: Lane, other: Lane) -> list[float]:
        """Return time per task of ``lane`` over that of ``other``, paired by round; the median of each block."""
        mine, theirs = self._runs(lane), self._runs(other)
        both = mine.keys() & theirs.keys()
        return self._points(
            {e: mine[e].seconds / mine[e].tasks / (theirs[e].seconds / theirs[e].tasks) for e in sorted(both)}
        )

    def has(self, lane: Lane) -> bool:
        """Return whether the lane was measured to the end."""
        return lane.label not in self.missing and bool(self._runs(lane))

    def _runs(self, lane: Lane) -> dict[tuple[int, int], Sample]:
        return {(s.block, s.round): s for s in self.samples if (s.peer, s.arm, s.job) == lane.key}

    def _points(self, values: dict[tuple[int, int], float]) -> list[float]:
        blocks = {block for block, _ in values}
        if len(blocks) < 2:
            return list(values.values())
        return [median(value for (b, _), value in values.items() if b == block) for block in sorted(blocks)]


def measure(lanes: Sequence[Lane], blocks: int, rounds: int) -> Measured:
    """Run every lane in every round of every block. A lane that fails is left out from then on, with its reason."""
    measured = Measured()
    order = random.Random(1)
    for block in range(blocks):
        with _processes(lanes, measured) as processes:
            for lane in _able(lanes, measured):
                with _excused(lane, measured):
                    processes[lane.peer.name].call(session.compare, lane.arm.name, lane.job.name)
            for number in range(rounds):
                _round(order, lanes, processes, measured, (block, number))
    return measured


def _round(
    order: random.Random,
    lanes: Sequence[Lane],
    processes: dict[str, Remote],
    measured: Measured,
    place: tuple[int, int],
) -> None:
    shuffled = list(lanes)
    order.shuffle(shuffled)
    for lane in _able(shuffled, measured):
        with _excused(lane, measured):
            seconds = processes[lane.peer.name].call(session.clock, lane.arm.name, lane.job.name)
            measured.samples.append(Sample(*lane.key, *place, len(lane.job.tasks), seconds))
    print(".", end="", file=sys.stderr, flush=True)


@contextmanager
def _processes(lanes: Sequence[Lane], measured: Measured) -> Iterator[dict[str, Remote]]:
    """Yield a fresh process for each peer, with its pool open and its jobs at hand."""
    with ExitStack() as stack:
        opened: dict[str, Remote] = {}
        for peer in {lane.peer.name: lane.peer for lane in lanes}.values():
            problem = measured.missing.get(peer.name) or peer.missing()
            if problem is None:
                opened[peer.name] = stack.enter_context(Remote())
                problem = _open(opened[peer.name], peer, lanes)
            if problem is not None:
                measured.missing[peer.name] = problem
        yield opened


def _open(process: Remote, peer: Peer, lanes: Sequence[Lane]) -> str | None:
    try:
        process.call(session.open_peer, peer.name)
        for job in {lane.job.name: lane.job for lane in lanes if lane.peer is peer}.values():
            process.call(session.hold, job)
    except RemoteFailure as failure:
        return f"not available ({failure})"
    return None


def _able(lanes: Iterable[Lane], measured: Measured) -> Iterator[Lane]:
    for lane in lanes:
        if lane.peer.name not in measured.missing and lane.label not in measured.missing:
            yield lane


@contextmanager
def _excused(lane: Lane, measured: Measured) -> Iterator[None]:
    try:
        yield
    except RemoteFailure as failure:
        measured.missing[lane.label] = f"{lane.job.name}: {failure}"
