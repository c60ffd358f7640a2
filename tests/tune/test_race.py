"""The race: who leaves, when it is decided, and how sure it is."""

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tune.race import Race, Rules

FAST, CLOSE, SLOW = 1.0, 1.01, 3.0


def raced(blocks, rules=None, plans=3):
    race = Race(plans, rules)
    for block in blocks:
        race.look(block)
    return race


def a_block(number, *seconds):
    """Measurements with a drift that all plans of a block share."""
    return {plan: value * (1 + 0.1 * number) for plan, value in enumerate(seconds)}


def test_every_plan_is_measured_in_the_first_block():
    assert Race(3).next_block() == [0, 1, 2]


def test_nothing_is_known_before_the_first_block():
    assert Race(3).standing().within == inf
    assert not Race(3).standing().decided


def test_a_plan_that_is_slower_beyond_doubt_leaves_after_one_block():
    race = raced([a_block(0, FAST, CLOSE, SLOW)])
    assert race.racing == [0, 1]


def test_drift_between_blocks_cancels():
    race = raced([a_block(number, FAST, 1.2, SLOW) for number in range(5)], Rules(least=5))
    assert race.racing == [0]
    assert race.standing().decided


def test_two_equal_plans_are_ties_once_neither_can_be_much_faster():
    rng = np.random.default_rng(1)
    race = raced([{0: 1 + rng.normal(0, 0.003), 1: 1 + rng.normal(0, 0.003)} for _ in range(12)], plans=2)
    standing = race.standing()
    assert standing.decided
    assert len(standing.ties) == 1
    assert standing.within <= 0.03


def test_a_winner_is_not_declared_before_it_was_measured_in_enough_blocks():
    rules = Rules(least=3)
    assert not raced([a_block(0, FAST, SLOW, SLOW)], rules).standing().decided
    assert raced([a_block(number, FAST, SLOW, SLOW) for number in range(3)], rules).standing().decided


def test_the_race_ends_undecided_after_the_most_blocks():
    noisy = [{0: 1.0 + 0.1 * (number % 2), 1: 1.1 - 0.1 * (number % 2)} for number in range(4)]
    race = raced(noisy, Rules(most=4), plans=2)
    assert race.next_block() == []
    assert not race.standing().decided
    assert race.standing().within > 0.03


def test_a_plan_missing_from_a_block_is_compared_over_the_others():
    blocks = [a_block(number, FAST, CLOSE) for number in range(4)]
    del blocks[1][1]
    standing = raced(blocks, plans=2).standing()
    assert standing.leader == 0
    assert standing.within < inf


def test_plans_never_measured_together_cannot_be_compared():
    race = raced([{0: 1.0}, {1: 1.0}], plans=2)
    assert race.racing == [0, 1]
    assert race.standing().within == inf


def test_withdrawn_plans_are_not_measured_again():
    race = Race(3)
    race.withdraw([1])
    race.look(a_block(0, FAST, FAST, CLOSE))
    assert 1 not in race.next_block()


def test_a_race_in_which_every_plan_failed_is_over():
    race = Race(1)
    race.withdraw([0])
    assert race.next_block() == []


def test_many_looks_demand_more_than_one():
    """Or a race that looks after every block would be decided by chance."""
    blocks = [{0: 1.0, 1: 1.03 + 0.01 * (number % 2)} for number in range(4)]
    once = Race(2)
    for block in blocks:
        once.add(block)
    assert once.standing().within <= raced(blocks, plans=2).standing().within


@given(st.lists(st.floats(0.01, 100.0), min_size=2, max_size=6), st.floats(0.001, 1000.0))
def test_the_unit_of_time_changes_nothing(seconds, unit):
    plain = raced([a_block(number, *seconds) for number in range(3)], plans=len(seconds))
    scaled = raced([a_block(number, *(unit * value for value in seconds)) for number in range(3)], plans=len(seconds))
    assert plain.racing == scaled.racing
    assert plain.standing().within == pytest.approx(scaled.standing().within, rel=1e-6, abs=1e-9)


@given(st.integers(0, 50))
def test_the_fastest_plan_is_never_out_when_plans_differ_by_less_than_noise(seed):
    rng = np.random.default_rng(seed)
    race = Race(5)
    for _ in range(4):
        race.look(dict(enumerate(1.0 + rng.uniform(-0.02, 0.02, 5))))
    assert len(race.racing) == 5
