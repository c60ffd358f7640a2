"""The crew: the worker processes of one shared-memory pool, each with a channel of its own.

No lock and no queue is shared between workers, so one that dies can block nobody. Every wait includes the deaths of the
workers.
"""

import contextlib
import multiprocessing
import pickle
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkContext, ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from typing import Any

from engine.errors import WorkbenchError, WorkFailed
from engine.executor import Chunk
from engine.pool.arena import Arena
from engine.pool.slots import Slots
from engine.pool.worker import Done, Ready, work
from engine.workload import Kernel

IN_HAND = 2
"""Chunks a worker holds: one it computes and one in its pipe, so that it never waits for the answer to travel."""

LAST_WORDS = 1.0
"""Seconds a worker gets to end by itself before it is killed."""


@dataclass
class Member:
    """One worker as the crew sees it."""

    process: BaseProcess
    channel: Connection
    in_hand: deque[tuple[int, int]]


class Crew:
    """Starts workers over one arena, hands them chunks as they become free, and ends them."""

    def __init__(self, workers: int, start_method: str) -> None:
        self._context: Any = multiprocessing.get_context(start_method)
        assert isinstance(self._context, ForkContext | SpawnContext | ForkServerContext)
        self._workers = workers
        self._members: list[Member] = []

    def start(self, arena: Arena, slots: Slots | None, kernel: Kernel) -> list[Ready]:
        """Start every worker and wait until each has its data. Raises WorkFailed when one cannot."""
        for _ in range(self._workers):
            ours, theirs = self._context.Pipe()
            process = self._context.Process(target=work, args=(theirs, arena, slots, kernel), daemon=True)
            try:
                process.start()
            except (pickle.PicklingError, AttributeError, TypeError) as error:
                raise WorkFailed(f"the kernel cannot be pickled for start method spawn: {error}; "
                                 "define it at the top level of a module") from None  # fmt: skip
            finally:
                theirs.close()
            self._members.append(Member(process, ours, deque()))
        waiting = list(self._members)
        ready: list[Ready] = []
        while waiting:
            for member, message in self._receive(waiting):
                waiting.remove(member)
                ready.append(message)
        return ready

    def run(self, chunks: Sequence[Chunk]) -> Iterator[tuple[int, Done]]:
        """Hand out chunks in order and yield (worker, answer) as they come. Raises what a task or a death makes."""
        queue = iter(chunks)
        for _ in range(IN_HAND):
            for member in self._members:
                self._hand_out(member, queue)
        while any(member.in_hand for member in self._members):
            for member, done in self._receive(self._members):
                member.in_hand.popleft()
                self._hand_out(member, queue)
                yield self._members.index(member), done

    def _hand_out(self, member: Member, queue: Iterator[Chunk]) -> None:
        chunk = next(queue, None)
        if chunk is not None:
            member.in_hand.append((chunk.start, chunk.stop))
            with contextlib.suppress(OSError):  # it has just died; the next look at its channel says how
                member.channel.send((chunk.start, chunk.stop))

    def _receive(self, members: Sequence[Member]) -> Iterator[tuple[Member, Any]]:
        """Wait for at least one message or death; yield the messages. Raises the error a worker sent, or its death."""
        sources: dict[Any, Member] = {m.channel: m for m in members} | {m.process.sentinel: m for m in members}
        ready = wait(list(sources))
        for member in {id(sources[source]): sources[source] for source in ready}.values():
            try:
                if not member.channel.poll():
                    raise EOFError
                message = member.channel.recv()
            except (EOFError, ConnectionError):
                raise WorkFailed(_obituary(member)) from None
            if isinstance(message, WorkbenchError):
                raise message
            yield member, message

    def end(self) -> None:
        """End every worker: politely, then by force. Idempotent."""
        for member in self._members:
            try:
                member.channel.send(None)
            except OSError:
                continue
        for member in self._members:
            if member.in_hand:
                member.process.kill()
            member.process.join(LAST_WORDS)
            if member.process.is_alive():
                member.process.kill()
                member.process.join()
            member.channel.close()
            member.process.close()
        self._members = []


def _obituary(member: Member) -> str:
    member.process.join(LAST_WORDS)
    code = member.process.exitcode
    how = (
        f"was killed by {signal.Signals(-code).name}"
        if code is not None and code < 0
        else f"ended with exit code {code}"
    )
    where = (
        f" while it computed tasks {member.in_hand[0][0]} to {member.in_hand[0][1] - 1}"
        if member.in_hand
        else " during set-up"
    )
    return f"a worker {how}{where}"
