"""A shared file: an anonymous piece of memory of fixed size that several processes map.

On Linux it is a memfd, which lives in no folder: a small or full /dev/shm does not matter, and nothing is left behind
however a process ends. Where there is none it is a file in /dev/shm or the temp folder that is unlinked as soon as it
is open, so its name lives for microseconds; what a process killed in between left is swept by the next one.
"""

import contextlib
import errno
import fcntl
import mmap
import os
import re
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Self

from engine.errors import Lacking
from engine.pool.limits import available_memory

Bytes = int

SHM = Path("/dev/shm")
"""Memory as a folder, where a system has it."""

_PIECE = 8 << 20
"""Bytes reserved by one call, about 2 ms. Some kernels give a whole reservation back when a signal interrupts it, and
then one call for everything would never end under a timer that ticks faster than it; in pieces it costs the same."""

_NOTABLE = 64 << 20
"""Bytes from which on it is asked before what is available: for less that is neither exact enough nor worth 0.4 ms."""

_NOEXEC_SEAL = 0x0008
"""MFD_NOEXEC_SEAL, Linux 6.3: a system with vm.memfd_noexec=2 refuses a memfd without it, an older one refuses it."""

_NO_ROOM = (errno.ENOSPC, errno.ENOMEM, errno.EFBIG, errno.EDQUOT)
_NO_RESERVATION = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)

_NAME = re.compile(r"workbench-(\d+)-(\d+)-[0-9a-f]{16}")
"""Process id of the owner, when it was started (ms since 1970), and a random part."""

_SAME_START = 10_000
"""Milliseconds that two readings of one start may differ by: it is computed from a clock that can be set."""


class SharedFile:
    """An anonymous file of fixed size that other processes can map once they have its descriptor."""

    def __init__(self, size: Bytes, name: str = "workbench") -> None:
        """Reserve ``size`` bytes, all zero. ``name``: what /proc shows. Raises Lacking when there is no such room."""
        self.size = max(size, 1)
        self.descriptor, folder = _anonymous_file(self.size, name)
        try:
            with contextlib.ExitStack() as undo:
                undo.callback(self.close)
                _reserve(self.descriptor, self.size, in_memory=folder in (None, SHM))
                undo.pop_all()
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            raise Lacking(_refusal(self.size, folder, error)) from None

    @classmethod
    def adopt(cls, descriptor: int, size: Bytes) -> Self:
        """Return the file behind a descriptor that another process sent; from now on it is this object's to close."""
        adopted = cls.__new__(cls)
        adopted.size, adopted.descriptor = size, descriptor
        return adopted

    def map(self, access: int = mmap.ACCESS_READ) -> mmap.mmap:
        """Return a shared mapping of the whole file. Raises PermissionError for a writable one of a sealed file."""
        return mmap.mmap(self.descriptor, self.size, access=access)

    def seal(self) -> None:
        """Let the kernel refuse every later write, by anyone, where the system can (memfd). No writable mapping may
        exist: raises OSError otherwise."""
        if sys.platform == "linux":
            seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
            try:
                fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, seals)
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.EPERM):  # a file in a folder takes no seals
                    raise

    def close(self) -> None:
        """Give the descriptor back; mappings stay valid. Idempotent."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def sweep_dead_owners(folder: Path) -> None:
    """Remove the shared files in a folder whose owner was killed before it could unlink them; nothing else.

    Harmless beside other sweepers and beside owners at work: an owner never opens its file by name a second time.
    """
    try:
        found = [_NAME.fullmatch(name) for name in os.listdir(folder)]  # noqa: PTH208 - names are all that is needed
    except OSError:
        return
    for match in filter(None, found):
        if not _lives(int(match[1]), int(match[2])):
            with contextlib.suppress(OSError):  # another sweeper was faster, or the file is another user's
                (folder / match[0]).unlink()


def _lives(pid: int, started: int) -> bool:
    import psutil

    try:
        return abs(_started(pid) - started) <= _SAME_START
    except (psutil.NoSuchProcess, ValueError, OverflowError):
        return False
    except psutil.Error:
        return True  # it exists, and belongs to somebody else


def _started(pid: int) -> int:
    import psutil

    return round(psutil.Process(pid).create_time() * 1000)


def _anonymous_file(size: Bytes, name: str) -> tuple[int, Path | None]:
    """Return the descriptor of an empty file without a name, and the folder its bytes will lie in; None: none."""
    descriptor = _memfd(name)
    if descriptor is not None:
        return descriptor, None
    folder = SHM if _has_room(SHM, size) else Path(tempfile.gettempdir())
    sweep_dead_owners(folder)
    path = folder / f"workbench-{os.getpid()}-{_started(os.getpid())}-{secrets.token_hex(8)}"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    path.unlink(missing_ok=True)  # missing: swept by a process to which this one is invisible, in another container
    return descriptor, folder


def _memfd(name: str) -> int | None:
    if sys.platform != "linux" or not hasattr(os, "memfd_create"):
        return None
    plain = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    for flags in (plain | _NOEXEC_SEAL, plain):
        try:
            return os.memfd_create(name, flags)
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
                raise
    return None  # forbidden by the sandbox this process runs in


def _has_room(folder: Path, size: Bytes) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK) and _free(folder) >= size


def _free(folder: Path) -> Bytes:
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize


def _reserve(descriptor: int, size: Bytes, in_memory: bool) -> None:
    """Make the bytes exist, so that a full memory is an error here and not a SIGBUS at the first touch."""
    if in_memory and size >= _NOTABLE and size > available_memory():
        raise OSError(errno.ENOMEM, "asked for anyway, the kernel kills a process to make room instead of refusing")
    for start in range(0, size, _PIECE):
        length = min(_PIECE, size - start)
        if not _allocated(descriptor, start, length):
            _write_zeros(descriptor, start, length)


def _allocated(descriptor: int, start: int, length: Bytes) -> bool:
    if not hasattr(os, "posix_fallocate"):
        return False
    try:
        os.posix_fallocate(descriptor, start, length)
    except OSError as error:
        if error.errno in _NO_RESERVATION:
            return False
        raise
    return True


def _write_zeros(descriptor: int, start: int, length: Bytes) -> None:
    zeros = memoryview(bytes(min(length, 1 << 20)))
    stop = start + length
    while start < stop:
        start += os.pwrite(descriptor, zeros[: stop - start], start)


def _refusal(size: Bytes, folder: Path | None, error: OSError) -> str:
    wanted = f"{-(-size // 1_000_000)} MB of shared memory cannot be had"
    where = str(folder) if folder else "the memory of this machine or container"
    if error.errno == errno.EFBIG:
        return f"{wanted}: files of this process may not be so big (ulimit -f)"
    if error.errno == errno.EDQUOT:
        return f"{wanted}: this user's quota in {where} is used up"
    left = [_free(folder)] if folder else []
    if folder in (None, SHM):
        left.append(available_memory())
    return f"{wanted}: {where} has {min(left) // 1_000_000} MB left"
