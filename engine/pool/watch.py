"""Looking after workers at work: tasks that take too long or too much memory, and workers that somebody stopped."""

import time
from collections.abc import Sequence
from typing import ClassVar

from engine.errors import TaskOutgrew, TaskTimedOut
from engine.pool.advice import Doom
from engine.pool.board import Board, Field, Phase
from engine.pool.crew import Member
from engine.pool.limits import private_memory
from engine.pool.messages import STACK_SIGNAL


class Watch:
    """Looks at the workers now and then and ends those that must be ended."""

    MEMORY: ClassVar[float] = 0.1
    """Seconds between two looks at the workers' memory; 30 us each. A task that takes 2 GB/s is 0.2 GB over its budget
    when it is stopped."""
    STOPPED: ClassVar[float] = 2.0
    """Seconds a worker may be stopped (SIGSTOP) before its tasks are given to another."""
    LAST_LOOK: ClassVar[float] = 0.05
    """Seconds a task that is too late is given to tell where it is."""

    def __init__(self, board: Board, timeout: float | None, memory: int) -> None:
        """``timeout``: seconds a task may take; ``memory``: bytes a worker may have to itself."""
        self._board, self._timeout, self._memory = board, timeout, memory
        self._next_memory = self._next_stopped = 0.0
        self._asked: dict[int, tuple[int, float]] = {}
        self._still: dict[int, int] = {}

    def pause(self, members: Sequence[Member]) -> float:
        """Return the seconds until the next look is due."""
        if self._timeout is None:
            return self.MEMORY
        now = time.monotonic_ns()
        left = [self._timeout - (now - since) / 1e9 for _, since in map(self._at_it, members) if since]
        return max(0.001, min([self.MEMORY, *left])) if not self._asked else self.LAST_LOOK / 2

    def look(self, members: Sequence[Member]) -> None:
        """Look at everything that is due."""
        now = time.monotonic()
        if self._timeout is not None:
            for member in members:
                self._look_at_time(member, self._timeout, now)
        if now >= self._next_memory:
            self._next_memory = now + self.MEMORY
            for member in members:
                self._look_at_memory(member)
        if now >= self._next_stopped:
            self._next_stopped = now + self.STOPPED / 2
            for member in members:
                self._look_whether_stopped(member)

    def _at_it(self, member: Member) -> tuple[tuple[int, int], int]:
        """Tasks a worker is at, reading and pickling included, and since when; 0: at none, or it waits to send."""
        row = self._board.row(member.index)
        if not member.hand or row[Field.PHASE] < Phase.READING:
            return (0, 0), 0
        return (row[Field.FIRST], row[Field.COUNT]), row[Field.SINCE]

    def _look_at_time(self, member: Member, timeout: float, now: float) -> None:
        tasks, since = self._at_it(member)
        took = now - since / 1e9
        if not since or took <= timeout:
            self._asked.pop(member.process.pid, None)
            return
        asked = self._asked.setdefault(member.process.pid, (since, now))
        if asked == (since, now):
            member.process.kill(STACK_SIGNAL)
        elif asked[0] != since:
            del self._asked[member.process.pid]  # that one is done after all
        elif now - asked[1] >= self.LAST_LOOK:
            member.kill(Doom(f"it took longer than {timeout:g} s", TaskTimedOut, *tasks))

    def _look_at_memory(self, member: Member) -> None:
        used = private_memory(member.process.pid, self._memory) if member.hand else 0
        if used > self._memory:
            tasks, _ = self._at_it(member)
            needed = f"its worker needed {used / 1e9:.2f} GB of its own, its budget is {self._memory / 1e9:.2f} GB"
            member.kill(Doom(needed, TaskOutgrew, *tasks))

    def _look_whether_stopped(self, member: Member) -> None:
        pid = member.process.pid
        looks = self._still[pid] = self._still.get(pid, 0) + 1 if member.hand and member.stopped else 0
        if looks > 2:
            member.kill(Doom(f"its worker had been stopped for {self.STOPPED:g} s"))
