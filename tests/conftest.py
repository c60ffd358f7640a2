"""What every test may need: jobs without a sweep, and proof that nothing is left behind."""

import gc
import os
import time
import uuid
from pathlib import Path

import psutil
import pytest

MARK = "WORKBENCH_TEST_MARK"


class Leftovers:
    """Finds processes that carry a test's mark in their environment, whoever their parent is by now."""

    def __init__(self, mark: str) -> None:
        self._mark = f"{MARK}={mark}".encode()
        self._segments = set(_segments())

    def processes(self) -> list[str]:
        found = []
        for process in psutil.process_iter():
            try:
                environment = Path(f"/proc/{process.pid}/environ").read_bytes()
                if self._mark in environment and not _ours(process) and process.status() != "zombie":
                    found.append(" ".join(process.cmdline()))
            except (psutil.Error, OSError):
                continue
        return found

    def segments(self) -> set[str]:
        """New segments that nobody uses: those of tests that run beside this one are mapped by their processes."""
        new = set(_segments()) - self._segments
        unused = new - _mapped() if new else new
        return unused & set(_segments())  # one that was freed while the maps were read is gone by now


def _ours(process: psutil.Process) -> bool:
    """The test process itself, and the two helpers that multiprocessing keeps for as long as it lives."""
    helper = any(name in " ".join(process.cmdline()) for name in ("resource_tracker", "forkserver"))
    return process.pid == os.getpid() or (helper and process.ppid() == os.getpid())


def _segments() -> list[str]:
    folder = Path("/dev/shm")
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def _mapped() -> set[str]:
    names = set()
    for maps in Path("/proc").glob("[0-9]*/maps"):
        try:
            names |= {line.rsplit("/", 1)[-1] for line in maps.read_text().splitlines() if "/dev/shm/" in line}
        except OSError:
            continue
    return names


@pytest.fixture
def leftovers(monkeypatch):
    """Everything the test starts carries a mark; asserts that nothing marked lives on and no segment is left."""
    mark = uuid.uuid4().hex
    monkeypatch.setenv(MARK, mark)
    found = Leftovers(mark)
    yield found
    gc.collect()  # a pool inside an exception's frames holds its semaphores until then
    if not wait_until(lambda: not found.processes() and not found.segments()):
        assert (found.processes(), found.segments()) == ([], set())


def wait_until(condition, seconds=5.0):
    """Poll until the condition holds or the time is up; return whether it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        os.sched_yield()
    return True
