"""An arena: one read-only block of shared memory that holds a pickled object with its big buffers beside it.

Pickle protocol 5 hands out the buffers of NumPy arrays, Arrow tables and DataFrames instead of copying them into the
stream. They are laid one after the other into an anonymous file, followed by the stream. A worker maps the file and
unpickles the stream over views of it, so the buffers exist once on the machine; whatever is in the stream itself is
copied to each worker.
"""

import mmap
import pickle
from dataclasses import dataclass
from typing import Any

from engine.pool.sharedfile import SharedFile

ALIGNMENT = 64
"""Bytes; a cache line, and enough for any vector instruction."""

Span = tuple[int, int]
"""Offset and length in bytes."""


@dataclass(frozen=True)
class Arena:
    """A packed object: where it lies and how it is laid out. To another process the file's descriptor must be sent."""

    file: SharedFile
    stream: Span
    buffers: tuple[Span, ...]

    @property
    def copied_bytes(self) -> int:
        """Bytes each worker copies for itself, because they are not in buffers."""
        return self.stream[1]

    def unpack(self) -> Any:
        """Rebuild the object over read-only views of the shared memory."""
        view = memoryview(self.file.map())
        parts = [view[offset : offset + length] for offset, length in self.buffers]
        offset, length = self.stream
        return pickle.loads(view[offset : offset + length], buffers=parts)


def pack(thing: Any) -> Arena:
    """Copy an object into a new arena. Raises what pickling it raises, and Lacking when memory is short."""
    pickled: list[pickle.PickleBuffer] = []
    stream = pickle.dumps(thing, protocol=5, buffer_callback=pickled.append)
    raw: list[memoryview | bytes] = [buffer.raw() for buffer in pickled]
    spans = _lay_out([memoryview(part).nbytes for part in raw] + [len(stream)])
    file = SharedFile(spans[-1][0] + spans[-1][1])
    try:
        with file.map(mmap.ACCESS_WRITE) as memory:
            for (offset, length), part in zip(spans, [*raw, stream], strict=True):
                memory[offset : offset + length] = part
        file.seal()
    except BaseException:
        file.close()
        raise
    return Arena(file, spans[-1], tuple(spans[:-1]))


def _lay_out(lengths: list[int]) -> list[Span]:
    spans, end = [], 0
    for length in lengths:
        start = -(-end // ALIGNMENT) * ALIGNMENT
        spans.append((start, length))
        end = start + length
    return spans
