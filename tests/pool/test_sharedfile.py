import errno
import mmap
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from engine.errors import Lacking
from engine.pool import sharedfile
from engine.pool.sharedfile import SharedFile, sweep_dead_owners

ROOT = Path(__file__).parents[2]
MB = 1_000_000


@pytest.fixture
def no_memfd(monkeypatch, tmp_path):
    """A machine without memfd, where the folder for shared memory is an empty one of the test."""
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr(sharedfile, "SHM", tmp_path)
    return tmp_path


def descriptors():
    return psutil.Process().num_fds()


def refusing(number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    return refuse


def file_name(pid, started, random="0123456789abcdef"):
    return f"workbench-{pid}-{started}-{random}"


def started(pid):
    return round(psutil.Process(pid).create_time() * 1000)


def dead_process():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    dead = process.pid, started(process.pid)
    process.communicate()
    return dead


def written_and_read(shared):
    with shared.map(mmap.ACCESS_WRITE) as memory:
        assert memory[:] == bytes(shared.size)
        memory[-3:] = b"end"
    with shared.map() as memory:
        return memory[-3:]


def test_it_starts_as_zeros_and_keeps_what_is_written():
    shared = SharedFile(3 * MB)
    assert written_and_read(shared) == b"end"
    shared.close()


def test_its_bytes_exist_before_they_are_touched():
    size = sharedfile._PIECE + 5
    shared = SharedFile(size)
    assert os.fstat(shared.descriptor).st_blocks * 512 >= size
    shared.close()


def test_a_descriptor_that_came_over_a_socket_is_adopted():
    shared = SharedFile(10)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        socket.send_fds(ours, [b"f"], [shared.descriptor])
        _, (descriptor,), _, _ = socket.recv_fds(theirs, 1, 1)
    adopted = SharedFile.adopt(descriptor, shared.size)
    assert written_and_read(shared) == b"end"
    shared.close()
    with adopted.map() as memory:
        assert memory[:] == b"\0" * 7 + b"end"
    adopted.close()


def test_closing_twice_closes_no_foreign_descriptor():
    shared = SharedFile(1)
    number = shared.descriptor
    shared.close()
    other = os.dup(0)
    assert other == number  # the lowest free one is taken
    shared.close()
    os.close(other)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="only a memfd takes seals")
def test_a_sealed_file_cannot_be_written_by_anyone():
    shared = SharedFile(10)
    shared.seal()
    with pytest.raises(PermissionError):
        shared.map(mmap.ACCESS_WRITE)
    with pytest.raises(PermissionError):
        os.pwrite(shared.descriptor, b"x", 0)
    shared.close()


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="only a memfd takes seals")
def test_sealing_under_a_writable_mapping_is_an_error():
    shared = SharedFile(10)
    with shared.map(mmap.ACCESS_WRITE), pytest.raises(OSError, match="busy"):
        shared.seal()
    shared.close()


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="is about the flags of memfd")
def test_a_kernel_that_does_not_know_the_newest_flag_still_gives_a_memfd(monkeypatch, tmp_path):
    create = os.memfd_create

    def old(name, flags):
        if flags & sharedfile._NOEXEC_SEAL:
            raise OSError(errno.EINVAL, "Invalid argument")
        return create(name, flags)

    monkeypatch.setattr(os, "memfd_create", old)
    monkeypatch.setattr(sharedfile, "SHM", tmp_path / "untouched")
    shared = SharedFile(10)
    shared.seal()
    with pytest.raises(PermissionError):
        shared.map(mmap.ACCESS_WRITE)
    shared.close()


def test_without_memfd_it_is_a_file_that_has_no_name_any_more(no_memfd):
    shared = SharedFile(MB)
    assert os.fstat(shared.descriptor).st_dev == no_memfd.stat().st_dev
    assert os.fstat(shared.descriptor).st_nlink == 0
    assert list(no_memfd.iterdir()) == []
    assert written_and_read(shared) == b"end"
    shared.seal()  # no seals there, and no error
    shared.close()


def test_a_sandbox_that_forbids_memfd_is_the_same(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "memfd_create", refusing(errno.EPERM), raising=False)
    monkeypatch.setattr(sharedfile, "SHM", tmp_path)
    shared = SharedFile(MB)
    assert os.fstat(shared.descriptor).st_nlink == 0
    shared.close()


