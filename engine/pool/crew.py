"""The crew: the worker processes of one pool, each with a channel of its own, replaced one for one when they die.

No lock and no queue is shared between workers, so one that dies can block nobody. Every wait includes the deaths of the
workers and has an end. The crew knows processes and messages; what the messages are about, the course knows.
"""

import os
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.errors import PoolBroken, WorkFailed
from engine.pool.advice import Death, Doom, explain_refusal, users_frames
from engine.pool.arena import Arena
from engine.pool.board import Board, Field, Phase, WorkerView
from engine.pool.channel import Channel
from engine.pool.messages import Brief, Opened, Order, Ready, Refused
from engine.pool.schedule import Held
from engine.pool.starting import starter
from engine.pool.starting.contract import Process

BODY = "engine.pool.worker:live"
LAST_WORDS = 1.0
"""Seconds a worker that has nothing to do gets to end by itself before it is killed."""
_LOOK = 1.0
"""Seconds of one wait for something that is expected."""
SETUP_DEATHS = 3
"""Deaths during set-up, with no worker set up between, after which it is not tried again."""
LATER_DEATHS = 10
"""The same where a worker has come up with the same data and order: more likely somebody kills them, or memory is short
for a moment."""


@dataclass(eq=False)
class Member:
    """One worker process as the crew sees it."""

    index: int
    process: Process
    channel: Channel
    report: int
    """Descriptor of the file its faulthandler writes to."""
    ready: bool = False
    """It has its data."""
    opened: int = -1
    """Number of the last order it can follow."""
    hand: deque[Held] = field(default_factory=deque)
    doom: Doom | None = None
    """Why the engine has killed it."""

    @property
    def gone(self) -> bool:
        """It has ended and could not be replaced."""
        return self.report < 0

    @property
    def stopped(self) -> bool:
        """Somebody has stopped it with SIGSTOP or the like. 20 us."""
        import psutil

        try:
            return psutil.Process(self.process.pid).status() == psutil.STATUS_STOPPED
        except psutil.Error:
            return False

    @property
    def sources(self) -> tuple[int, ...]:
        """Descriptors that say that it sent something or ended."""
        return tuple(number for number in (self.channel.fileno(), self.process.handle) if number >= 0)

    def kill(self, doom: Doom) -> None:
        """End it; the crew sees the death like any other."""
        self.doom = self.doom or doom
        self.process.kill()

    def close(self) -> None:
        """Give its descriptors back. Idempotent."""
        self.ready = False
        self.channel.close()
        self.process.close()
        if self.report >= 0:
            os.close(self.report)
            self.report = -1


@dataclass(frozen=True)
class Recipe:
    """How to make a worker."""

    start_method: str
    preload: tuple[str, ...]
    facts: dict[str, Any]
    threads: int
    arena: Arena | None


Event = tuple[Member, Any]
"""A member, with a message of its, an Undecodable, or its Death."""


