"""Tasks that fail: which failure ends a pass, what is skipped, kept and tried again, and what an error says."""

from typing import Any

import pytest

import engine
from engine.errors import TaskFailed, TaskStuck
from tests.pool import functions
from tests.pool.conftest import NUMBER
from tests.pool.functions import SEVENS


@pytest.mark.parametrize("how", ["map", "unordered"])
def test_the_first_failure_in_order_ends_a_pass_though_a_later_one_came_first(pool, how, tmp_path):
    tasks = [(index, str(tmp_path)) for index in range(60)]
    with pytest.raises(TaskFailed, match="the first in order") as error:
        list(getattr(pool, how)(functions.fail_late, tasks, chunk_size=1))
    assert error.value.index == 3


@pytest.mark.parametrize("result", [None, NUMBER], ids=["pickled", "declared"])
@pytest.mark.parametrize("chunk_size", [1, 7, 100, "auto"])
def test_results_before_the_first_failure_are_given(pool, result, chunk_size):
    found: list[Any] = []
    options = {"result": result, "chunk_size": chunk_size}
    with pytest.raises(TaskFailed, match="task 6 "):
        found.extend(pool.map(functions.fail_at_multiples_of_seven, range(1, 100), **options))
    assert found == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("result", [None, NUMBER], ids=["pickled", "declared"])
@pytest.mark.parametrize("chunk_size", [1, 7, "auto"])
def test_failures_are_skipped_or_kept_in_their_places(pool, result, chunk_size):
    options = {"result": result, "chunk_size": chunk_size}
    skipped = list(pool.map(functions.fail_at_multiples_of_seven, range(100), on_error="skip", **options))
    assert skipped == [task for task in range(100) if task % 7]
    assert [failure.index for failure in pool.failures] == SEVENS
    kept = list(pool.map(functions.fail_at_multiples_of_seven, range(100), on_error="keep", **options))
    assert [task for task in kept if not isinstance(task, TaskFailed)] == skipped
    assert tuple(task for task in kept if isinstance(task, TaskFailed)) == pool.failures
    assert [kept[index].index for index in SEVENS] == SEVENS


def test_without_order_failures_are_kept_with_their_positions(pool):
    found = list(pool.unordered(functions.fail_at_multiples_of_seven, range(100), on_error="keep"))
    assert sorted(index for index, _ in found) == list(range(100))
    assert all(value == index for index, value in found if index % 7)
    assert all(isinstance(value, TaskFailed) and value.index == index for index, value in found if index % 7 == 0)


def test_failures_are_those_of_the_last_pass(pool):
    list(pool.map(functions.fail_at_multiples_of_seven, range(100), on_error="skip"))
    assert len(pool.failures) == len(SEVENS)
    list(pool.map(functions.square, range(5)))
    assert pool.failures == ()


def test_what_fails_is_tried_again_as_often_as_was_asked_for(pool, tmp_path):
    for times, failing in ((1, 10), (2, 0)):
        folder = tmp_path / str(times)
        folder.mkdir()
        tasks = [(index, str(folder)) for index in range(30)]
        found = list(pool.map(functions.fail_first, tasks, on_error=engine.retry(times, "skip")))
        assert len(found) == 30 - failing
        assert len(pool.failures) == failing
        tries = {index: len(list(folder.glob(f"{index}-*"))) for index in range(30)}
        assert tries == {index: 1 if index % 3 else times + 1 for index in range(30)}


def test_an_error_names_the_task_the_place_and_holds_the_traceback(pool):
    with pytest.raises(TaskFailed) as error:
        list(pool.map(functions.fail_deep, ["a", "b"]))
    failure = error.value
    assert str(failure).startswith("task 0 ('a') raised KeyError: 'missing' at ")
    assert "functions.py:" in str(failure)
    assert (failure.index, failure.task) == (0, "'a'")
    assert failure.trace.splitlines()[-1] == "KeyError: 'missing'"
    for name in ("fail_deep", "_deeper"):
        assert f"in {name}" in failure.trace


@pytest.mark.parametrize("result", [None, NUMBER], ids=["pickled", "declared"])
@pytest.mark.parametrize("name", functions.RAISED)
def test_whatever_a_task_raises_is_its_own_failure_and_its_worker_goes_on(pool, name, result):
    before = [view.pid for view in pool.workers]
    found = list(pool.map(functions.raise_in_the_middle, [*range(9), name, *range(9)], on_error="keep", result=result))
    assert found[:9] == found[10:] == list(range(9))
    assert str(found[9]).startswith(f"task 9 ('{name}') raised {name}")
    assert [view.pid for view in pool.workers] == before


def test_a_task_that_recurses_for_ever_fails(pool):
    with pytest.raises(TaskFailed, match=r"task 0 .* raised RecursionError: maximum recursion depth exceeded"):
        list(pool.map(functions.recurse, [1]))


@pytest.mark.parametrize("chunk_size", [1, 7, "auto"])
def test_a_result_that_cannot_be_pickled_is_a_failure_of_its_task_alone(pool, chunk_size):
    before = [view.pid for view in pool.workers]
    options: Any = {"on_error": "skip", "chunk_size": chunk_size}
    found = list(pool.map(functions.sometimes_unpicklable, range(100), **options))
    assert found == [task for task in range(100) if task % 10 != 3]
    assert [failure.index for failure in pool.failures] == list(range(3, 100, 10))
    assert {type(failure) for failure in pool.failures} == {TaskStuck}
    assert "its result cannot be pickled: TypeError: cannot pickle '_thread.lock' object" in str(pool.failures[0])
    assert [view.pid for view in pool.workers] == before


def test_a_result_of_another_form_than_declared_is_a_failure_of_its_task(pool):
    found = list(pool.map(functions.wrong_form, range(30), result=NUMBER, on_error="skip"))
    assert found == [2.5] * 27
    assert [failure.index for failure in pool.failures] == [0, 10, 20]
    assert "does not have the declared form float64 []: it is float64 [2]" in str(pool.failures[0])
