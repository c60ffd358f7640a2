"""A course: one pass over tasks with an order that the crew has opened. It hands out pieces and settles tasks.

Every task is settled exactly once, by a result or by a failure, in no particular order.
"""

import pickle
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.chunks import describe_task, explain
from engine.errors import PoolBroken, RequestError, TaskDied, TaskFailed, TaskOutgrew, TaskStuck
from engine.pool.advice import Death, Doom, indented, unpicklable
from engine.pool.board import DOING_TO_ONE, Field, Phase
from engine.pool.channel import Undecodable
from engine.pool.crew import Crew, Member
from engine.pool.interrupt import DRAIN
from engine.pool.messages import Part, Piece
from engine.pool.order import OpenOrder
from engine.pool.schedule import Held, Run, Schedule
from engine.pool.slots import bytes_of
from engine.pool.supply import Supply
from engine.pool.voice import Voice
from engine.pool.watch import Watch

IN_HAND = 2
"""Pieces a worker holds where they are short: one it computes and one in its socket, so that it never waits."""
BUFFERED = 256 << 20
"""Bytes of results the consumer has not come to, from which no fresh task is handed out; tasks that came back are,
since it may be one of them that he waits for."""
_BARREN = 10
"""Deaths, plus two per worker, without a task settled between, after which the pool gives up."""


@dataclass(frozen=True)
class Results:
    """Results of tasks that follow one another."""

    first: int
    count: int
    values: Iterable[Any] | None
    """One per task, to be iterated once, followed by ``Course.consumed``; None: in the slots, where they stay."""
    slot: int | None = None
    """Where their piece's slots begin, while they lie there."""


@dataclass(frozen=True)
class Failure:
    """A task that has failed for good."""

    index: int
    error: TaskFailed


Settled = Results | Failure