class Crew:
    """Starts workers, passes messages, replaces the dead."""

    def __init__(self, workers: int, recipe: Recipe) -> None:
        self.board = Board(workers)
        self.members: list[Member] = []
        self.violations: set[str] = set()
        """Libraries of workers that may use more threads than they were told to."""
        self.next_number = 0
        """Number of the next piece; never used twice, so that a worker can tell what is still wanted."""
        self.replaced = 0
        self._recipe = recipe
        self._starter = starter(recipe.start_method, recipe.preload, recipe.threads)
        self._selector = selectors.DefaultSelector()
        self._order: tuple[Order, Sequence[int]] | None = None
        self._setup_deaths = 0
        self._proven: set[str] = set()
        """What some worker has come up with: the data, and the order that they follow now."""

    def start(self) -> None:
        """Start every worker and wait until each has its data. Raises WorkFailed or Lacking when one cannot."""
        for index in range(self.board.workers):
            self.members.append(self._start(index))  # one by one, so that ``end`` finds those before one that fails
        self._wait_for(lambda member: member.ready)

    def _start(self, index: int) -> Member:
        ours, theirs = socket.socketpair()
        channel, report = Channel(ours), _report_file()
        row = self.board.row(index)
        row[Field.PHASE], row[Field.COUNT] = Phase.STARTING, 0
        brief = self._brief(index)
        try:
            process = self._starter.start(theirs, BODY)
        except BaseException:
            channel.close()
            os.close(report)
            raise
        finally:
            theirs.close()
        member = Member(index, process, channel, report)
        for source in member.sources:
            self._selector.register(source, selectors.EVENT_READ, member)
        arena = self._recipe.arena
        self.send(member, brief, (self.board.file.descriptor, report, *([arena.file.descriptor] if arena else [])))
        return member

    def _brief(self, index: int) -> Brief:
        arena, recipe = self._recipe.arena, self._recipe
        layout = (arena.file.size, arena.stream, arena.buffers) if arena else None
        return Brief(index, self.board.workers, time.monotonic_ns(), recipe.facts, recipe.threads, layout)

    def open(self, order: Order, descriptors: Sequence[int]) -> None:
        """Give every worker, and those that will replace them, an order; return when each can follow it."""
        self._order = (order, descriptors)
        self._setup_deaths = 0
        self._proven.discard("order")
        for member in tuple(self.members):
            if member.gone:
                self.members[member.index] = self._start(member.index)
            elif member.ready:
                self.send(member, order, descriptors)
        self._wait_for(lambda member: member.opened == order.number)

    def _wait_for(self, condition: Callable[[Member], bool]) -> None:
        """Wait until it holds for every member; after a second, end those that it might never hold for."""
        deadline = time.monotonic() + LAST_WORDS
        while not all(condition(member) for member in self.members):
            for _ in self.wait(_LOOK):
                pass
            if time.monotonic() > deadline:
                for member in self.members:
                    if not condition(member):
                        _end_unable(member)

    def send(self, member: Member, message: Any, descriptors: Sequence[int] = ()) -> None:
        """Send a worker a message; that it has died is noticed by ``wait``. Raises what pickling raises."""
        member.channel.send(message, descriptors)
        self._watch_for_room(member)

    def _watch_for_room(self, member: Member) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if member.channel.pending else 0)
        if self._selector.get_key(member.channel).events != wanted:
            self._selector.modify(member.channel, wanted, member)

    def wait(self, seconds: float) -> Iterator[Event]:
        """Wait up to so many seconds for something to happen; yield messages and deaths.

        A death comes after everything the worker had sent, and when its successor is already being started. Raises
        WorkFailed when a worker says that it cannot do what it is for, PoolBroken when set-up kills one after another.
        """
        happened: dict[int, tuple[Member, set[int]]] = {}
        for key, _ in self._selector.select(seconds):
            happened.setdefault(id(key.data), (key.data, set()))[1].add(key.fd)
        for member, sources in happened.values():
            if member.channel.pending:
                member.channel.flush()
                self._watch_for_room(member)
            yield from self._hear(member, ended=member.process.handle in sources)

    def _hear(self, member: Member, *, ended: bool) -> Iterator[Event]:
        try:
            for message in member.channel.messages(ended=ended):
                if not self._take(member, message):
                    yield member, message
        except EOFError:
            ended = True
        if ended:
            yield member, self._bury(member)

    def _take(self, member: Member, message: Any) -> bool:
        """Deal with a message that concerns the crew alone; return whether it was one."""
        if isinstance(message, Refused):
            if message.order and (self._order is None or message.order != self._order[0].number):
                return True  # an order that was given up since, because another worker had refused it
            raise WorkFailed(explain_refusal(message))
        if isinstance(message, Opened):
            member.opened = message.number
            self._proven.add("order")
            member.hand.clear()  # nothing comes any more of pieces of the order before
        if isinstance(message, Ready):
            member.ready = True
            self._proven.add("data")
            self.violations.update(message.violations)
            if self._order:
                self.send(member, *self._order)
        if isinstance(message, Opened) or (isinstance(message, Ready) and not self._order):
            self._setup_deaths = 0
        return isinstance(message, Ready | Opened)

    def _bury(self, member: Member) -> Death:
        for source in member.sources:
            self._selector.unregister(source)
        code = member.process.exit_code(LAST_WORDS)
        if code is None:  # it closed its channel but lives on
            member.process.kill()
            code = member.process.exit_code(LAST_WORDS)
        row = self.board.row(member.index)
        stack = users_frames(os.pread(member.report, 1 << 16, 0).decode(errors="replace"))
        death = Death(code, Phase(row[Field.PHASE]), row[Field.FIRST], row[Field.COUNT], stack, member.doom)
        lacked = "order" if death.phase == Phase.PREPARING else "" if member.ready else "data"
        member.close()
        self._replace(member, death, lacked)
        return death

    def _replace(self, member: Member, death: Death, lacked: str) -> None:
        """Start a successor. ``lacked``: what the worker was being set up with; empty: it was set up."""
        self.members[member.index] = self._start(member.index)  # in any case, since another order may do better
        self.replaced += 1
        if not lacked:
            return
        self._setup_deaths += 1
        if self._setup_deaths >= (LATER_DEATHS if lacked in self._proven else SETUP_DEATHS):
            raise PoolBroken(f"{self._setup_deaths} workers in a row did not come up; the last one {death}")

    def views(self) -> tuple[WorkerView, ...]:
        """What each worker has done so far."""
        return tuple(self.board.view(member.index, member.process.pid) for member in self.members)

    def end(self) -> None:
        """End every worker: those with nothing to do politely, the others by force. Idempotent."""
        for member in self.members:
            if member.hand or not member.ready:
                member.process.kill()
            else:
                member.channel.send(None)
        deadline = time.monotonic() + LAST_WORDS
        for member in self.members:
            if member.process.exit_code(max(0.0, deadline - time.monotonic())) is None:
                member.process.kill(signal.SIGKILL)
                member.process.exit_code(LAST_WORDS)
            member.close()
        self.members = []
        self._selector.close()
        self.board.file.close()


def _end_unable(member: Member) -> None:
    """End a worker that is still at tasks of a pass that was given up, which may take for ever, or is stopped."""
    if member.hand:
        member.kill(Doom("nobody waits for its tasks any more"))
    elif member.stopped:
        member.kill(Doom("it had been stopped"))


def _report_file() -> int:
    """Return a file without a name."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("workbench-stack")
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