def test_too_many_open_files_are_not_taken_for_a_missing_memfd(monkeypatch):
    monkeypatch.setattr(os, "memfd_create", refusing(errno.EMFILE), raising=False)
    with pytest.raises(OSError, match="Too many open files"):
        SharedFile(1)


@pytest.mark.parametrize("free", [None, MB - 1])
def test_the_temp_folder_is_taken_where_shared_memory_has_no_room(monkeypatch, no_memfd, free):
    temporary = no_memfd / "temporary"
    temporary.mkdir()
    shm = no_memfd / "shm"
    if free is not None:
        shm.mkdir()
    opened: list[Path] = []
    monkeypatch.setattr(sharedfile, "SHM", shm)
    monkeypatch.setattr(sharedfile, "_free", lambda folder: free if folder == shm else 10 * MB)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(temporary))
    monkeypatch.setattr(sharedfile, "sweep_dead_owners", opened.append)
    SharedFile(MB).close()
    assert opened == [temporary]


@pytest.mark.parametrize("missing", [False, True])
def test_where_nothing_can_be_reserved_the_bytes_are_written(monkeypatch, missing):
    if missing:
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    else:
        monkeypatch.setattr(os, "posix_fallocate", refusing(errno.EOPNOTSUPP))
    write = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, start: write(file, data[: max(1, len(data) // 2)], start))
    size = sharedfile._PIECE + 5
    shared = SharedFile(size)
    assert os.fstat(shared.descriptor).st_size == size
    assert os.fstat(shared.descriptor).st_blocks * 512 >= size
    assert written_and_read(shared) == b"end"
    shared.close()


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        (errno.ENOSPC, r"has \d+ MB left"),
        (errno.ENOMEM, r"has \d+ MB left"),
        (errno.EFBIG, r"ulimit -f"),
        (errno.EDQUOT, r"quota in .* is used up"),
    ],
)
@pytest.mark.parametrize("memfd", [True, False])
def test_too_little_room_is_said_in_plain_words_and_leaves_nothing(
    request, monkeypatch, tmp_path, number, problem, memfd
):
    if not memfd:
        request.getfixturevalue("no_memfd")
    before = descriptors()
    monkeypatch.setattr(os, "posix_fallocate", refusing(number), raising=False)
    with pytest.raises(Lacking, match=rf"^8 MB of shared memory cannot be had: .*{problem}"):
        SharedFile(8 * MB - 1)
    assert descriptors() == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="elsewhere the folder has the memory")
def test_more_than_is_available_is_refused_before_the_kernel_kills_a_process_for_it(monkeypatch):
    monkeypatch.setattr(sharedfile, "available_memory", lambda: 90 * MB)
    monkeypatch.setattr(os, "posix_fallocate", lambda *_: pytest.fail("asked the kernel for it"), raising=False)
    with pytest.raises(Lacking, match=r"^95 MB .* the memory of this machine or container has 90 MB left"):
        SharedFile(95 * MB)


def test_an_interrupt_while_reserving_leaves_nothing(monkeypatch, no_memfd):
    def interrupt(*_):
        raise KeyboardInterrupt

    before = descriptors()
    monkeypatch.setattr(os, "posix_fallocate", interrupt, raising=False)
    with pytest.raises(KeyboardInterrupt):
        SharedFile(MB)
    assert descriptors() == before
    assert list(no_memfd.iterdir()) == []


