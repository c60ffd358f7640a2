"""What every test may need: jobs without a sweep, and proof that nothing is left behind."""

import contextlib
import gc
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import multiprocessing.util
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

from workbench.places import CONFIG
from workbench.settings import FIELDS, variable_of

OTHERS = ("sem.loky", "joblib_memmapping")
"""What a library that benchmarks compare with keeps there while it runs, beside this test as well."""
MARK = "WORKBENCH_TEST_MARK"
HELPERS = ("resource_tracker", "forkserver")
NURSERY = "engine.pool.starting.nursery"
KILLED = (
    "test_killing_the_engine_leaves_no_process",
    "test_nothing_is_left_when_the_capturing_process_is_killed",
    "test_a_sweep_that_was_killed_is_finished",
)
"""Tests that kill a sweep or a capture with SIGKILL: its folder of temporary files stays, nobody being left to remove
it."""
KEPT = re.compile(r"/dev/shm/pym-\d+-")
"""Memory that multiprocessing keeps for its next lock or value, once it has made one."""


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
                marked = self._mark in environment or _of_our_nursery(process)
                if marked and not _ours(process) and process.status() != "zombie":
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
    """The test process itself, the two helpers that multiprocessing keeps for as long as it lives, and its nursery."""
    helper = any(name in " ".join(process.cmdline()) for name in (*HELPERS, NURSERY))
    return process.pid == os.getpid() or (helper and process.ppid() == os.getpid())


def _of_our_nursery(process: psutil.Process) -> bool:
    """A worker whose mark is that of whichever test started the nursery, and which no test may leave behind."""
    parent = process.parent()
    return parent is not None and parent.ppid() == os.getpid() and NURSERY in " ".join(parent.cmdline())


def _segments() -> list[str]:
    folder = Path("/dev/shm")
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return [name for name in names if not name.startswith(OTHERS)]


def _mapped() -> set[str]:
    names = set()
    for maps in Path("/proc").glob("[0-9]*/maps"):
        try:
            names |= {line.rsplit("/", 1)[-1] for line in maps.read_text().splitlines() if "/dev/shm/" in line}
        except OSError:
            continue
    return names


class _Helpers:
    """Processes that serve this one for as long as it lives: multiprocessing's two and the nursery, each with the
    descriptors that hold it."""

    def __init__(self):
        self.pids: set[int] = set()
        self.descriptors: set[int] = set()
        tracker: Any = multiprocessing.resource_tracker._resource_tracker
        server: Any = multiprocessing.forkserver._forkserver
        self._add(tracker._pid, tracker._fd)
        self._add(server._forkserver_pid, server._forkserver_alive_fd)
        lifeline = sys.modules.get("engine.pool.lifeline")
        self.descriptors.update(lifeline._Held.pipe or () if lifeline else ())
        forkserver = sys.modules.get("engine.pool.starting.forkserver")
        self.nursery = forkserver._Shared.client if forkserver else None
        if self.nursery:
            process = self.nursery._process
            self._add(process.pid, process.handle, self.nursery._control.fileno())

    def _add(self, pid, *descriptors):
        self.pids.add(pid)
        self.descriptors.update(descriptors)


_SLOTS = "descriptor of /memfd:workbench-slots (deleted)"
"""While a pool is open it keeps one for its next pass, with two descriptors."""


def holdings():
    """Count what this process holds, by kind: descriptors, threads, children, shared memory, our temporary files.

    What its helpers need is not counted. Kinds and not numbers, since a pool that lives longer than a test may have
    replaced a worker. 0.5 ms.
    """
    helpers = _Helpers()
    found = Counter(f"descriptor of {kind}" for kind in _descriptors(helpers.descriptors))
    found.update(f"thread {thread.name}" for thread in threading.enumerate())
    found["child process"] = len(set(_children(os.getpid())) - helpers.pids)
    if helpers.nursery:
        found["worker of the nursery"] = sum(map(_lives, _children(helpers.nursery._process.pid)))
    workers = found["child process"] + found["worker of the nursery"]
    found[_SLOTS] = max(0, found[_SLOTS] - 2 * workers)
    found.update(f"/dev/shm/{name}" for name in _segments())
    files = (path.name for path in Path(tempfile.gettempdir()).iterdir())
    found.update(f"temporary file {name}" for name in files if name.startswith("workbench"))
    return found


def _descriptors(known):
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the one that lists them
            if int(entry.name) not in known and not KEPT.match(target := str(entry.readlink())):
                yield re.sub(r":\[\d+\]$", "", target)  # a socket's or pipe's number


def _children(pid):
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # a thread that has ended
            yield from map(int, path.read_text().split())


def _lives(pid):
    """Whether it is more than a zombie, which a nursery reaps when it is next asked for something."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="session", autouse=True)
def own_temporary_folder(tmp_path_factory):
    """What tests that run beside these write into the temporary folder is not theirs. A short name, for sockets."""
    tmp_path_factory.getbasetemp()  # stays where one looks for it
    before, own = tempfile.gettempdir(), tempfile.mkdtemp(prefix="wbt-")
    tempfile.tempdir = os.environ["TMPDIR"] = own
    yield
    tempfile.tempdir = os.environ["TMPDIR"] = before
    # after multiprocessing has removed its own folder in there, which it does at -100
    multiprocessing.util.Finalize(None, shutil.rmtree, args=(own, True), exitpriority=-101)


@pytest.fixture(scope="session", autouse=True)
def busy_machine():
    """Tests run beside each other, and what a sweep finds out must not depend on that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_ACCEPT_NOISE", "1")
        yield


@pytest.fixture(scope="session", autouse=True)
def shorter_controls():
    """Processes that tests start are changed by ``tests/started``."""
    paths = [str(Path(__file__).parent / "started"), *filter(None, [os.environ.get("PYTHONPATH")])]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(paths))
        yield


@pytest.fixture(scope="session", autouse=True)
def own_history(own_temporary_folder):
    """Sweeps of the tests are kept out of the user's history."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HISTORY", str(Path(tempfile.gettempdir()) / "history.sqlite3"))
        yield


@pytest.fixture(scope="session", autouse=True)
def own_settings():
    """The user's settings are not those of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CONFIG, os.devnull)
        for name in FIELDS:
            if name != "history":  # which own_history sets
                patch.delenv(variable_of(name), raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def own_journal(own_temporary_folder):
    """So are the recordings of the screen's sweeps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(Path(tempfile.gettempdir()) / "state"))
        yield


@pytest.fixture(autouse=True)
def nothing_leaks(request, own_temporary_folder):
    """After every test this process holds no more than before, or what it holds is named."""
    before = holdings()
    yield
    allowed = ("temporary file ",) if request.node.originalname in KILLED else ()
    if _more_than(before, allowed):
        gc.collect()  # what an exception's frames hold
        assert wait_until(lambda: not _more_than(before, allowed)), f"left behind: {_more_than(before, allowed)}"


def _more_than(before, allowed):
    """What is held now and was not before. ``allowed``: how the names of what may be start."""
    more = (holdings() - before).items()
    return {name: count for name, count in more if not name.startswith(allowed) and not _foreign(name)}


def _foreign(name):
    """Whether it is shared memory of a test that runs beside this one."""
    return name.startswith("/dev/shm/") and name.removeprefix("/dev/shm/") in _mapped()


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


@pytest.fixture(autouse=True)
def own_signal_handlers():
    """A command that runs in this process answers signals until the process ends; the next test must not meet that."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)