class Course:
    """One pass. Iterate it to the end, or close it."""

    def __init__(self, crew: Crew, order: OpenOrder, supply: Supply, watch: Watch, *, retries: int = 0) -> None:
        self._crew, self._order, self._watch = crew, order, watch
        self.total = supply.total
        """Number of tasks; None where only the end will tell."""
        self._schedule = Schedule(supply, order.sizer, crew.next_number, retries)
        self._barren = 0
        self._deadline: float | None = None
        self.interrupted: Callable[[], bool] = lambda: False
        """Asked again and again; when it says so, the pass is drained."""
        self.kept = 0
        """Results that the consumer keeps because it is not their turn; set by the consumer."""
        self.longest = 0.0
        """Seconds of the longest piece, or part of one that was sent by itself, in the function."""
        self._result_bytes = bytes_of(order.slots.form.result) if order.slots else 0
        """Of one result; where they are pickled, an average of the worker that was heard last."""

    def stop_at(self, index: int) -> None:
        """A failure ends the pass; tasks before it still count."""
        self._schedule.stop_at(index)

    def _drain(self) -> None:
        """Hand out nothing more; end when what is in hand is there or the time is up."""
        self._schedule.drain()
        self._deadline = time.monotonic() + DRAIN

    def run(self) -> Generator[Settled]:
        """Yield what is settled as it comes. Raises PoolBroken, WorkFailed, RequestError if the crew was ended."""
        try:
            while not self._schedule.finished and not self._late():
                settled = self._hand_out()
                for member, event in self._crew.wait(self._watch.pause(self._crew.members)):
                    settled += self._settle(member, event)
                settled += self._hand_out()  # first the workers, then the consumer, who may take his time
                yield from settled
                if not self._crew.members:
                    raise RequestError("the pool was left in the middle of this pass")
                self._watch.look(self._crew.members)
                if self._deadline is None and self.interrupted():
                    self._drain()
        finally:
            self._abandon()

    def _late(self) -> bool:
        return self._deadline is not None and time.monotonic() > self._deadline

    def _abandon(self) -> None:
        """Let the workers drop what nobody waits for any more."""
        self._crew.next_number = self._schedule.next_number
        self._crew.board.cancel_below(self._schedule.next_number)
        for member in self._crew.members:
            for held in member.hand:
                held.wanted = False

    def _hand_out(self) -> list[Settled]:
        settled: list[Settled] = []
        fresh = self.kept * self._result_bytes <= BUFFERED
        for deep in range(IN_HAND):
            for member in self._crew.members:
                while member.opened == self._order.number and len(member.hand) <= deep and self._may_hold(member):
                    held = self._schedule.take(empty=not member.hand, fresh=fresh)
                    if held is None:
                        break
                    settled += self._give(member, held)
        return settled

    def _may_hold(self, member: Member) -> bool:
        """Whether a member may have one more piece; none is handed out ahead near the end, or others would wait."""
        if not member.hand or not self._order.has_slots:
            return self._order.has_slots
        waiting = self._schedule.waiting
        enough = waiting is None or waiting > 2 * len(self._crew.members)
        return enough and self._order.sizer.ahead and not member.hand[0].probe

    def _give(self, member: Member, held: Held) -> list[Settled]:
        try:
            tasks = pickle.dumps(held.tasks, protocol=5)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - pickling runs the user's code
            return self._unpicklable(held, error)
        sizer = self._order.sizer
        sizer.learn_bytes(held.count, len(tasks))
        held.slot = self._order.take_slots(held.first)
        patience = int(sizer.patience * 1e9)
        member.hand.append(held)
        self._crew.send(member, Piece(held.number, held.first, held.count, tasks, held.slot, patience))
        return []

    def _unpicklable(self, held: Held, error: BaseException) -> list[Settled]:
        """Settle the one task that cannot be pickled; of several, try each on its own."""
        if held.count > 1:
            self._schedule.dealt(held, 0, last=True, apart=True)
            return []
        self._schedule.dealt(held, 1, last=True)
        task = describe_task(held.tasks[0])
        return [Failure(held.first, TaskStuck(held.first, task, unpicklable("it", error)))]

    def _settle(self, member: Member, event: Any) -> list[Settled]:
        if isinstance(event, Part):
            return self._settle_part(member, event)
        if isinstance(event, Undecodable):
            held, error = member.hand[0], event.__cause__ or event
            problem, trace = f"its result cannot be unpickled: {explain(error)}", Voice.trace(error)
            member.kill(Doom(problem, TaskStuck, held.first + held.done, held.count - held.done, trace))
            return []
        return self._settle_death(member, event)

    def _settle_part(self, member: Member, part: Part) -> list[Settled]:
        held = member.hand[0]
        if (part.number, part.start) != (held.number, held.done):
            return []  # it follows an undecodable one, and the worker is being ended
        if part.last:
            member.hand.popleft()
        if not held.wanted:
            held.done = part.stop
            return []
        self._barren = 0
        self._order.sizer.learn(part.stop - part.start, part.wall / 1e9)
        self.longest = max(self.longest, part.wall / 1e9)
        if part.results is not None:
            row = self._crew.board.row(member.index)
            self._result_bytes = row[Field.BYTES] // max(1, row[Field.TASKS])
        self._schedule.dealt(held, part.stop, last=part.last, apart=part.apart)
        failed = dict(part.failures)
        settled: list[Settled] = []
        start = part.start
        for position in (*sorted(failed), part.stop):
            settled += self._results(held, (start, position), part)
            start = position + 1
        settled += self._failures(held, failed)
        if part.last:
            self._order.free_slots(held.slot)
        return settled

    def _results(self, held: Held, run: Run, part: Part | None = None) -> list[Settled]:
        start, stop = run
        if start >= stop:
            return []
        if part is not None and part.results is not None:
            return [Results(held.first + start, stop - start, part.results[start - part.start : stop - part.start])]
        self._order.use_slots(held.slot)
        values = self._order.collect(held.slot + start, held.slot + stop)
        return [Results(held.first + start, stop - start, values, held.slot)]

    def consumed(self, results: Results) -> None:
        """The consumer is done with results, so that their slots can be used again."""
        if results.slot is not None:
            self._order.free_slots(results.slot)

    def keep(self, settled: Settled) -> Settled:
        """Return what cannot be consumed yet in a form that can wait."""
        if isinstance(settled, Failure) or settled.slot is None or not self._order.scarce:
            return settled
        kept = Results(settled.first, settled.count, list(settled.values or ()))
        self.consumed(settled)
        return kept

    def _failures(self, held: Held, failed: dict[int, TaskFailed], *, suspect: bool = False) -> list[Settled]:
        """Settle the failures at these positions that are not tried again."""
        return [
            Failure(held.first + at, error)
            for at, error in sorted(failed.items())
            if not self._schedule.again(held.first + at, held.tasks[at : at + 1], suspect=suspect)
        ]

    def _settle_death(self, member: Member, death: Death) -> list[Settled]:
        settled: list[Settled] = []
        self._barren += 1
        for position, held in enumerate(member.hand):
            if held.wanted:
                at_it = position == 0 and (death.doom is not None or death.phase >= Phase.READING)
                settled += self._bury(held, death, at_it=at_it)
        if settled:
            self._barren = 0
        if self._barren > _BARREN + 2 * len(self._crew.members):
            raise PoolBroken(f"{self._barren} workers died and no task was done between: the last one {death}")
        return settled

    def _bury(self, held: Held, death: Death, *, at_it: bool) -> list[Settled]:
        """Settle what a dead worker published of a piece; the rest comes back."""
        published, missing = self._order.published(held)
        settled = [each for run in published for each in self._results(held, run)]
        blamed = _blamed(held, missing, death) if at_it else None
        self._schedule.drop(held, _without(missing, blamed))
        if blamed is not None:
            index = self._schedule.blame(held, blamed, guilty=_beyond_doubt(death))
            if index is not None:
                self._barren = 0  # however often it is tried again, that has an end
                at = index - held.first
                settled += self._failures(held, {at: _convicted(held, at, death)}, suspect=True)
        self._order.free_slots(held.slot)
        return settled


def _blamed(held: Held, missing: Sequence[Run], death: Death) -> Run | None:
    """Which of the missing tasks the worker was dealing with, or was ended for."""
    guilty = death.doom or death
    start, stop = guilty.first - held.first, guilty.first - held.first + guilty.count
    for begin, end in missing:
        if max(begin, start) < min(end, stop):
            return max(begin, start), min(end, stop)
    return None


def _beyond_doubt(death: Death) -> bool:
    """Whether one death convicts. Too much memory does not: the tasks before may have left it behind."""
    return death.doom is not None and death.doom.kind is not TaskOutgrew


def _without(runs: Sequence[Run], taken: Run | None) -> Iterator[Run]:
    for start, stop in runs:
        if taken is None or not start <= taken[0] < stop:
            yield start, stop
            continue
        if start < taken[0]:
            yield start, taken[0]
        if taken[1] < stop:
            yield taken[1], stop


def _convicted(held: Held, at: int, death: Death) -> TaskFailed:
    doom = death.doom or Doom(f"{death.how} {DOING_TO_ONE[death.phase]}", TaskDied)
    problem = f"{doom.reason}{indented(death.stack)}"
    return doom.kind(held.first + at, describe_task(held.tasks[at]), problem, death.stack or doom.trace)
