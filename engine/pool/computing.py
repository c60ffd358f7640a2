"""Computing pieces in a worker: one task at a time with a function, or a chunk at a time with a kernel.

With slots every task is published as soon as it is computed. Without, results are pickled and sent when the piece is
done, or after 20 ms, so that a worker that dies takes at most that much finished work with it.
"""

import time
from functools import partial
from typing import Any, Protocol

import numpy as np

from engine.chunks import describe_task, explain, run_chunk
from engine.errors import TaskFailed, WorkFailed
from engine.pool.board import Field
from engine.pool.messages import Batch, Part, Piece, Refused, Work
from engine.pool.slots import PUBLISHED, FormError, Slots
from engine.pool.voice import ERRORS, Voice
from engine.workload import Data, Kernel, Tasks

FLUSH = 20_000_000
"""Nanoseconds after which results are sent though the piece is not done. Every message wakes the engine, which on a
machine full of workers takes 20 to 50 us of CPU time away from one of them."""
NOTICE = 100_000_000
"""The same with slots, where nothing can be lost any more and only the news is late."""
STRIDE = 500_000
"""Nanoseconds that tasks are computed for between two looks at the clock; a task that takes longer is a stride."""


class Computer(Protocol):
    """Computes the pieces of one order and sends their parts."""

    def compute(self, piece: Piece) -> None:
        """Compute a piece, or as much of it as its patience allows. Raises EOFError when the engine is gone."""


def open_computer(work: Work, data: Data, slots: Slots | None, voice: Voice, *, singly: bool) -> Computer:
    """Return what computes this work; ``singly``: in strides of one. Raises what the kernel's ``prepare`` raises."""
    if isinstance(work, Batch):
        kernel = work.kernel
        return BatchComputer(kernel, kernel.prepare(data, "cpu") if kernel.prepare else data, slots, voice)
    function = partial(work.function, data) if work.with_data else work.function
    if slots is not None:
        return SlotComputer(function, slots, voice)
    return PipeComputer(function, voice, 0 if singly else STRIDE)


class _OpenPart:
    """The part of a piece that is being computed."""

    def __init__(self, piece: Piece, start: int) -> None:
        self.piece, self.start = piece, start
        self.results: list[Any] = []
        self.failures: list[tuple[int, TaskFailed]] = []
        self.wall = 0
        self._begun, self._cpu = time.monotonic_ns(), time.process_time_ns()

    def fail(self, position: int, task: Any, error: BaseException) -> None:
        """Note that the task at a position of the piece raised."""
        self.failures.append((position, failure(self.piece.first + position, task, error)))

    def late(self, now: int, limit: int) -> bool:
        """Whether it was begun longer ago than the limit."""
        return now - self._begun > limit

    def close(self, stop: int, last: bool, results: list[Any] | None) -> Part:
        """Return the part as a message."""
        cpu = time.process_time_ns() - self._cpu
        failures = tuple(self.failures)
        return Part(self.piece.number, self.start, stop, results, failures, last, wall=self.wall, cpu=cpu)


def failure(index: int, task: Any, error: BaseException) -> TaskFailed:
    """Return what a task raised as an error that can travel."""
    return TaskFailed(index, describe_task(task), explain(error), Voice.trace(error))


