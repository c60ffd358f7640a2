"""Tasks that crash, hang or eat memory, and workers that somebody stops: each costs itself and nothing else."""

import functools
import itertools
import os
import signal
import time

import numpy as np
import pytest

import engine
from engine.errors import TaskDied, TaskFailed, TaskOutgrew, TaskTimedOut, WorkFailed
from engine.pool.watch import Watch
from engine.workload import ResultSpec
from tests.conftest import wait_until
from tests.faults import crashers
from tests.faults.pools import History, within

pytestmark = pytest.mark.timeout(60)

SCALAR = ResultSpec("int64")
MB = 1 << 20


@pytest.fixture(scope="module")
def pool():
    with engine.pool(2) as pool:
        yield pool


def pids(pool):
    return {worker.pid for worker in pool.workers}


def failures_among(pool, function, tasks, oracle, **options):
    """Check that every task but those that fail has its result once; return the failures by position."""
    history, failures = History(oracle, tasks), {}
    for index, value in pool.unordered(function, tasks, on_error="keep", **options):
        if isinstance(value, TaskFailed):
            failures[index] = value
        else:
            history.acknowledge(index, value)
    history.check(but=failures)
    assert pool.failures == tuple(failures[index] for index in sorted(failures))
    return failures


# ---- one that crashes


def poisoned(tasks, places, poison):
    return [poison if place in places else place for place in range(tasks)]


def square_or_none(task):
    return task * task if isinstance(task, int) else None


@pytest.mark.parametrize("result", [SCALAR, None], ids=["slots", "pipe"])
@pytest.mark.parametrize("place", [0, 7777, 9999])
def test_one_poison_task_of_ten_thousand_costs_itself_alone(result, place, pool):
    tasks = poisoned(10_000, {place}, "segfault")
    [(index, failure)] = failures_among(pool, crashers.run, tasks, square_or_none, result=result).items()
    assert index == place
    assert type(failure) is TaskDied
    first = (
        f"task {place} ('segfault') ended its worker process twice: it was killed by SIGSEGV while it computed the task"
    )
    assert str(failure).splitlines()[0] == first
    assert "in string_at" in failure.trace
    assert "tests/faults/crashers.py" in failure.trace
    assert " in crash\n" in failure.trace


def test_many_poison_tasks_cost_themselves_alone(pool):
    places = {3, 4, 5, 500, 501, 998}
    failures = failures_among(pool, crashers.run, poisoned(1000, places, "SIGKILL"), square_or_none)
    assert set(failures) == places
    assert {type(failure) for failure in failures.values()} == {TaskDied}


def test_nothing_but_poison_ends_too(pool):
    failures = failures_among(pool, crashers.run, ["os._exit"] * 12, square_or_none)
    assert len(failures) == 12


def test_a_worker_killed_once_by_somebody_else_costs_no_task(pool):
    history = History(crashers.square, range(500))
    for index, value in pool.unordered(crashers.square, range(500), chunk_size=1):
        history.acknowledge(index, value)
        if index == 100:
            os.kill(pool.workers[0].pid, signal.SIGKILL)
    history.check()
    assert pool.failures == ()


def test_stop_raises_the_poison_task_and_the_pool_goes_on(pool):
    with pytest.raises(TaskDied, match="task 20 "):
        list(pool.map(crashers.run, poisoned(40, {20}, "SIGKILL")))
    assert list(pool.map(crashers.square, range(3))) == [0, 1, 4]


# ---- a result that the engine cannot unpickle, with others behind it


def idle(pool):
    return all(worker.phase == "idle" for worker in pool.workers)


def test_results_behind_one_that_cannot_be_unpickled_stay_with_their_tasks(pool, monkeypatch):
    """The results of its worker's next piece have arrived by then; they belong to that piece."""
    monkeypatch.setattr(crashers, "before_failing", lambda: wait_until(lambda: idle(pool)))
    tasks = poisoned(60, {30}, "bad")
    failures = failures_among(pool, crashers.give_unloadable_late, tasks, square_or_none, chunk_size=1)
    assert list(failures) == [30]


# ---- one that hangs


def test_a_task_that_hangs_is_stopped_and_only_its_worker_replaced(pool):
    before = pids(pool)
    tasks = poisoned(200, {50}, "hang")
    failures = failures_among(pool, crashers.hang, tasks, square_or_none, result=SCALAR, timeout=0.3)
    assert list(failures) == [50]
    assert type(failures[50]) is TaskTimedOut
    assert str(failures[50]).startswith("task 50 ('hang') was stopped: it took longer than 0.3 s\n")
    assert "in hang" in failures[50].trace
    assert len(pids(pool) - before) == 1


@pytest.mark.parametrize("function", [crashers.hang, crashers.hang_in_c, crashers.hang_deaf])
def test_how_a_task_hangs_does_not_matter(function, pool):
    failures = failures_among(pool, function, poisoned(50, {20}, "hang"), square_or_none, timeout=0.3)
    assert list(failures) == [20]
    assert type(failures[20]) is TaskTimedOut
    assert f"in {function.__name__}" in failures[20].trace


