"""An arena: one read-only block of shared memory that holds a pickled object with its big buffers beside it.

The contents of NumPy arrays are laid one after the other into an anonymous file; in the stream of pickle stands where
each lies. So do the buffers that pickle protocol 5 hands out for Arrow tables and the like. The stream follows them. A
worker maps the file and unpickles the stream over views of it, so the buffers exist once on the machine; whatever is in
the stream itself is copied to each worker.
"""

import io
import mmap
import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np

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


def is_shared(thing: Any) -> bool:
    """Whether it is an array whose contents every worker reads in one place."""
    if type(thing) is not np.ndarray or not thing.nbytes:
        return False
    return thing.dtype.kind in "biufcmMSUV" and not thing.dtype.hasobject


class _Packer(pickle.Pickler):
    """Pickles into ``stream``; lays out what is to lie beside it."""

    def __init__(self) -> None:
        self.stream = io.BytesIO()
        super().__init__(self.stream, protocol=5, buffer_callback=self._take)
        self.contents: list[tuple[Span, memoryview]] = []
        self.buffers: list[Span | None] = []
        """In the order the stream asks for them; None: everything that lies beside it."""
        self.end = 0
        self._everything = object()
        self._placeholder = pickle.PickleBuffer(b"")

    def reducer_override(self, thing: Any) -> Any:
        """Called for what pickle has no code of its own for. An array becomes a view of one memoryview of everything:
        0.5 us to rebuild, a third of what NumPy's own way takes over buffers of their own."""
        if thing is self._everything:
            return memoryview, (self._placeholder,)
        if not is_shared(thing):
            return NotImplemented
        fortran = thing.flags.fnc
        flat = np.ascontiguousarray(thing.T if fortran else thing).reshape(-1).view(np.uint8)
        place = self._put(flat.data)
        arguments = (thing.shape, thing.dtype, self._everything, place[0])
        return np.ndarray, (*arguments, None, "F") if fortran else arguments

    def _take(self, buffer: pickle.PickleBuffer) -> None:
        self.buffers.append(None if buffer is self._placeholder else self._put(buffer.raw()))

    def _put(self, content: memoryview) -> Span:
        place = (self.end, content.nbytes)
        self.contents.append((place, content))
        self.end = -(-(self.end + content.nbytes) // ALIGNMENT) * ALIGNMENT
        return place


def pack(thing: Any) -> Arena:
    """Copy an object into a new arena. Raises what pickling it raises, and Lacking when memory is short."""
    packer = _Packer()
    packer.dump(thing)
    stream = packer.stream.getbuffer()
    beside = packer.end
    file = SharedFile(beside + stream.nbytes)
    try:
        with file.map(mmap.ACCESS_WRITE) as memory:
            for (offset, length), content in [*packer.contents, ((beside, stream.nbytes), stream)]:
                memory[offset : offset + length] = content
        file.seal()
    except BaseException:
        file.close()
        raise
    return Arena(file, (beside, stream.nbytes), tuple(span or (0, beside) for span in packer.buffers))
