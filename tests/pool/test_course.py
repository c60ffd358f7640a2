"""A pass over tasks, ordered or not, with virtual workers that do everything real ones can do, in any order."""

import random
from contextlib import nullcontext
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.errors import PoolBroken, RequestError, TaskDied, TaskFailed, TaskStuck
from engine.pool import course
from engine.pool.board import Phase
from engine.pool.options import OnError, retry
from engine.pool.schedule import STRIKES
from engine.workload import ResultSpec
from tests.pool.virtual import Crew, Task, a_pool, value

BAD = ("raises", "poison", "odd", "unpicklable", "unreadable")


@st.composite
def passes(draw):
    """Tasks, and keyword arguments of ``a_pass``."""
    count = draw(st.integers(0, 60))
    kinds = draw(st.dictionaries(st.integers(0, max(0, count - 1)), st.sampled_from(BAD), max_size=4))
    tasks = [Task(index, kinds.get(index, "good")) for index in range(count)]
    return tasks, {
        "workers": draw(st.integers(1, 4)),
        "seed": draw(st.integers(0, 10_000)),
        "kills": draw(st.integers(0, 4)),
        "slots": draw(st.booleans()),
        "chunk_size": draw(st.sampled_from(["auto", 1, 3, 50])),
        "buffered": draw(st.sampled_from([0, 100, 256 << 20])),
        "lazy": draw(st.booleans()),
    }


class APass:
    """A pass over tasks with a virtual pool."""

    def __init__(self, tasks, *, workers=2, seed=0, kills=0, slots=False, chunk_size="auto", buffered=1e9, lazy=False):
        self.tasks = tasks
        self.slots, self.buffered, self.lazy = slots, buffered, lazy
        self.crew: Any = Crew(workers, random.Random(seed), kills)
        self.pool = a_pool(self.crew)
        self.options = {"chunk_size": chunk_size, "result": ResultSpec("float64") if slots else None}

    def iterate(self, how="map", on_error="stop"):
        given_tasks = iter(self.tasks) if self.lazy else self.tasks
        with mock.patch.object(course, "BUFFERED", self.buffered):
            yield from getattr(self.pool, how)(value, given_tasks, on_error=on_error, **self.options)

    def goes_wrong(self, task):
        """With slots nothing is pickled that could be odd."""
        return task.kind in BAD and not (task.kind == "odd" and self.slots)

    def expected(self, task):
        if not self.goes_wrong(task):
            return value(task.index)
        return {"poison": TaskDied, "raises": TaskFailed}.get(task.kind, TaskStuck)

    def good(self):
        return [value(task.index) for task in self.tasks if not self.goes_wrong(task)]


def told(result):
    """A result, or the type of a failure that knows its place."""
    return type(result) if isinstance(result, TaskFailed) else float(result)


each_pass = given(passes())
many = settings(max_examples=50, deadline=None)


@many
@each_pass
def test_every_task_is_settled_once_and_in_its_place(one):
    tasks, options = one
    run = APass(tasks, **options)
    results = list(run.iterate(on_error="keep"))
    assert [told(result) for result in results] == [run.expected(task) for task in tasks]
    wrong = [task.index for task in tasks if run.goes_wrong(task)]
    assert [failure.index for failure in run.pool.failures] == wrong
    assert [result.index for result in results if isinstance(result, TaskFailed)] == wrong


@many
@each_pass
def test_without_order_it_is_the_same_set_of_results(one):
    tasks, options = one
    run = APass(tasks, **options)
    results = [(index, told(result)) for index, result in run.iterate("unordered", on_error="keep")]
    assert sorted(results, key=lambda pair: pair[0]) == [(task.index, run.expected(task)) for task in tasks]


@many
@each_pass
@pytest.mark.parametrize("how", ["map", "unordered"])
def test_the_error_that_stops_a_pass_is_always_that_of_the_first_task_that_fails(how, one):
    tasks, options = one
    run = APass(tasks, **options)
    wrong = [task for task in tasks if run.goes_wrong(task)]
    seen: list[Any] = []
    raised: Any = pytest.raises(TaskFailed) if wrong else nullcontext()
    with raised as caught:
        seen.extend(run.iterate(how))
    if wrong:
        assert caught.value.index == wrong[0].index
        assert type(caught.value) is run.expected(wrong[0])
    before = [value(task.index) for task in tasks[: wrong[0].index if wrong else None]]
    if how == "map":
        assert seen == before
    else:
        assert {index: float(result) for index, result in seen}.items() >= dict(enumerate(before)).items()


