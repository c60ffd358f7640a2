"""Estimates from made-up times, of which the truth is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analyse.estimate import estimate
from engine.events import PartRun
from engine.measure.sample import part_sizes
from tests.builders import a_sample

MEASURED, ALL = 200, 10_000


def samples(seconds_of, blocks=5, setup=0.1, first=0.0, noise=lambda block: 1.0):
    """What blocks measure when a run over n tasks takes ``seconds_of(n)``."""
    return [
        a_sample(
            setup=setup,
            first_run=first + seconds_of(MEASURED) * noise(block),
            steady=(seconds_of(MEASURED) * noise(block),),
            parts=tuple(PartRun(n, seconds_of(n) * noise(block)) for n in part_sizes(MEASURED)),
        )
        for block in range(blocks)
    ]


@given(st.floats(1e-4, 10), st.floats(0, 5), st.floats(0, 100), st.floats(0, 10))
def test_what_grows_in_line_is_found(per_task, fixed, setup, first):
    found = estimate(samples(lambda n: fixed + per_task * n, setup=setup, first=first), MEASURED, ALL)
    assert found.refused == ""
    assert found.interval
    assert found.interval.median == pytest.approx(setup + first + fixed + per_task * ALL, rel=1e-6)


def test_noise_that_differs_between_blocks_is_the_width_of_the_interval():
    found = estimate(samples(lambda n: 0.01 * n, noise=lambda block: 1 + 0.05 * (block - 2)), MEASURED, ALL)
    assert found.interval
    assert found.interval.low == pytest.approx(0.1 + 90)
    assert found.interval.median == pytest.approx(0.1 + 100)
    assert found.interval.high == pytest.approx(0.1 + 110)


def test_a_run_that_has_less_than_no_fixed_cost_is_taken_to_have_none():
    found = estimate(samples(lambda n: 0.01 * n - 0.05), MEASURED, ALL)
    assert found.interval
    assert found.interval.median == pytest.approx(0.1 + 97.5)


@pytest.mark.parametrize("power", [1.5, 2.0])
def test_time_that_grows_faster_than_tasks_is_refused(power):
    found = estimate(samples(lambda n: 1e-3 * n**power), MEASURED, ALL)
    assert found.interval is None
    assert "time does not grow in line with the tasks" in found.refused
    assert "for 50 of them" in found.refused
    assert "for 200" in found.refused


def test_time_that_stops_growing_because_tasks_share_work_is_refused():
    found = estimate(samples(lambda n: 0.001 * min(n, 60)), MEASURED, ALL)
    assert "does not grow in line" in found.refused


def test_runs_too_short_to_be_timed_are_refused():
    found = estimate(samples(lambda n: 1e-6 * n), MEASURED, ALL)
    assert found.refused == "the sample is too small: between 110 ms and 110 ms for all tasks; try --sample 800"
    assert found.interval


def test_blocks_that_disagree_are_refused_with_what_to_do():
    found = estimate(samples(lambda n: 0.01 * n, noise=lambda block: 1 + block), MEASURED, ALL)
    assert "too small: between" in found.refused
    assert found.refused.endswith("try --sample 800")


def test_without_shorter_runs_there_is_no_estimate():
    found = estimate([a_sample()], MEASURED, ALL)
    assert "were not measured" in found.refused
    assert estimate([], MEASURED, ALL).refused