def test_a_sweep_removes_the_files_of_dead_owners_and_nothing_else(tmp_path):
    pid, start = dead_process()
    mine = os.getpid()
    dead = [file_name(pid, start), file_name(mine, started(mine) - 60_000), file_name(2**70, 5)]
    kept = [
        file_name(mine, started(mine)),
        file_name(1, started(1)),
        file_name(pid, start, "0123"),
        file_name(pid, start) + "-of-mine",
        f"my-{file_name(pid, start)}",
        f"workbench-{pid}-notes",
        "results.parquet",
    ]
    for name in dead + kept:
        (tmp_path / name).touch()
    sweep_dead_owners(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(kept)


def test_a_sweep_never_removes_a_folder(tmp_path):
    folder = tmp_path / file_name(*dead_process())
    folder.mkdir()
    sweep_dead_owners(tmp_path)
    assert folder.is_dir()


def test_a_process_that_may_not_be_looked_at_counts_as_living(monkeypatch, tmp_path):
    def refuse(pid):
        raise psutil.AccessDenied(pid)

    (tmp_path / file_name(1, 5)).touch()
    monkeypatch.setattr(sharedfile, "_started", refuse)
    sweep_dead_owners(tmp_path)
    assert (tmp_path / file_name(1, 5)).exists()


def test_sweepers_and_owners_do_not_disturb_each_other(monkeypatch, no_memfd):
    gone = file_name(*dead_process())
    monkeypatch.setattr(os, "listdir", lambda _: [gone])  # another sweeper removed it after this one had listed it
    sweep_dead_owners(no_memfd)
    monkeypatch.undo()
    sweep_dead_owners(no_memfd / "missing")


def test_a_file_swept_by_a_stranger_still_serves_its_owner(monkeypatch, no_memfd):
    create = os.open

    def open_and_be_swept(path, *arguments):
        descriptor = create(path, *arguments)
        Path(path).unlink()
        return descriptor

    monkeypatch.setattr(os, "open", open_and_be_swept)
    shared = SharedFile(100)
    assert written_and_read(shared) == b"end"
    shared.close()


def test_what_an_owner_killed_before_it_could_unlink_left_is_swept_by_the_next(no_memfd):
    code = f"""
import os, pathlib, signal
from engine.pool import sharedfile
del os.memfd_create
sharedfile.SHM = pathlib.Path({str(no_memfd)!r})
pathlib.Path.unlink = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
sharedfile.SharedFile(10)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == -signal.SIGKILL
    assert len(list(no_memfd.iterdir())) == 1
    SharedFile(10).close()
    assert list(no_memfd.iterdir()) == []


def in_private_mounts(preparation, code):
    """Run code in a process whose /dev/shm is a folder of 1 MB of its own."""
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    unshare = shutil.which("unshare")
    if not unshare:
        pytest.skip("the system has no mount namespaces")
    small = "mount -t tmpfs -o size=1m tmpfs /dev/shm"
    probe = subprocess.run([unshare, "--mount", *user, "sh", "-c", small], capture_output=True, text=True)
    if probe.returncode:
        pytest.skip(f"the kernel refuses a private mount: {probe.stderr.strip()}")
    script = f'{small} && {preparation} && exec "$0" -c "$1"'
    command = [unshare, "--mount", *user, "sh", "-c", script, sys.executable, code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


PACK_AND_UNPACK = """
import os
import numpy as np
from engine.pool.arena import pack
room = os.statvfs("/dev/shm")
assert room.f_blocks * room.f_frsize == 1 << 20
arena = pack({"prices": np.arange(1_000_000.0)})
assert arena.unpack()["prices"].sum() == 999_999 * 500_000
print(room.f_bavail, os.listdir("/dev/shm"))
"""


def test_an_arena_may_be_bigger_than_dev_shm():
    done = in_private_mounts("true", PACK_AND_UNPACK)
    assert (done.stderr, done.stdout) == ("", "256 []\n")


def test_a_full_dev_shm_does_not_matter():
    done = in_private_mounts("head -c 1048576 /dev/zero > /dev/shm/full", PACK_AND_UNPACK)
    assert (done.stderr, done.stdout) == ("", "0 ['full']\n")


WITHOUT_MEMFD = """
import os, tempfile
from engine.errors import Lacking
from engine.pool.sharedfile import SharedFile
del os.memfd_create
tempfile.tempdir = "/dev/shm"
SharedFile(500_000).close()
try:
    SharedFile(8_000_000)
except Lacking as error:
    print(error, os.listdir("/dev/shm"), os.statvfs("/dev/shm").f_bavail)
"""


def test_without_memfd_a_full_folder_is_named_with_what_it_has_left():
    done = in_private_mounts("true", WITHOUT_MEMFD)
    expected = "8 MB of shared memory cannot be had: /dev/shm has 1 MB left [] 256\n"
    assert (done.stderr, done.stdout) == ("", expected)
