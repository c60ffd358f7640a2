"""The crash matrix: every way to crash, at every stage of a worker's life, under every start method."""

import importlib
import os
import select
import signal
import sys
import types
import uuid
from collections import Counter

import pytest

import engine
from engine.errors import PoolBroken, TaskDied, TaskFailed, TaskStuck, WorkFailed
from engine.pool import crew
from engine.pool.starting import forkserver
from engine.workload import ResultSpec
from tests.faults import crashers
from tests.faults.pools import within

pytestmark = pytest.mark.timeout(60)

TABLE = """
stage     segfault  SIGKILL   sys.exit  os._exit  exception
start     broken    broken    broken    broken    broken
script    broken    broken    refused   broken    refused
data      broken    broken    refused   broken    refused
import    broken    broken    refused   broken    refused
task      died      died      stuck     died      stuck
run       died      died      failed    died      failed
slot      died      died      failed    died      failed
result    died      died      stuck     died      stuck
engine    -         -         stuck     -         stuck
idle      fine      fine      fine      fine      fine
exit      fine      fine      fine      fine      fine
"""
"""Where it crashes: when the worker begins, imports the script, unpickles the data, imports the function's module,
unpickles a task, computes, copies a result into its slot, pickles a result; when the engine unpickles a result; when
the worker has nothing to do, and when it ends.

    broken   PoolBroken after three workers in a row, with how the last one ended and at what
    refused  WorkFailed at once, with the worker's traceback
    died     TaskDied for that task after its second worker; every other result is right
    failed   TaskFailed for that task; every other result is right
    stuck    TaskStuck, the same for a task that cannot get to a worker or back
    fine     nobody notices
    -        cannot be survived by anybody, because it is the engine itself that crashes"""

FORK_HAS_IT = ("script", "import")
"""Stages that a fork of the engine skips, because what would be imported is there already."""

ENDED = {
    "segfault": "was killed by SIGSEGV",
    "SIGKILL": "was killed by SIGKILL",
    "sys.exit": "ended with exit code 5",
    "os._exit": "ended with exit code 0",
    "exception": "ended with exit code 1",
}
RAISED = {"sys.exit": "SystemExit: 5", "exception": "ValueError: out of cheese"}

DOING = {
    "start": "while it started",
    "script": "while it imported the main module",
    "data": "while it unpickled the data",
    "import": "while it unpickled the function and prepared the data for it",
    "task": "while it unpickled the task",
    "run": "while it computed the task",
    "slot": "while it computed the task",
    "result": "while it pickled the result",
}
AT = {
    "script": "a worker could not import the main module",
    "data": "a worker could not unpickle the data",
    "import": "a worker could not unpickle the function or prepare the data for it",
    "task": "cannot travel: it cannot be unpickled in a worker:",
    "run": "raised",
    "slot": "raised",
    "result": "cannot travel: its result cannot be pickled:",
    "engine": "cannot travel: its result cannot be unpickled:",
}

PLACE = 5
"""Position of the task that crashes."""
NUMBERS = range(12)
SQUARES = [number * number for number in NUMBERS]


def cells():
    header, *rows = (line.split() for line in TABLE.strip().splitlines())
    return [
        pytest.param(stage, how, outcome, id=f"{stage}-{how}")
        for stage, *outcomes in rows
        for how, outcome in zip(header[1:], outcomes, strict=True)
        if outcome != "-"
    ]


@pytest.fixture(scope="class")
def modules(tmp_path_factory):
    """A folder that workers import from. The main module is empty, so that they need not import pytest."""
    folder = tmp_path_factory.mktemp("modules")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))
        patch.syspath_prepend(folder)
        yield folder


@pytest.fixture(scope="class")
def crew_of_two(request, modules):
    """A pool for all tests of one start method, whatever they do to it."""
    with engine.pool(2, start_method=request.cls.method) as pool:
        yield pool


@pytest.fixture
def nursery(monkeypatch):
    """A nursery of the test's own, which a script may break."""
    monkeypatch.setattr(forkserver._Shared, "client", None)
    monkeypatch.setattr(forkserver._Shared, "losses", Counter())
    monkeypatch.setattr(forkserver._Shared, "excluded", set())
    yield
    forkserver._part()


def code_that_crashes_elsewhere(how):
    return (
        "import os\n"
        "from tests.faults.crashers import crash\n"
        f"if os.getpid() != {os.getpid()}:\n"
        f"    crash({how!r})\n"
        "def square(task):\n"
        "    return task * task\n"
    )


