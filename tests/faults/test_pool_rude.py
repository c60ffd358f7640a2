"""Tasks with bad manners: what they do to themselves or their worker never changes the result of another."""

import asyncio
import os
import signal
import sys
import threading

import pytest

import engine
from engine.errors import TaskDied, TaskFailed
from engine.workload import ResultSpec
from tests.faults.pools import History

pytestmark = pytest.mark.timeout(60)

FORMS = pytest.mark.parametrize("result", [ResultSpec("int64"), None], ids=["slots", "pipe"])
PLACE = 30


@pytest.fixture(scope="module")
def pool():
    with engine.pool(2) as pool:
        yield pool


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("no words")


class Unpicklable(Exception):
    def __init__(self, first, second):
        super().__init__(first)
        self.lock = threading.Lock()


class Unorthodox(BaseException):
    pass


def stop_iteration(task):
    return next(iter(())) if task == PLACE else task


def unspeakable(task):
    return _throw(Unspeakable()) if task == PLACE else task


def unpicklable(task):
    return _throw(Unpicklable("first", "second")) if task == PLACE else task


def cancelled(task):
    return _throw(asyncio.CancelledError()) if task == PLACE else task


def unorthodox(task):
    return _throw(Unorthodox("quite")) if task == PLACE else task


def interrupted(task):
    return _throw(KeyboardInterrupt()) if task == PLACE else task


def closed(task):
    return _throw(GeneratorExit()) if task == PLACE else task


def out_of_messages(task):
    return _throw(EOFError("no more")) if task == PLACE else task


def endless_recursion(task):
    return endless_recursion(task) if task == PLACE else task


def _throw(error):
    raise error


@FORMS
@pytest.mark.parametrize(
    ("function", "raised"),
    [
        (stop_iteration, "StopIteration"),
        (unspeakable, "Unspeakable: (its message raises RuntimeError) at "),
        (unpicklable, "Unpicklable: first at "),
        (cancelled, "CancelledError at "),
        (unorthodox, "Unorthodox: quite at "),
        (interrupted, "KeyboardInterrupt at "),
        (closed, "GeneratorExit at "),
        (out_of_messages, "EOFError: no more at "),
        (endless_recursion, "RecursionError: maximum recursion depth exceeded"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_whatever_a_task_raises_is_its_own_failure(function, raised, result, pool):
    before = [worker.pid for worker in pool.workers]
    history = History(lambda task: task, range(100))
    for index, value in pool.unordered(function, range(100), result=result, on_error="keep"):
        history.acknowledge(index, value) if index != PLACE else None
    history.check(but={PLACE})
    [failure] = pool.failures
    assert type(failure) is TaskFailed
    assert str(failure).startswith(f"task {PLACE} ({PLACE}) raised {raised}")
    assert [worker.pid for worker in pool.workers] == before


def lose_streams(task):
    sys.stdout = sys.stderr = sys.stdin = None
    return task


def move_away(task):
    os.chdir("/")
    os.environ.clear()
    sys.path.clear()
    return task


def start_thread(task):
    if task % 10 == 0:
        threading.Thread(target=threading.Event().wait).start()
    return task


def ignore_everything(task):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    return task


def fork_and_linger(task):
    """Leave a process behind that has the worker's descriptors; it ends when its worker does."""
    if task == PLACE:
        read, write = os.pipe()
        if not os.fork():
            os.close(write)
            os.read(read, 1)
            os._exit(0)
        os.close(read)
    return task


@FORMS
@pytest.mark.parametrize("function", [lose_streams, move_away, start_thread, ignore_everything, fork_and_linger])
def test_what_a_task_does_to_its_worker_costs_no_result(function, result):
    with engine.pool(2) as own:
        for chunk_size in (1, "auto"):
            history = History(lambda task: task, range(100))
            history.watch(own.unordered(function, range(100), result=result, chunk_size=chunk_size))
        assert sum(worker.lives for worker in own.workers) == 2


def close_everything(task):
    if task == PLACE:
        os.closerange(3, 256)
    return task


def ring_alarm(task):
    if task == PLACE:
        signal.setitimer(signal.ITIMER_REAL, 1e-6)
        threading.Event().wait()
    return task


def test_a_task_that_closes_its_workers_descriptors_is_found(pool):
    assert list(pool.map(close_everything, range(60), on_error="skip")) == [n for n in range(60) if n != PLACE]
    [failure] = pool.failures
    assert type(failure) is TaskDied
    assert "it ended with exit code 1 while it pickled the result" in str(failure)


@FORMS
def test_a_task_that_an_alarm_ends_is_found(result, pool):
    results = list(pool.map(ring_alarm, range(60), result=result, on_error="skip"))
    assert results == [n for n in range(60) if n != PLACE]
    [failure] = pool.failures
    assert "it was killed by SIGALRM while it computed the task" in str(failure)


class Nameless:
    def __repr__(self):
        raise RuntimeError("no name")


def refuse_nameless(task):
    return _throw(ValueError("not this one")) if isinstance(task, Nameless) else task


def test_a_task_that_cannot_be_shown_is_described(pool):
    assert list(pool.map(refuse_nameless, [1, Nameless(), 3], on_error="skip")) == [1, 3]
    [failure] = pool.failures
    named = "task 1 (Nameless whose repr raises RuntimeError)"
    assert str(failure).startswith(f"{named} raised ValueError: not this one at ")


def leak(task):
    """Keep 2 MB for ever."""
    LEAKED.append(bytearray(b"x" * (2 << 20)))
    return task


LEAKED: list[bytearray] = []


@FORMS
def test_a_leak_is_not_the_fault_of_the_task_that_meets_the_limit(result):
    """300 tasks of 2 MB each under a budget of 150 MB: workers are replaced, and no task fails."""
    with engine.pool(2, memory=150 << 20) as own:
        assert list(own.map(leak, range(300), result=result)) == list(range(300))
        assert own.failures == ()
        assert sum(worker.lives for worker in own.workers) > 2
