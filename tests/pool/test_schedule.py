"""The schedule: what is handed out next, what comes back, and who is to blame for a death."""

from typing import Any

import pytest

from engine.pool.schedule import STRIKES, Schedule
from engine.pool.sizing import Sizer
from engine.pool.supply import Supply
from tests.pool.virtual import task_at


def a_schedule(count=100, fixed=10, retries=0, lazy=False):
    tasks = (task_at(index) for index in range(count)) if lazy else [task_at(index) for index in range(count)]
    return Schedule(Supply(tasks), Sizer(2, fixed), first_number=0, retries=retries)


def taken(schedule, *, empty=True):
    """Everything that can be had now, as (first, count, probe)."""
    pieces = []
    while held := schedule.take(empty=empty):
        pieces.append((held.first, held.count, held.probe))
    return pieces


def deaths_until_convicted(schedule, bad):
    """Workers that the task at a position ends until it is given up, when each dies with all its piece to blame."""
    deaths = 0
    while held := schedule.take(empty=True):
        if not held.first <= bad < held.first + held.count:
            schedule.dealt(held, held.count, last=True)
            continue
        deaths += 1
        schedule.drop(held, ())
        convicted = schedule.blame(held, (0, held.count))
        assert convicted in (None, bad)
    assert schedule.finished
    return deaths


def test_pieces_are_cut_in_order_and_numbered_on():
    schedule = Schedule(Supply(range(25)), Sizer(2, fixed=10), first_number=40)
    pieces: list[Any] = [schedule.take(empty=True) for _ in range(4)]
    assert [(held.number, held.first, held.count) for held in pieces[:3]] == [(40, 0, 10), (41, 10, 10), (42, 20, 5)]
    assert pieces[3] is None
    assert schedule.next_number == 43


def test_what_is_handed_back_comes_before_what_is_fresh():
    schedule = a_schedule()
    first, second = schedule.take(empty=True), schedule.take(empty=True)
    schedule.dealt(second, 4, last=True)
    schedule.dealt(first, 8, last=True)
    assert taken(schedule)[:3] == [(8, 2, False), (14, 6, False), (20, 10, False)]


def test_a_piece_that_comes_back_is_cut_anew_when_its_tasks_turn_out_to_be_long():
    sizer = Sizer(2)
    schedule = Schedule(Supply(range(1000)), sizer, first_number=0)
    sizer.learn(1, 0.001)
    held: Any = schedule.take(empty=True)
    assert held.count == 20
    sizer.learn(1, 0.007)
    schedule.dealt(held, 1, last=True)
    assert taken(schedule)[:5] == [(1, 5, False), (6, 5, False), (11, 5, False), (16, 4, False), (20, 5, False)]


def test_while_too_many_results_wait_only_tasks_that_came_back_are_handed_out():
    schedule = a_schedule()
    schedule.dealt(schedule.take(empty=True), 4, last=True)
    assert schedule.take(empty=True, fresh=False).first == 4
    assert schedule.take(empty=True, fresh=False) is None
    assert schedule.take(empty=True).first == 10


def test_the_blamed_are_cut_into_eight_probes():
    schedule = a_schedule(count=100, fixed=100)
    held = schedule.take(empty=True)
    schedule.drop(held, ())
    assert schedule.blame(held, (0, 100)) is None
    assert taken(schedule) == [(first, min(13, 100 - first), True) for first in range(0, 100, 13)]


def test_tasks_behind_the_blamed_are_no_suspects():
    schedule = a_schedule(count=10)
    held = schedule.take(empty=True)
    schedule.drop(held, [(9, 10)])
    schedule.blame(held, (0, 9))
    probes = [(first, min(2, 9 - first), True) for first in range(0, 9, 2)]
    assert taken(schedule) == [*probes, (9, 1, False)]


def test_a_worker_with_something_in_its_hand_gets_nothing_while_there_are_suspects():
    schedule = a_schedule()
    held = schedule.take(empty=True)
    schedule.drop(held, [(0, 3)])
    schedule.blame(held, (3, 4))
    assert schedule.take(empty=False) is None
    assert taken(schedule)[:3] == [(3, 1, True), (0, 3, False), (10, 10, False)]


@pytest.mark.parametrize("bad", [0, 9_999, 19_999])
def test_the_one_bad_task_of_twenty_thousand_costs_five_workers_until_it_is_alone(bad):
    assert 4 + STRIKES <= deaths_until_convicted(a_schedule(count=20_000, fixed=20_000), bad) <= 5 + STRIKES


def test_an_innocent_task_survives_the_death_of_its_worker():
    schedule = a_schedule(count=3, fixed=1)
    held = schedule.take(empty=True)
    schedule.drop(held, ())
    assert schedule.blame(held, (0, 1)) is None
    again = schedule.take(empty=True)
    assert (again.first, again.probe) == (0, True)
    schedule.dealt(again, 1, last=True)
    assert taken(schedule) == [(1, 1, False), (2, 1, False)]


def test_a_task_beyond_doubt_is_convicted_at_once_and_several_are_not():
    schedule = a_schedule()
    held = schedule.take(empty=True)
    schedule.drop(held, ())
    assert schedule.blame(held, (2, 4), guilty=True) is None
    alone = schedule.take(empty=True)
    schedule.drop(alone, ())
    assert schedule.blame(alone, (0, 1), guilty=True) == 2


def test_a_convicted_task_that_is_tried_again_is_alone_and_has_no_deaths_to_its_name():
    schedule = a_schedule(count=1, fixed=1, retries=1)
    for expected in (None, 0, None, 0):
        held = schedule.take(empty=True)
        schedule.drop(held, ())
        assert schedule.blame(held, (0, 1)) == expected
        if expected == 0:
            again = schedule.again(0, held.tasks, suspect=True)
    assert not again
    assert schedule.finished


def test_after_the_first_failure_tasks_before_it_still_count_and_none_after_it():
    schedule = a_schedule(lazy=True)
    first, second = schedule.take(empty=True), schedule.take(empty=True)
    schedule.stop_at(15)
    schedule.dealt(second, 0, last=True)
    schedule.dealt(first, 0, last=True)
    assert taken(schedule) == [(0, 10, False), (10, 5, False)]
    assert schedule.waiting == 0


def test_a_later_failure_does_not_let_more_tasks_through():
    schedule = a_schedule()
    held = schedule.take(empty=True)
    schedule.stop_at(2)
    schedule.stop_at(7)
    schedule.dealt(held, 0, last=True, apart=True)
    assert taken(schedule) == [(0, 1, True), (1, 1, True)]


def test_a_drained_schedule_is_finished_when_the_hands_are_empty():
    schedule = a_schedule()
    first, second = schedule.take(empty=True), schedule.take(empty=True)
    schedule.drain()
    assert not schedule.finished
    schedule.dealt(first, 3, last=True)
    schedule.drop(second, [(0, 10)])
    assert schedule.finished
    assert taken(schedule) == []


@pytest.mark.parametrize("lazy", [True, False])
def test_no_tasks_are_finished_as_soon_as_that_is_known(lazy):
    schedule = a_schedule(count=0, lazy=lazy)
    assert schedule.take(empty=True) is None
    assert schedule.finished
