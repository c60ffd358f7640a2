"""An arena: one read-only block of shared memory that holds a pickled object with its big buffers beside it.

Pickle protocol 5 hands out the buffers of NumPy arrays, Arrow tables and DataFrames instead of copying them into the
stream. They are laid one after the other into an anonymous file, followed by the stream. A worker maps the file and
unpickles the stream over views of it, so the buffers exist once on the machine; whatever is in the stream itself is
copied to each worker.

The file has no name (memfd, or an unlinked temporary file where memfd is missing), so nothing is left behind however a
process ends.
"""

import fcntl
import mmap
import os
import pickle
import sys
import tempfile
from dataclasses import dataclass
from multiprocessing import reduction
from typing import Any

ALIGNMENT = 64
"""Bytes; a cache line, and enough for any vector instruction."""

Span = tuple[int, int]
"""Offset and length in bytes."""


class SharedFile:
    """An anonymous file of fixed size that child processes can map; travels inside the arguments of a Process."""

    def __init__(self, size: int) -> None:
        self.size = max(size, 1)
        self.descriptor = _anonymous_file()
        os.posix_fallocate(self.descriptor, 0, self.size) if hasattr(os, "posix_fallocate") else os.truncate(
            self.descriptor, self.size
        )

    def map(self, access: int = mmap.ACCESS_READ) -> mmap.mmap:
        """Return a shared mapping of the whole file."""
        return mmap.mmap(self.descriptor, self.size, access=access)

    def seal(self) -> None:
        """Let the kernel refuse every later write, by anyone. Linux only; no writable mapping may exist."""
        if sys.platform == "linux":
            seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
            fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, seals)

    def close(self) -> None:
        """Give the descriptor back; mappings stay valid. Idempotent."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def __reduce__(self) -> Any:
        return _adopt, (reduction.DupFd(self.descriptor), self.size)


def _adopt(duplicate: Any, size: int) -> SharedFile:
    shared = SharedFile.__new__(SharedFile)
    shared.size, shared.descriptor = size, duplicate.detach()
    return shared


def _anonymous_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("workbench", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    descriptor, name = tempfile.mkstemp(prefix="workbench-")
    os.unlink(name)  # noqa: PTH108 - no Path object exists for a name that lives for one line
    return descriptor


@dataclass(frozen=True)
class Arena:
    """A packed object: where it lies and how it is laid out. Picklable into a child process."""

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
    """Copy an object into a new arena. Raises what pickling it raises, and OSError when memory is short."""
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
