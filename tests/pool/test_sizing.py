"""How many tasks make a piece: bounds that always hold, and what is learned."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.pool.sizing import AHEAD, AIM, LEAST, MESSAGE, PATIENCE, Sizer

patient = settings(deadline=None)

counts = st.integers(1, 10_000)
workers = st.integers(1, 128)
times = st.lists(st.tuples(st.integers(0, 1_000), st.floats(0, 100)), max_size=8)


@patient
@given(workers, st.none() | counts, st.none() | counts, st.booleans(), times, st.none() | st.integers(0, 10**7))
def test_a_piece_has_at_least_one_task_and_never_more_than_fit(workers, fixed, most, batch, learned, remaining):
    sizer = Sizer(workers, fixed, most, batch=batch)
    for tasks, seconds in learned:
        sizer.learn(tasks, seconds)
        size = sizer.size(remaining)
        assert 1 <= size <= (most or size)
        assert fixed is None or size <= fixed
        assert sizer.largest >= size


@patient
@given(workers, st.booleans(), st.floats(1e-7, 100), st.integers(1, 10**7))
def test_towards_the_end_pieces_shrink_so_that_all_workers_have_one(workers, batch, seconds, remaining):
    sizer = Sizer(workers, batch=batch)
    sizer.learn(1, seconds)
    assert sizer.size(remaining) <= max(-(-remaining // (2 * workers)), LEAST / seconds + 1)


@patient
@given(st.integers(1, 32), st.integers(1, 5_000))
def test_pieces_add_up_and_the_last_ones_are_single_tasks(workers, total):
    sizer, left, sizes = Sizer(workers), total, []
    while left:
        sizer.learn(1, 0.001)  # longer than the least a piece takes
        sizes.append(min(sizer.size(left), left))
        left -= sizes[-1]
    assert sum(sizes) == total
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 1


@pytest.mark.parametrize(("seconds", "expected"), [(0.000_2, 100), (0.002, 10), (0.02, 1), (5.0, 1)])
def test_a_piece_is_to_take_20_ms(seconds, expected):
    assert AIM == 0.020
    sizer = Sizer(2)
    sizer.learn(7, 7 * seconds)
    assert sizer.size(None) == expected


def test_the_largest_piece_is_remembered():
    sizer = Sizer(2)
    sizer.learn(1, 1e-5)
    assert [sizer.size(remaining) for remaining in (1000, 100, 10)] == [250, 50, 10]
    assert sizer.largest == 250


def test_pieces_of_tiny_tasks_are_worth_handing_out():
    assert LEAST == 0.0005
    sizer = Sizer(2)
    sizer.learn(1, 1e-6)
    assert [sizer.size(remaining) for remaining in (4000, 1000, 100)] == [1000, 500, 100]


def test_the_newest_times_count_half():
    sizer = Sizer(1)
    sizer.learn(1, 0.001)
    sizer.learn(1, 0.003)
    assert sizer.size(None) == 10


def test_what_took_no_time_makes_pieces_as_big_as_they_may_be():
    sizer = Sizer(1, most=5_000)
    sizer.learn(10, 0.0)
    assert sizer.size(None) == 5_000


def test_no_tasks_teach_nothing():
    sizer = Sizer(1)
    sizer.learn(0, 9.0)
    assert not sizer.ahead
    assert sizer.size(None) == 32


@pytest.mark.parametrize(("remaining", "expected"), [(None, 32), (10_000, 32), (80, 10), (8, 1), (1, 1)])
def test_first_pieces_of_unknown_tasks_are_small(remaining, expected):
    assert Sizer(2).size(remaining) == expected


def test_first_chunks_of_a_kernel_are_a_sixteenth_of_a_workers_share():
    assert Sizer(2, batch=True).size(10_000) == -(-10_000 // 32)


def test_a_chunk_of_a_kernel_grows_at_most_eightfold():
    sizer = Sizer(2, batch=True)
    assert sizer.size(320) == 10
    sizer.learn(10, 1e-9)
    assert sizer.size(10**6) == 80
    assert sizer.size(10**6) == 640


def test_a_fixed_size_is_what_was_asked_for_to_the_end():
    sizer = Sizer(8, fixed=50)
    sizer.learn(50, 500.0)
    assert [sizer.size(remaining) for remaining in (1_000, 50, 3)] == [50, 50, 50]
    assert sizer.largest == 50


@pytest.mark.parametrize("fixed", [None, 1_000])
def test_one_message_holds_4_mb_of_tasks(fixed):
    sizer = Sizer(1, fixed)
    sizer.learn(1, 1e-6)
    sizer.learn_bytes(10, MESSAGE)
    assert sizer.size(None) == 10
    sizer.learn_bytes(1, 100 * MESSAGE)
    assert sizer.size(None) == 1


def test_long_pieces_are_handed_back_unless_their_size_was_asked_for_or_a_kernel_computes_them_at_once():
    assert Sizer(1).patience == PATIENCE == 0.050
    assert Sizer(1, fixed=5).patience == 0
    assert Sizer(1, batch=True).patience == 0


def test_only_short_pieces_are_handed_out_ahead():
    sizer = Sizer(1, fixed=10)
    assert not sizer.ahead
    sizer.size(None)
    told = []
    for share in (0.9, 1.3):
        sizer.learn(1, AHEAD / 10 * share)
        told.append(sizer.ahead)
    assert told == [True, False]


@pytest.mark.parametrize("fixed", [0.003, 0.03])
def test_a_kernel_with_a_cost_for_each_chunk_keeps_its_pieces_run_after_run(fixed):
    """Small pieces at the end of a run must not teach the next one that tasks are dear."""
    sizer, pieces = Sizer(2, batch=True), []
    for _ in range(5):
        left, count = 2_000, 0
        while left:
            size = sizer.size(left)
            sizer.learn(size, fixed + 10e-6 * size)
            left, count = left - size, count + 1
        pieces.append(count)
    assert max(pieces) <= 1.1 * pieces[0]
