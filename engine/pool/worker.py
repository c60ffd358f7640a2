"""The body of a worker process: maps the shared data once, then computes pieces until the engine says so or is gone."""

import contextlib
import faulthandler
import os
import pickle
import socket
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from engine.chunks import explain
from engine.pool.arena import Arena
from engine.pool.board import Board, Field, Phase
from engine.pool.channel import Line, Undecodable, encode
from engine.pool.computing import Computer, open_computer
from engine.pool.messages import STACK_SIGNAL, Brief, Opened, Order, Piece, Ready, Refused
from engine.pool.sharedfile import SharedFile
from engine.pool.slots import Slots, SlotsForm
from engine.pool.starting.preparation import prepare
from engine.pool.voice import Voice
from engine.threads import environment, limit_loaded, violations


def live(end: socket.socket) -> None:
    """Do what the engine says over this socket, until it says to end or is gone."""
    line = Line(end)
    with contextlib.suppress(EOFError):
        worker = _set_up(line)
        if worker is not None:
            worker.work()


class _CannotGoOn(Exception):
    """What the engine wants cannot be done here; says at what it failed."""

    def __init__(self, what: str, error: BaseException) -> None:
        super().__init__(what)
        trace = "".join(traceback.format_exception(error))
        self.refusal = Refused(f"a worker could not {what}: {explain(error)}", trace)


@contextlib.contextmanager
def _attempt(what: str) -> Iterator[None]:
    try:
        yield
    except EOFError:
        raise
    except BaseException as error:  # noqa: BLE001 - the user's modules may raise SystemExit as well
        raise _CannotGoOn(what, error) from None


def _set_up(line: Line) -> "_Worker | None":
    brief: Brief = line.receive()
    file = SharedFile.adopt(line.take_descriptor(), Board.size(brief.workers))
    board = Board(brief.workers, file)
    file.close()
    row = board.row(brief.worker)
    begun = time.monotonic_ns()
    row[Field.LIVES] += 1
    row[Field.STARTED] = begun - brief.started
    report = line.take_descriptor()
    faulthandler.enable(report)
    faulthandler.register(STACK_SIGNAL, report)
    try:
        data = _load(line, brief, row)
    except _CannotGoOn as stop:
        line.send(encode(stop.refusal))
        return None
    row[Field.PHASE] = Phase.IDLE
    line.send(encode(Ready(violations(brief.threads))))
    return _Worker(line, board, row, data)


def _load(line: Line, brief: Brief, row: memoryview) -> Any:
    """Import what the engine's main module defines and rebuild the data."""
    begun = time.monotonic_ns()
    row[Field.PHASE] = Phase.IMPORTING
    os.environ.update(environment(brief.threads))  # before anything of the user's is imported
    limit_loaded(brief.threads)  # and what a fork has brought along
    with _attempt("import the main module"):
        prepare(brief.facts)
    row[Field.IMPORT] = time.monotonic_ns() - begun
    begun = time.monotonic_ns()
    row[Field.PHASE] = Phase.UNPACKING
    data = None
    if brief.arena is not None:
        size, stream, buffers = brief.arena
        arena = Arena(SharedFile.adopt(line.take_descriptor(), size), stream, buffers)
        with _attempt("unpickle the data"):
            data = arena.unpack()
        arena.file.close()
    limit_loaded(brief.threads)
    row[Field.UNPACK] = time.monotonic_ns() - begun
    return data


class _Worker:
    """A worker that is set up."""

    def __init__(self, line: Line, board: Board, row: memoryview, data: Any) -> None:
        self._line = line
        self._row = row
        self._data = data
        self._voice = Voice(line, board, row)
        self._slots: Slots | None = None
        self._computer: Computer | None = None

    def work(self) -> None:
        """Follow orders. Returns when the engine says so; raises EOFError when it is gone."""
        row = self._row
        while True:
            begun = time.monotonic_ns()
            row[Field.PHASE] = Phase.IDLE
            row[Field.SINCE] = begun
            try:
                message = self._line.receive()
            except Undecodable as error:  # pragma: no cover - messages are made of the engine's own classes
                self._line.send(encode(Refused("a worker did not understand the engine", repr(error.__cause__))))
                return
            row[Field.WAIT] += time.monotonic_ns() - begun
            if message is None:
                return
            if isinstance(message, Piece):
                assert self._computer is not None
                self._computer.compute(message)
            else:
                self._open(message)

    def _open(self, order: Order) -> None:
        self._row[Field.PHASE] = Phase.PREPARING
        self._computer = None  # what it mapped is given back before more is mapped
        self._slots = slots = self._map(order.slots)
        try:
            with _attempt("unpickle the function or prepare the data for it"):
                work = pickle.loads(order.work)
                self._computer = open_computer(work, self._data, slots, self._voice, singly=order.singly)
        except _CannotGoOn as stop:
            self._line.send(encode(replace(stop.refusal, order=order.number)))
            return
        self._line.send(encode(Opened(order.number)))

    def _map(self, form: SlotsForm | None) -> Slots | None:
        """Return the slots that came with an order; those of the order before if it is the same file again, since
        mapping 12 MB anew costs 1 ms."""
        before, self._slots = self._slots, None
        if form is None:
            return None
        file = SharedFile.adopt(self._line.take_descriptor(), form.size)
        if before is not None and os.path.sameopenfile(before.file.descriptor, file.descriptor):
            file.close()
            return before
        if before is not None:
            before.file.close()
            del before
        return Slots(form, file)