class PipeComputer:
    """Results of any kind, pickled."""

    def __init__(self, function: Any, voice: Voice, aim: int) -> None:
        """``aim``: nanoseconds of a stride; 0: one task each."""
        self._function, self._voice, self._aim = function, voice, aim
        self._stride = 1

    def compute(self, piece: Piece) -> None:
        """Compute tasks in strides of about half a millisecond; send what there is every 20 ms."""
        voice, at = self._voice, 0
        tasks = voice.read(piece)
        part, begun = _OpenPart(piece, 0), time.monotonic_ns()
        while tasks is not None:
            stride = tasks[at : at + self._stride]
            voice.mark(piece.first + at, len(stride), begun)
            at += self._step(part, at, stride)
            now = time.monotonic_ns()
            self._adapt(len(stride), now - begun)
            part.wall += now - begun
            last = at >= piece.count or voice.enough(piece, now)
            if last or part.late(now, FLUSH):
                voice.send(piece, part.close(at, last, part.results), tasks)
                part = _OpenPart(piece, at)
            if last:
                return
            begun = time.monotonic_ns()

    def _step(self, part: _OpenPart, at: int, stride: Tasks) -> int:
        """Compute tasks up to the first that raises; return how many were dealt with."""
        results = part.results
        before = len(results)
        raised: BaseException = StopIteration()  # extend takes that one for the end of map
        try:
            results.extend(map(self._function, stride))
        except ERRORS as error:
            raised = error
        done = len(results) - before  # extend keeps what came before the exception
        if done < len(stride):
            part.fail(at + done, stride[done], raised)
            results.append(None)
        return len(results) - before

    def _adapt(self, tasks: int, took: int) -> None:
        if took * 2 < self._aim:
            self._stride = max(self._stride, tasks * 2)
        elif took > self._aim * 2:
            self._stride = max(1, tasks * self._aim // took)


class SlotComputer:
    """Results of the declared form, each published when it is there."""

    def __init__(self, function: Any, slots: Slots, voice: Voice) -> None:
        self._function, self._slots, self._voice = function, slots, voice

    def compute(self, piece: Piece) -> None:
        """Compute tasks one at a time into their slots; send news every 100 ms."""
        voice, at, last = self._voice, 0, False
        tasks = voice.read(piece)
        while tasks is not None and not last:
            begun = time.monotonic_ns()
            voice.mark(piece.first + at, 1, begun)
            part = _OpenPart(piece, at)
            at = self._compute(part, tasks, voice.until(piece, begun + NOTICE))
            last = at >= piece.count or voice.enough(piece, time.monotonic_ns())
            voice.send(piece, part.close(at, last, None), tasks)

    def _compute(self, part: _OpenPart, tasks: Tasks, until: int) -> int:
        """Compute tasks until then, or until nobody wants them; return the position of the next.

        One loop without calls of its own: it is what a task costs that does nothing but return a table (1.3 us, most of
        it copying 12 kB).
        """
        function, slots, row, wanted = self._function, self._slots, self._voice.row, self._voice.wanted
        values, states, form = slots.values, slots.states, slots.values.shape[1:]
        dtype, clock, since, first = slots.values.dtype, time.monotonic_ns, int(Field.SINCE), int(Field.FIRST)
        piece, at = part.piece, part.start
        number, shift, index = piece.number, piece.slot, piece.first
        now, wall, copy = row[since], 0, 0
        while True:
            try:
                result = function(tasks[at])
                done = clock()
                if type(result) is np.ndarray and result.dtype is dtype and result.shape == form:
                    values[shift + at] = result
                    states[shift + at] = PUBLISHED
                else:
                    slots.put(shift + at, result)
            except ERRORS as error:
                part.fail(at, tasks[at], error)
                done = clock()
            at += 1
            wall -= now - done
            row[since] = now = clock()
            row[first] = index + at  # after its time, or the next task might seem as late as this one
            copy += now - done
            if at >= piece.count or now > until or wanted[0] > number:
                part.wall = wall
                row[Field.COPY] += copy
                return at


class BatchComputer:
    """A kernel of a workload, which computes a chunk at a time; the chunk is published as one."""

    def __init__(self, kernel: Kernel, data: Data, slots: Slots | None, voice: Voice) -> None:
        self._kernel, self._data, self._slots, self._voice = kernel, data, slots, voice

    def compute(self, piece: Piece) -> None:
        """Compute a chunk; where a task of it raises, every task on its own."""
        tasks = self._voice.read(piece)
        if tasks is None:
            return
        self._voice.mark(piece.first, piece.count, time.monotonic_ns())
        part = _OpenPart(piece, 0)
        try:
            self._compute(part, tasks)
        except TaskFailed as error:
            self._apart(part, tasks, error)
        except (WorkFailed, FormError) as error:
            last = piece.first + piece.count - 1
            self._voice.refuse(Refused(f"tasks {piece.first} to {last}: {error}", ""))
            return
        results = part.results if self._slots is None else None
        self._voice.send(piece, part.close(piece.count, True, results), tasks)

    def _compute(self, part: _OpenPart, tasks: Tasks, at: int = 0) -> None:
        """Compute tasks of the piece, the first of them at a position of it."""
        first = part.piece.first + at
        results, wall, _ = run_chunk(self._kernel.function, self._data, tasks, first, time.process_time)
        part.wall += int(wall * 1e9)
        begun = time.monotonic_ns()
        if self._slots is None:
            part.results.extend(results)
        else:
            self._slots.put_many(part.piece.slot + at, results, len(tasks))
            self._voice.row[Field.COPY] += time.monotonic_ns() - begun

    def _apart(self, part: _OpenPart, tasks: Tasks, error: TaskFailed) -> None:
        part.results.clear()
        for at in range(len(tasks)):
            try:
                self._compute(part, tasks[at : at + 1], at)
            except TaskFailed as alone:
                part.failures.append((at, alone))
                part.results.append(None)
        if not part.failures:  # it only fails in company
            part.failures.append((0, error))
