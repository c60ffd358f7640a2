"""Races over made-up and recorded spaces: what the strategy promises holds, at the cost it had when it was written."""

import numpy as np
import pytest

from engine.tune.race import Rules
from engine.tune.replay import FULL_GRID, Recorded, made_up, recorded, replay
from tests.builders import a_report

SPACES = [made_up(plans, seed, near=near) for plans in (24, 120) for near in (0.0, 0.05) for seed in range(8)]
CAP = 30.0
"""As in engine.tune.blocks."""


@pytest.fixture(scope="module")
def replays():
    return [replay(space, Rules(), seed, CAP) for seed, space in enumerate(SPACES)]


def test_the_certificate_is_true(replays):
    assert np.mean([each.true for each in replays]) >= 0.95


def test_the_best_plan_wins_or_is_a_listed_tie(replays):
    assert np.mean([each.found for each in replays]) >= 0.95


def test_a_race_costs_at_most_a_fifth_of_the_full_grid(replays):
    large = [each.cost / each.full_cost for each, space in zip(replays, SPACES, strict=True) if len(space.truth) > 100]
    assert np.mean(large) <= 0.20


CURVE = ((0.02, 0.80), (0.05, 0.98), (0.10, 0.99))
"""Share of the full grid's cost, and the mean fraction of the optimum that the leader must have reached by then."""


@pytest.mark.parametrize(("share", "fraction"), CURVE)
def test_the_leader_is_near_the_optimum_early(replays, share, fraction):
    assert np.mean([reached(each.curve, share) for each in replays]) >= fraction


def reached(curve, share):
    """The fraction of the optimum at a share of the cost; 0 before the first block ended."""
    return next((fraction for cost, fraction in reversed(curve) if cost <= share), 0.0)


def test_the_same_seed_gives_the_same_race():
    assert replay(SPACES[0], Rules(), 3) == replay(SPACES[0], Rules(), 3)


def test_without_a_cap_the_first_block_costs_a_full_block():
    space = made_up(24, 1)
    assert replay(space, Rules(most=1), 1).cost == pytest.approx(space.truth.sum(), rel=0.3)
    assert replay(space, Rules(most=1), 1).full_cost == pytest.approx(space.truth.sum() * FULL_GRID)


def test_a_recorded_sweep_is_a_space():
    space = recorded(a_report())
    assert isinstance(space, Recorded)
    assert replay(space, Rules(), 1).found
