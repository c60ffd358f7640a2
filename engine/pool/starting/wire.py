"""Messages between the engine and its nursery: a length, a pickle, and descriptors beside it."""

import os
import pickle
import socket
import struct
from collections.abc import Sequence
from typing import Any

_LENGTH = struct.Struct("!I")
_MOST = 4
"""Descriptors that come with one message at most."""
_CLOSED_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


def send(end: socket.socket, message: Any, descriptors: Sequence[int] = ()) -> None:
    """Send one message whole. Raises OSError when the peer is gone."""
    stream = pickle.dumps(message)
    data = _LENGTH.pack(len(stream)) + stream
    sent = socket.send_fds(end, [data], descriptors) if descriptors else end.send(data)
    end.sendall(data[sent:])


def receive(end: socket.socket) -> tuple[Any, list[int]]:
    """Wait for one message; return it with its descriptors, which are the caller's to close.

    Fewer descriptors come than were sent when this process may not have more. Raises EOFError when the peer is gone.
    """
    data, descriptors, _, _ = socket.recv_fds(end, _LENGTH.size, _MOST, _CLOSED_ON_EXEC)
    try:
        data += _exactly(end, _LENGTH.size - len(data)) if data else b""
        if not data:
            raise EOFError
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        return pickle.loads(_exactly(end, _LENGTH.unpack(data)[0])), descriptors
    except BaseException:
        for descriptor in descriptors:
            os.close(descriptor)
        raise


def _exactly(end: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = end.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data
