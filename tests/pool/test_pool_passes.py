"""One pass over tasks after the other, and what is refused."""

import gc
import itertools
import os
import threading

import numpy as np
import pytest

import engine
from engine.errors import Lacking, RequestError, WorkFailed
from engine.pool import limits
from engine.workload import ResultSpec
from tests.conftest import wait_until
from tests.pool import functions
from tests.pool.conftest import NUMBER, TABLE


@pytest.mark.parametrize("result", [None, NUMBER], ids=["pickled", "declared"])
@pytest.mark.parametrize("chunk_size", [1, 50, "auto"])
def test_a_pass_that_is_left_early_does_not_disturb_the_next(pool, result, chunk_size):
    options = {"result": result, "chunk_size": chunk_size}
    for enough in (1, 30, 400):
        for taken, _ in enumerate(pool.map(functions.as_float, range(1_000), **options), start=1):
            if taken == enough:
                break
        found = list(pool.map(functions.as_float, range(7, 300), **options))
        assert found == [functions.as_float(task) for task in range(7, 300)]


def leave_after_the_first_result(started, function, folder, tasks=2):
    results = started.unordered(function, [(index, str(folder)) for index in range(tasks)], chunk_size=1)
    assert next(results) == (1, 1)
    results.close()


def test_a_task_that_never_ends_and_that_nobody_waits_for_cannot_hold_up_the_next_pass(pool, tmp_path):
    before = {view.pid for view in pool.workers}
    leave_after_the_first_result(pool, functions.first_never_ends, tmp_path)
    assert list(pool.map(functions.square, range(9))) == [task * task for task in range(9)]
    assert len(before - {view.pid for view in pool.workers}) == 1


def test_a_task_that_nobody_waits_for_may_end_and_its_worker_goes_on(pool, tmp_path):
    before = {view.pid for view in pool.workers}
    leave_after_the_first_result(pool, functions.first_ends_when_it_may, tmp_path)
    (tmp_path / "go on").touch()
    assert list(pool.map(functions.square, range(9))) == [task * task for task in range(9)]
    assert {view.pid for view in pool.workers} == before
    assert wait_until((tmp_path / "0").exists)


def test_what_was_handed_out_ahead_is_not_begun_when_nobody_wants_it_any_more(tmp_path):
    (tmp_path / "begun").touch()
    with engine.pool(workers=1) as started:
        tasks = [(index, str(tmp_path)) for index in (*range(1, 31), 0, *range(31, 90))]
        results = started.map(functions.first_ends_when_it_may, tasks, chunk_size=1)
        assert list(itertools.islice(results, 30)) == list(range(1, 31))
        assert wait_until(lambda: started.workers[0].first == 30)
        results.close()
        (tmp_path / "go on").touch()
        assert list(started.map(functions.square, [3])) == [9]
    assert not (tmp_path / "31").exists()


def test_a_pass_that_is_forgotten_makes_room_for_the_next(pool):
    results = pool.map(functions.square, range(1_000))
    next(results)
    del results
    gc.collect()
    assert list(pool.map(functions.square, [3])) == [9]


def test_there_is_one_pass_at_a_time(pool):
    results = pool.map(functions.square, range(1_000))
    next(results)
    for other in (pool.map(functions.square, [3]), pool.unordered(functions.square, [3])):
        with pytest.raises(RequestError, match="in the middle of another pass: finish or close that one first"):
            next(other)
    assert len(list(results)) == 999
    assert list(pool.map(functions.square, [3])) == [9]


def test_a_pass_that_is_not_begun_is_in_nobodys_way(pool):
    later = pool.map(functions.square, [4])
    assert list(pool.map(functions.square, [3])) == [9]
    assert list(later) == [16]


def test_passes_can_have_different_functions_and_forms(pool):
    for _ in range(3):
        assert list(pool.map(functions.square, range(40))) == [task * task for task in range(40)]
        assert list(pool.map(functions.as_float, range(40), result=NUMBER)) == [task * 1.5 for task in range(40)]
        assert np.array_equal(list(pool.map(functions.table, [5], result=TABLE)), [functions.table(5)])