@pytest.mark.parametrize(
    ("function", "bad"),
    [(crashers.echo, crashers.SlowToLoad()), (crashers.give_slow_to_dump, "bad")],
    ids=["unpickled", "result pickled"],
)
def test_a_task_may_not_hang_while_it_or_its_result_is_pickled_either(function, bad, pool):
    failures = failures_among(pool, function, poisoned(20, {10}, bad), lambda task: task, timeout=0.3)
    assert list(failures) == [10]
    assert type(failures[10]) is TaskTimedOut


def test_a_slow_consumer_is_no_slow_task(pool):
    """Workers whose results nobody takes wait with them; that is not their tasks' fault."""
    results = pool.unordered(crashers.megabyte, range(20), chunk_size=1, timeout=0.2)
    seen = [next(results)[0]]
    assert wait_until(lambda: all(worker.phase == "sending" for worker in pool.workers))
    begun = time.monotonic()
    assert wait_until(lambda: time.monotonic() - begun > 0.5)
    seen += [index for index, _ in results]
    assert sorted(seen) == list(range(20))


# ---- one that eats memory


@pytest.fixture(scope="module")
def frugal():
    """Workers over 300 MB of shared data that may have 150 MB of their own."""
    with engine.pool(2, np.ones(300 * MB // 8), memory=150 * MB) as pool:
        yield pool


@pytest.mark.parametrize("result", [SCALAR, None], ids=["slots", "pipe"])
def test_a_task_that_eats_memory_is_stopped_and_named_with_figures(result, frugal):
    failures = failures_among(frugal, crashers.eat_beside, poisoned(20, {10}, "eat"), square_or_none, result=result)
    assert list(failures) == [10]
    assert type(failures[10]) is TaskOutgrew
    message = str(failures[10])
    assert message.startswith("task 10 ('eat') was stopped: its worker needed 0.")
    assert "GB of its own, its budget is 0.16 GB" in message


def test_shared_data_is_nobodys_memory(frugal):
    """Every worker touches all of it, which makes its resident set twice its budget."""
    before = pids(frugal)
    assert set(frugal.map(crashers.sum_up, range(8), chunk_size=1)) == {300 * MB // 8}
    assert pids(frugal) == before


# ---- a worker that somebody stops


@pytest.mark.parametrize("result", [SCALAR, None], ids=["slots", "pipe"])
def test_the_tasks_of_a_stopped_worker_go_to_another(result, pool, monkeypatch, tmp_path):
    monkeypatch.setattr(Watch, "STOPPED", 0.2)
    function = functools.partial(crashers.stop_once, tmp_path / "stopped")
    History(crashers.square, range(300)).watch(pool.unordered(function, range(300), result=result, chunk_size=10))
    assert int((tmp_path / "stopped").read_text()) not in pids(pool)
    assert pool.failures == ()


def test_a_worker_stopped_between_two_passes_does_not_hold_up_the_next(pool):
    stopped = pool.workers[0].pid
    os.kill(stopped, signal.SIGSTOP)
    with within(4):
        assert list(pool.map(crashers.square, range(10))) == [number**2 for number in range(10)]
    assert stopped not in pids(pool)


def test_a_task_of_a_pass_that_was_given_up_does_not_hold_up_the_next(pool):
    results = pool.unordered(crashers.hang, [1, "hang", 2], chunk_size=1)
    next(results)
    results.close()
    with within(4):
        assert list(pool.map(crashers.square, range(10))) == [number**2 for number in range(10)]


def test_an_order_given_up_before_a_busy_worker_read_it_does_no_harm(pool, tmp_path):
    """It waits behind a piece that the worker's socket has no room for; its slots are gone when it is sent at last."""
    payload = bytes(2 << 20)
    tasks = [("", payload)] * 20
    tasks[10] = (str(tmp_path / "go"), payload)
    results = pool.unordered(crashers.wait_for_file, tasks, chunk_size=1)
    assert [value for _, value in itertools.islice(results, 18)] == [1] * 18  # the others are in the busy worker's hand
    results.close()
    with pytest.raises(WorkFailed, match="ValueError: out of cheese"):
        list(pool.map(crashers.UnloadableFunction("exception"), range(5), result=SCALAR))
    (tmp_path / "go").touch()
    assert list(pool.map(crashers.square, range(5))) == [0, 1, 4, 9, 16]


def test_a_stopped_worker_and_one_that_hangs_at_its_end_are_ended_with_the_pool():
    with within(4), engine.pool(2, crashers.Unfreeable("hang")) as own:
        assert list(own.map(crashers.square_beside, range(4))) == [0, 1, 4, 9]
        os.kill(own.workers[0].pid, signal.SIGSTOP)
