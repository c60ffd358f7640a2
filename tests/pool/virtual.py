"""Workers without processes, for tests of a pass: they keep to the protocol of real ones and die when chance has it."""

import pickle
from collections import Counter, deque
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from engine.errors import TaskFailed, TaskStuck
from engine.pool.advice import Death
from engine.pool.api import Pool
from engine.pool.board import Field, Phase
from engine.pool.channel import Undecodable
from engine.pool.course import IN_HAND, Course
from engine.pool.crew import Member
from engine.pool.messages import Part
from engine.pool.order import OpenOrder
from engine.pool.ring import SPARE, Ring, ring_form
from engine.pool.supply import Supply
from engine.pool.workers import Setting

ROW = {Field.TASKS: 10, Field.BYTES: 1_000}
"""What every worker has on its board: results of 100 bytes."""
_IDLE = 3
"""Waits in a row in which nobody has anything to do, after which the pass hangs."""


@dataclass(frozen=True)
class Task:
    """Where it is among all, and what is wrong with it.

    good; flaky: raises the first time; raises: every time; poison: kills its worker; odd: its result is pickled and
    cannot be unpickled; unpicklable: so is the task itself; unreadable: is pickled and cannot be unpickled.
    """

    index: int
    kind: str = "good"

    def __reduce__(self):
        if self.kind == "unpicklable":
            raise ValueError("it will not be pickled")
        return Task, (self.index, self.kind)


def task_at(index):
    """The task at a place, where nobody computes it."""
    return f"task {index}"


def value(index):
    """What a task that can be computed comes to."""
    return index * 3.0


@dataclass(eq=False)
class Body:
    """A worker: what it has been told, how far it is, and whether it has been killed."""

    inbox: deque[Any] = field(default_factory=deque)
    at: int = 0
    killed: bool = False
    pid: int = 1

    def kill(self, number=9):
        self.killed = True


class Crew:
    """Stands in for the crew of a pool; chance may kill so many workers beside those that poison does."""

    def __init__(self, workers, chance, kills=0):
        self.next_number = 0
        self.board = SimpleNamespace(cancel_below=lambda number: None, row=lambda worker: ROW)
        self.order: Any = None
        self.members = [self.newborn(index) for index in range(workers)]
        self.deaths = 0
        self._chance, self._kills = chance, kills
        self._computed: Counter[int] = Counter()
        self._died_alone = set()
        self._idle = 0
        self._last_number = -1

    def newborn(self, index):
        process: Any = Body()
        channel: Any = None
        opened = self.order.number if self.order else -1
        return Member(index, process, channel, -1, ready=True, opened=opened)

    def open(self, order):
        self.order = order
        self.members = [self.newborn(index) for index in range(len(self.members))]

    def send(self, member, piece):
        assert 1 <= len(member.hand) <= IN_HAND
        assert piece.number == member.hand[-1].number > self._last_number
        assert len(member.hand) == 1 or not any(held.probe for held in member.hand), "a probe is not alone in its hand"
        self._last_number = piece.number
        member.process.inbox.append(piece)

    def wait(self, seconds):
        """Let some of the workers do something, in any order."""
        busy = [member for member in self.members if member.process.inbox or member.process.killed]
        self._idle = 0 if busy else self._idle + 1
        assert self._idle < _IDLE, "nobody has anything to do, and the pass goes on"
        for member in self._chance.sample(busy, self._chance.randint(1, len(busy)) if busy else 0):
            event = self.act(member)
            if event is not None:
                yield member, event

    def act(self, member):
        body = member.process
        if body.killed and (not body.inbox or self._chance.random() < 0.5):
            return self.die(member, Phase.IDLE, (0, 0))
        piece = body.inbox[0]
        tasks = pickle.loads(piece.tasks)
        assert [task.index for task in tasks] == list(range(piece.first, piece.first + piece.count))
        if any(task.kind == "unreadable" for task in tasks):
            body.inbox.popleft()
            return unreadable(piece)
        return self.compute(member, piece, tasks)

    def compute(self, member, piece, tasks):
        body = member.process
        start = body.at
        stride = tasks[start : start + self._chance.randint(1, 9)]
        poison = next((at for at, task in enumerate(stride) if task.kind == "poison"), None)
        unsent = self._chance.randint(0, len(stride) - 1 if poison is None else poison)
        if poison is not None or self.chance_kills(stride[unsent:]):
            self.outcomes(piece, stride[:unsent])
            return self.die(member, Phase.RUNNING, (piece.first + start + unsent, len(stride) - unsent))
        stop = start + len(stride)
        last = stop == piece.count or self._chance.random() < 0.1
        body.at = 0 if last else stop
        if last:
            body.inbox.popleft()
        results, failures = self.outcomes(piece, stride)
        if self.order.slots is None and any(task.kind == "odd" for task in stride):
            return undecodable()
        results = None if self.order.slots else results
        return Part(piece.number, start, stop, results, failures, last, wall=1_000_000 * len(stride))

    def outcomes(self, piece, stride):
        """Results, published in their slots if there are any, and failures by position."""
        failures = {}
        for task in stride:
            self._computed[task.index] += 1
            at = task.index - piece.first
            if task.kind == "raises" or (task.kind == "flaky" and self._computed[task.index] == 1):
                failures[at] = TaskFailed(task.index, repr(task), "ValueError")
            elif self.order.slots:
                self.order.slots.put(piece.slot + at, value(task.index))
        return [value(task.index) for task in stride], tuple(failures.items())

    def chance_kills(self, blamed):
        """Not twice a worker that is at the same task alone, or the task would rightly be convicted."""
        if not self._kills or self._chance.random() < 0.7:
            return False
        if len(blamed) == 1 and blamed[0].index in self._died_alone:
            return False
        self._died_alone.update(task.index for task in blamed if len(blamed) == 1)
        self._kills -= 1
        return True

    def die(self, member, phase, tasks):
        self.deaths += 1
        self.members[member.index] = self.newborn(member.index)
        first, count = tasks
        return Death(-9, phase, first, count, "", member.doom)


def undecodable():
    event = Undecodable()
    event.__cause__ = ValueError("odd")
    return event


def unreadable(piece):
    if piece.count > 1:
        return Part(piece.number, 0, 0, None, (), last=True, apart=True)
    failed = TaskStuck(piece.first, "unknown", "cannot be unpickled")
    return Part(piece.number, 0, 1, [None], ((0, failed),), last=True)


class Workers:
    """Stands in for the workers of a pool. ``segment``: slots of a piece in the ring."""

    def __init__(self, crew, segment):
        self.crew, self.segment = crew, segment
        self.setting = Setting(len(crew.members))
        self.orders = 0

    def open(self, job, sizer, slots=None, **how):
        self.orders += 1
        order = OpenOrder(self.orders, sizer, slots)
        self.crew.open(order)
        return order

    def close(self, order):
        if order.slots is not None:
            order.slots.file.close()

    def ring(self, result, chunk_size, total):
        return Ring(*ring_form(result, self.setting.count * IN_HAND + SPARE, chunk_size or self.segment, total))

    def course(self, order, tasks, timeout=None, retries=0):
        watch: Any = SimpleNamespace(pause=lambda members: 0.0, look=lambda members: None)
        return Course(self.crew, order, Supply(tasks), watch, retries=retries)


def a_pool(crew, segment=4):
    """A pool that is entered, whose workers are virtual."""
    pool: Any = Pool.__new__(Pool)
    pool._with_data, pool._entered, pool._busy = False, True, False
    pool._workers, pool.failures = Workers(crew, segment), ()
    return pool