def test_a_pass_can_run_in_any_thread(pool):
    found = []
    thread = threading.Thread(target=lambda: found.extend(pool.map(functions.square, range(100))))
    thread.start()
    thread.join(30)
    assert found == [task * task for task in range(100)]


def test_a_consumer_who_raises_ends_the_pool_at_once():
    started = engine.pool(workers=2)

    def consume():
        with started:
            for result in started.map(functions.square, range(1_000), result=ResultSpec("int64")):
                raise LookupError(result)

    with pytest.raises(LookupError):
        consume()
    assert started.workers == ()


def test_a_pool_can_be_started_again_after_it_was_left():
    started = engine.pool(workers=1)
    for _ in range(2):
        with started:
            assert list(started.map(functions.square, range(5))) == [0, 1, 4, 9, 16]


# what is refused


def test_a_pool_works_inside_its_with_statement_only():
    started = engine.pool(workers=1)
    with pytest.raises(RequestError, match="the pool is not started: use it in a `with` statement"):
        started.map(functions.square, [1])
    with started:
        with pytest.raises(RequestError, match="the pool is started already"), started:
            pass
        not_begun = started.map(functions.square, [1])
        begun = started.map(functions.square, range(100), chunk_size=1)
        next(begun)
        assert [view.phase for view in started.workers] != []
    assert list(started.workers) == []
    assert list(started.notes) == []
    with pytest.raises(RequestError, match="the pool was left in the middle of this pass"):
        list(begun)
    with pytest.raises(RequestError, match="the pool is not started"):
        next(not_begun)


def test_what_is_no_function_is_refused_at_once(pool):
    with pytest.raises(RequestError, match=r"map: expected a function and then tasks, got \[1, 2\]"):
        pool.map([1, 2], functions.square)
    with pytest.raises(RequestError, match="did you mean 'chunk_size'"):
        pool.map(functions.square, [1], chunksize=3)
    with pytest.raises(RequestError, match="tasks: expected something to iterate over, got 5"):
        next(pool.map(functions.square, 5))


def test_a_function_that_cannot_reach_workers_is_refused_and_the_pool_goes_on(pool):
    with pytest.raises(WorkFailed, match=r"the function cannot be pickled: .*lambda"):
        list(pool.map(lambda task: task, [1]))
    before = {view.pid for view in pool.workers}
    for _ in range(5):
        with pytest.raises(WorkFailed, match=r"a worker could not unpickle the function.*no such thing here"):
            list(pool.map(Unloadable(), [1]))
        assert list(pool.map(functions.square, [3])) == [9]
    assert {view.pid for view in pool.workers} == before


class Unloadable:
    """Can be unpickled in the engine alone."""

    def __reduce__(self):
        return _load, (os.getpid(),)

    def __call__(self, task):
        return task


def _load(engine_pid):
    if os.getpid() != engine_pid:
        raise LookupError("no such thing here")
    return Unloadable()


def test_a_machine_without_enough_memory_is_told_before_anything_starts(monkeypatch):
    monkeypatch.setattr(limits, "available_memory", lambda: 100 << 20)
    with pytest.raises(Lacking, match=r"8 workers need .* of their own.*105 MB are available: 2 workers fit"):
        engine.pool(workers=8).__enter__()
    with pytest.raises(Lacking, match=r"1 worker needs .*2\.0 GB of its own.*not even 1 worker fits"):
        engine.pool(workers=1, memory=2_000_000_000).__enter__()


def test_data_that_cannot_be_pickled_is_refused_and_leaves_nothing():
    with pytest.raises(WorkFailed, match=r"the data cannot be pickled: .*give workers plain data"):
        engine.pool(workers=2, data={"lock": threading.Lock()}).__enter__()
