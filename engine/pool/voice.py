"""What a worker tells its engine while it computes: messages over the line, and what it does on the board."""

import pickle
import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.chunks import describe_task, explain
from engine.errors import TaskStuck
from engine.pool.advice import unpicklable
from engine.pool.board import Board, Field, Phase
from engine.pool.channel import Line, encode
from engine.pool.channel import Part as Bytes
from engine.pool.messages import Part, Piece, Refused
from engine.workload import Tasks

ERRORS = BaseException
"""What a task may raise: code that calls sys.exit() or is cancelled by its asyncio must not end the worker."""

_CALLERS = ("engine.pool.computing", "engine.pool.voice", "engine.chunks")
"""Modules through which the user's code is called."""

_PHASE, _FIRST, _COUNT, _SINCE = map(int, (Field.PHASE, Field.FIRST, Field.COUNT, Field.SINCE))
_RUNNING = int(Phase.RUNNING)


class Voice:
    """The line and the board of one worker."""

    def __init__(self, line: Line, board: Board, row: memoryview) -> None:
        self.row = row
        self._line = line
        self.wanted = board.cancelled()
        """Its one number is that of the first piece that is still wanted."""
        self._deadline = 0

    @staticmethod
    def trace(error: BaseException) -> str:
        """Return the traceback of an error, without the frames of the engine above the user's."""
        place = error.__traceback__
        while place is not None and place.tb_next is not None and place.tb_frame.f_globals.get("__name__") in _CALLERS:
            place = place.tb_next
        return "".join(traceback.format_exception(type(error), error, place))

    def read(self, piece: Piece) -> Tasks | None:
        """Return the tasks of a piece; None: nobody wants them any more, or they cannot be unpickled, as the engine has
        been told."""
        if self.wanted[0] > piece.number:
            self._line.send(encode(Part(piece.number, 0, 0, None, (), last=True)))
            return None
        row = self.row
        now = time.monotonic_ns()
        row[_SINCE], row[_FIRST], row[_COUNT], row[_PHASE] = now, piece.first, piece.count, Phase.READING
        self._deadline = now + piece.patience
        try:
            tasks: Tasks = pickle.loads(piece.tasks)
            return tasks
        except ERRORS as error:
            lost = Part(piece.number, 0, 0, None, (), last=True, apart=True)
            if piece.count == 1:
                problem = f"it cannot be unpickled in a worker: {explain(error)}"
                alone = TaskStuck(piece.first, "unknown", problem, self.trace(error))
                lost = Part(piece.number, 0, 1, [None], ((0, alone),), last=True)
            self._line.send(encode(lost))
            return None

    def mark(self, first: int, count: int, now: int) -> None:
        """Say which tasks are being computed from now (monotonic nanoseconds) on."""
        row = self.row
        row[_SINCE] = now
        row[_FIRST] = first
        row[_COUNT] = count
        row[_PHASE] = _RUNNING

    def enough(self, piece: Piece, now: int) -> bool:
        """Whether the rest of a piece is to be handed back: its patience is over, or nobody wants it any more."""
        return self.wanted[0] > piece.number or now > self.until(piece, now + 1)

    def until(self, piece: Piece, moment: int) -> int:
        """Return the moment, or that at which the patience for a piece is over if that is sooner."""
        return min(moment, self._deadline) if piece.patience else moment

    def send(self, piece: Piece, part: Part, tasks: Tasks) -> None:
        """Send a part; results that cannot be pickled become failures of their tasks."""
        row = self.row
        if part.results is not None:  # what is in slots cannot fail any more
            row[_SINCE] = time.monotonic_ns()
            row[_FIRST], row[_COUNT], row[_PHASE] = piece.first + part.start, part.stop - part.start, Phase.SENDING
        try:
            parts = encode(part)
        except ERRORS:
            parts = encode(_without_the_unpicklable(piece, part, tasks))
        row[_SINCE] = 0  # sending may have to wait for the engine, which is not the task's time
        self._count(part, parts)  # before the engine hears of it: after the last part it looks at the board at once
        self._line.send(parts)

    def refuse(self, refusal: Refused) -> None:
        """Say why this order cannot be followed."""
        self._line.send(encode(refusal))

    def _count(self, part: Part, parts: Sequence[Bytes]) -> None:
        row = self.row
        row[Field.TASKS] += part.stop - part.start
        row[Field.CHUNKS] += part.last
        row[Field.WALL] += part.wall
        row[Field.CPU] += part.cpu
        row[Field.BYTES] += sum(len(each) for each in parts)


def _without_the_unpicklable(piece: Piece, part: Part, tasks: Tasks) -> Part:
    results: list[Any] = []
    failures = list(part.failures)
    for at, result in enumerate(part.results or (), part.start):
        try:
            pickle.dumps(result, protocol=5)
            results.append(result)
        except ERRORS as error:
            results.append(None)
            problem = unpicklable("its result", error)
            failures.append((at, TaskStuck(piece.first + at, describe_task(tasks[at]), problem, Voice.trace(error))))
    return replace(part, results=results, failures=tuple(failures))