@many
@each_pass
def test_what_fails_is_left_out_when_it_is_skipped(one):
    tasks, options = one
    run = APass(tasks, **options)
    assert list(run.iterate(on_error="skip")) == run.good()


@many
@given(passes(), st.sets(st.integers(0, 59), max_size=8))
def test_a_task_that_fails_now_and_then_is_tried_again(one, flaky):
    tasks, options = one
    tasks = [Task(task.index, "flaky") if task.index in flaky else task for task in tasks]
    run = APass(tasks, **options)
    results = list(run.iterate(on_error=retry(2, "keep")))
    assert [told(result) for result in results] == [run.expected(task) for task in tasks]


@many
@given(passes(), st.integers(0, 60))
def test_after_a_pass_that_is_given_up_the_next_one_is_whole(one, enough):
    tasks, options = one
    run = APass(tasks, **options)
    results = run.iterate(on_error="skip")
    taken = [result for result, _ in zip(results, range(enough), strict=False)]
    results.close()
    assert taken == run.good()[:enough]
    assert list(run.iterate(on_error="skip")) == run.good()


@settings(deadline=None)
@example(workers=2, seed=3, slots=True)
@given(workers=st.integers(1, 4), seed=st.integers(0, 10_000), slots=st.booleans())
def test_a_pass_with_room_for_no_results_that_wait_still_ends(workers, seed, slots):
    """The worker with the first task dies while the results of all others wait for it."""
    run = APass([Task(index) for index in range(60)], workers=workers, seed=seed, kills=6, slots=slots, buffered=0)
    assert list(run.iterate()) == run.good()


@pytest.mark.parametrize("lazy", [False, True])
def test_while_a_slow_task_holds_up_the_others_no_more_are_begun_than_the_buffer_takes(lazy):
    run = APass([Task(index) for index in range(1_000)], workers=2, chunk_size=10, buffered=5_000, lazy=lazy)
    crew, act, begun = run.crew, run.crew.act, []

    def slow(member):
        others = any(each.process.inbox for each in crew.members if each is not member)
        if member.hand[0].first == 0 and others:
            return None
        begun.append(member.hand[0].first)
        return act(member)

    crew.act = slow
    assert list(run.iterate()) == run.good()
    before_the_first = begun[: begun.index(0)]
    assert 50 <= max(before_the_first) <= 50 + 4 * 10  # results of 100 bytes, and what was in the hands then


def test_workers_that_die_after_every_result_they_published_still_get_there():
    run = APass([Task(index) for index in range(60)], workers=1, slots=True, chunk_size=10)
    crew = run.crew

    def publish_one_and_die(member):
        held, piece = member.hand[0], member.process.inbox[0]
        crew.outcomes(piece, held.tasks[:1])
        return crew.die(member, Phase.IDLE, (0, 0))

    crew.act = publish_one_and_die
    assert list(run.iterate()) == run.good()
    assert crew.deaths == 60


def test_results_that_cannot_be_unpickled_do_not_shift_those_that_follow():
    for seed in range(50):
        run = APass([Task(index, "odd" if index == 2 else "good") for index in range(30)], seed=seed, chunk_size=10)
        assert list(run.iterate(on_error="skip")) == run.good()


@pytest.mark.parametrize("workers", [1, 3])
def test_a_pool_whose_workers_die_one_after_the_other_is_given_up(workers):
    run = APass([Task(index) for index in range(60)], workers=workers)
    crew = run.crew
    crew.act = lambda member: crew.die(member, Phase.IDLE, (0, 0))  # between two tasks, so that none is to blame
    with pytest.raises(PoolBroken, match="workers died and no task was done between: the last one was killed by SIGK"):
        list(run.iterate())
    assert crew.deaths >= 10 + 2 * workers


def test_a_pass_whose_pool_has_been_left_says_so():
    run = APass([Task(index) for index in range(60)], chunk_size=1)
    results = run.iterate()
    next(results)
    run.crew.members = []
    with pytest.raises(RequestError, match="the pool was left in the middle of this pass"):
        list(results)


def test_a_failure_in_a_retried_task_is_told_once():
    run = APass([Task(0, "raises")])
    assert [told(result) for result in run.iterate(on_error=OnError(3, "keep"))] == [TaskFailed]
    assert run.crew._computed[0] == 4


def test_a_task_that_only_kills_is_tried_as_often_as_was_asked_for():
    run = APass([Task(0, "poison")], workers=1)
    assert [told(result) for result in run.iterate(on_error=retry(30, "keep"))] == [TaskDied]
    assert run.crew.deaths == 31 * STRIKES