class Stages:
    """One method per stage: it does what crashes there and returns the results."""

    def __init__(self, request, method, pool, how):
        self._request, self._method, self._pool, self._how = request, method, pool, how
        self._patch = request.getfixturevalue("monkeypatch")

    def _module(self, name):
        """Write a module of a name that nobody has imported; return its path, less the suffix."""
        path = self._request.getfixturevalue("modules") / f"{name}_{uuid.uuid4().hex}"
        path.with_suffix(".py").write_text(code_that_crashes_elsewhere(self._how))
        return path

    def _fresh(self, *data):
        return engine.pool(2, *data, start_method=self._method)

    def at_start(self):
        body = f"tests.faults.crashers:{crashers.CRASHES[self._how].__name__}"
        self._patch.setattr(crew, "BODY", body)
        with self._fresh():
            raise AssertionError("no worker can have come up")

    def at_script(self):
        self._request.getfixturevalue("nursery")
        main = types.ModuleType("__main__")
        main.__file__ = str(self._module("script").with_suffix(".py"))
        self._patch.setitem(sys.modules, "__main__", main)
        with self._fresh() as pool:
            return list(pool.map(crashers.square, NUMBERS))

    def at_data(self):
        with self._fresh(crashers.Unloadable(self._how)):
            raise AssertionError("no worker can have the data")

    def at_import(self):
        function = importlib.import_module(self._module("module").name).square
        if self._method != "fork":
            return list(self._pool.map(function, NUMBERS))
        with self._fresh() as pool:
            return list(pool.map(function, NUMBERS))

    def _map(self, function, bad, **options):
        tasks = list(NUMBERS)
        tasks[PLACE] = bad
        return list(self._pool.map(function, tasks, on_error="keep", **options))

    def at_task(self):
        return self._map(crashers.run, crashers.Unloadable(self._how))

    def at_run(self):
        return self._map(crashers.run, self._how)

    def at_slot(self):
        return self._map(crashers.give_uncopyable, self._how, result=ResultSpec("float64"))

    def at_result(self):
        return self._map(crashers.give_undumpable, self._how)

    def at_engine(self):
        return self._map(crashers.give_unloadable, self._how)

    def at_idle(self):
        lives = sum(worker.lives for worker in self._pool.workers)
        [pid] = self._pool.map(crashers.arm, [self._how])
        handle = os.pidfd_open(pid)
        os.kill(pid, signal.SIGUSR1)
        select.select([handle], [], [])
        os.close(handle)
        results = list(self._pool.map(crashers.square, NUMBERS))
        assert pid not in [worker.pid for worker in self._pool.workers]
        assert sum(worker.lives for worker in self._pool.workers) == lives + 1
        return results

    def at_exit(self):
        with self._fresh(crashers.Unfreeable(self._how)) as pool:
            return list(pool.map(crashers.square_beside, NUMBERS))


def check_broken(stage, how, attempt):
    with pytest.raises(PoolBroken) as caught:
        attempt()
    ending = f"3 workers in a row did not come up; the last one {ENDED[how]} {DOING[stage]}"
    assert str(caught.value).startswith(ending)
    assert ("in string_at" in str(caught.value)) == (how == "segfault" and stage != "start")


def check_refused(stage, how, attempt):
    with pytest.raises(WorkFailed) as caught:
        attempt()
    assert type(caught.value) is WorkFailed
    assert str(caught.value).startswith(f"{AT[stage]}: {RAISED[how]} at ")
    assert "Traceback (most recent call last)" in str(caught.value)
    assert crashers.CRASHES[how].__name__ in str(caught.value)


def check_kept(results):
    failure = results.pop(PLACE)
    assert results == [square for square in SQUARES if square != PLACE * PLACE]
    assert failure.index == PLACE
    return failure


def check_died(stage, how, attempt):
    failure = check_kept(attempt())
    assert type(failure) is TaskDied
    task = crashers.Unloadable(how) if stage == "task" else how
    message = f"task {PLACE} ({task!r}) ended its worker process twice: it {ENDED[how]} {DOING[stage]}"
    assert str(failure).splitlines()[0] == message
    assert ("in string_at" in failure.trace) == (how == "segfault")


def check_failed(stage, how, attempt, kind=TaskFailed):
    failure = check_kept(attempt())
    assert type(failure) is kind
    task = "unknown" if stage == "task" else repr(how)
    assert str(failure).startswith(f"task {PLACE} ({task}) {AT[stage]} {RAISED[how]}")
    assert f"in {crashers.CRASHES[how].__name__}\n" in failure.trace


def check_stuck(stage, how, attempt):
    check_failed(stage, how, attempt, TaskStuck)


def check_fine(stage, how, attempt):
    assert attempt() == SQUARES


CHECKS = {
    "broken": check_broken,
    "refused": check_refused,
    "died": check_died,
    "failed": check_failed,
    "stuck": check_stuck,
    "fine": check_fine,
}


class Matrix:
    """Every cell under one start method; afterwards its pool still computes."""

    method: str

    @pytest.mark.parametrize(("stage", "how", "outcome"), cells())
    def test_a_crash(self, stage, how, outcome, crew_of_two, request):
        outcome = "fine" if self.method == "fork" and stage in FORK_HAS_IT else outcome
        attempt = getattr(Stages(request, self.method, crew_of_two, how), f"at_{stage}")
        with within(2):
            CHECKS[outcome](stage, how, attempt)
        assert list(crew_of_two.map(crashers.square, NUMBERS)) == SQUARES


class TestForkServer(Matrix):
    method = "forkserver"


class TestSpawn(Matrix):
    method = "spawn"


class TestFork(Matrix):
    method = "fork"
