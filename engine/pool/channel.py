"""Messages between the engine and one worker: frames over a Unix socket, with big buffers and descriptors beside them.

The engine's end never blocks, neither on a worker that is stopped nor on one that is itself busy sending; the worker's
end has nothing else to do and blocks. A frame is a header, the lengths of its parts, a pickle and the buffers that
pickle protocol 5 handed out. A peer that is gone is an EOFError, wherever it is met.
"""

import fcntl
import os
import pickle
import socket
import struct
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from engine.pool.lifeline import keep_private, release, unforked

Part = bytes | memoryview

_HEADER = struct.Struct("<IQ")
"""Number of parts, bytes after the header."""
_BESIDE = 1 << 16
"""Bytes from which a buffer travels beside the pickle instead of in it: below, a copy is cheaper than one more part."""
_PARTS = 1000
"""Parts of one sendmsg; the system takes 1,024."""
_SPACE = socket.CMSG_SPACE(8 * 4)
"""Room for the descriptors that may come with one frame: 8."""
_ROOM = 1 << 16
"""Bytes of frames that are received together; not more than ``_BESIDE``."""


def encode(message: Any) -> list[Part]:
    """Return a message as the parts of one frame. Raises what pickling raises."""
    buffers: list[memoryview] = []

    def beside(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < _BESIDE:
            return True
        buffers.append(raw)
        return False

    stream = pickle.dumps(message, protocol=5, buffer_callback=beside)
    lengths = [len(stream), *(buffer.nbytes for buffer in buffers)]
    table = struct.pack(f"<{len(lengths)}Q", *lengths)
    return [_HEADER.pack(len(lengths), len(table) + sum(lengths)) + table + stream, *buffers]


def _decode(parts: int, body: memoryview) -> Any:
    lengths = struct.unpack_from(f"<{parts}Q", body)
    views, start = [], 8 * parts
    for length in lengths:
        views.append(body[start : start + length])
        start += length
    return pickle.loads(views[0], buffers=views[1:])


class Undecodable(Exception):
    """A whole frame arrived, but its pickle could not be loaded; the channel is good for the next one."""


class _Reader:
    """Puts frames together from what a socket has: small ones with one call for all that is there."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self.descriptors: deque[int] = deque()
        """Descriptors that came with frames, in their order; the receiver of a message knows how many are its own."""
        self._room = memoryview(bytearray(_ROOM))
        self._start = self._stop = 0
        self._big: memoryview | None = None
        """Body of a frame that is larger than the room, with what is there of it before ``_stop``."""
        self._parts = 0

    def read(self) -> Any:
        """Return the next message. Raises BlockingIOError where the rest is not there yet, EOFError, Undecodable."""
        while (body := self._body()) is None:
            self._receive()
        parts, self._parts = self._parts, 0
        try:
            return _decode(parts, body)
        except (Exception, SystemExit) as error:
            raise Undecodable from error

    def _body(self) -> memoryview | None:
        """Take the next body out of what is there, if it is there whole."""
        if self._big is not None:
            return self._take_big() if self._stop == len(self._big) else None
        there = self._stop - self._start
        if there < _HEADER.size:
            return None
        self._parts, size = _HEADER.unpack_from(self._room, self._start)
        begin, end = self._start + _HEADER.size, self._start + _HEADER.size + size
        if size + _HEADER.size > _ROOM:
            self._big = memoryview(bytearray(size))
            self._stop -= begin
            self._big[: self._stop] = self._room[begin : begin + self._stop]
            return self._body()
        if end > self._stop:
            return None
        self._start = end
        # what is decoded from here owns no part of the room: buffers that travel beside the pickle are larger than it
        return self._room[begin:end]

    def _take_big(self) -> memoryview:
        body, self._big = self._big, None
        self._start = self._stop = 0
        assert body is not None
        return body

    def _receive(self) -> None:
        if self._big is None and self._start:
            left = self._stop - self._start
            self._room[:left] = self._room[self._start : self._stop]
            self._start, self._stop = 0, left
        room = self._room if self._big is None else self._big
        try:
            got, ancillary, _, _ = self._end.recvmsg_into([room[self._stop :]], _SPACE)
        except ConnectionError:
            got, ancillary = 0, []
        if not got:
            raise EOFError
        self._stop += got
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                self.descriptors.extend(struct.unpack(f"{len(data) // 4}i", data[: len(data) // 4 * 4]))

    @property
    def empty(self) -> bool:
        """Whether the last call brought nothing beyond the message before."""
        return self._big is None and self._start == self._stop


class Line:
    """The worker's end."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(True)
        self._end = end
        self._reader = _Reader(end)

    def receive(self) -> Any:
        """Wait for the next message. Raises EOFError when the engine is gone, Undecodable."""
        return self._reader.read()

    def take_descriptor(self) -> int:
        """Return the next descriptor that came with a message; it is the caller's to close."""
        descriptor = self._reader.descriptors.popleft()
        os.set_inheritable(descriptor, False)
        return descriptor

    def send(self, parts: Sequence[Part]) -> None:
        """Send an encoded message whole. Raises EOFError when the engine is gone."""
        left = [memoryview(part) for part in parts]
        try:
            while left:
                left = _rest(left, self._end.sendmsg(left[:_PARTS]))
        except ConnectionError:
            raise EOFError from None


class Channel:
    """The engine's end: nothing here waits."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end = end
        keep_private(end.fileno())
        self._reader = _Reader(end)
        self._outbox: deque[tuple[list[memoryview], Sequence[int]]] = deque()
        self._copies: set[int] = set()
        """Descriptors of messages that wait."""

    def fileno(self) -> int:
        """Return the socket's descriptor, for a selector."""
        return self._end.fileno()

    @property
    def pending(self) -> bool:
        """Whether something waits until the worker reads; call ``flush`` when the socket can be written."""
        return bool(self._outbox)

    def send(self, message: Any, descriptors: Sequence[int] = ()) -> None:
        """Send a message with descriptors, as far as the socket takes it now. Raises what pickling raises.

        The descriptors may be closed afterwards: those of a message that has to wait are duplicated, since what it is
        about may have been given up when its turn comes. A worker that is gone is noticed by ``messages``.
        """
        self._outbox.append(([memoryview(part) for part in encode(message)], descriptors))
        self.flush()
        if descriptors and self._outbox and self._outbox[-1][1]:
            self._outbox[-1] = (self._outbox[-1][0], self._duplicates(descriptors))

    def _duplicates(self, descriptors: Sequence[int]) -> Sequence[int]:
        with unforked():
            copies = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3) for descriptor in descriptors]
            for copy in copies:
                keep_private(copy)
        self._copies.update(copies)
        return copies

    def _close_copies(self, copies: Sequence[int]) -> None:
        for copy in self._copies.intersection(copies):
            self._copies.discard(copy)
            release(copy)
            os.close(copy)

    def flush(self) -> None:
        """Send more of what is pending, as far as the socket takes it now."""
        try:
            while self._outbox:
                parts, descriptors = self._outbox[0]
                ancillary = _rights(descriptors)
                left = _rest(parts, self._end.sendmsg(parts[:_PARTS], ancillary))
                self._close_copies(descriptors)
                if left:
                    self._outbox[0] = (left, ())
                else:
                    self._outbox.popleft()
        except BlockingIOError:
            return
        except ConnectionError:
            self._outbox.clear()

    def messages(self, *, ended: bool = False) -> Iterator[Any]:
        """Yield the messages that are there; an Undecodable takes the place of one. Raises EOFError at the end.

        A call that brought one message and no more is not followed by another, unless the worker has ``ended``: it
        would cost 1 us to learn nothing, and what comes meanwhile is announced by the selector.
        """
        while True:
            try:
                yield self._reader.read()
            except BlockingIOError:
                return
            except Undecodable as error:
                yield error
            if self._reader.empty and not ended:
                return

    def close(self) -> None:
        """Give the socket back. Idempotent."""
        self._close_copies(tuple(self._copies))
        if self._end.fileno() >= 0:
            release(self._end.fileno())
            self._end.close()


def _rights(descriptors: Sequence[int]) -> list[tuple[int, int, bytes]]:
    if not descriptors:
        return []
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack(f"{len(descriptors)}i", *descriptors))]


def _rest(parts: list[memoryview], sent: int) -> list[memoryview]:
    """Return what is left of the parts after so many bytes were sent."""
    for position, part in enumerate(parts):
        if sent < part.nbytes:
            return [part[sent:], *parts[position + 1 :]]
        sent -= part.nbytes
    return []
