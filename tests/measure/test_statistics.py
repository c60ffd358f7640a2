import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.measure.statistics import CONFIDENCE, coverage, karp_flatt, median_interval, paired_ratio

POINTS = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=40)


@given(POINTS)
def test_the_interval_holds_the_median_and_lies_within_the_points(points):
    interval = median_interval(points)
    assert min(points) <= interval.low <= interval.median <= interval.high <= max(points)
    assert interval.median == pytest.approx(float(np.median(points)))


def test_few_points_give_their_whole_range_and_say_how_sure_that_is():
    assert (median_interval([3, 1, 2]).low, median_interval([3, 1, 2]).high) == (1, 3)
    assert coverage(1) == 0
    assert coverage(3) == pytest.approx(0.75)
    assert coverage(5) == pytest.approx(0.9375)


@pytest.mark.parametrize("points", range(6, 60))
def test_from_six_points_on_the_interval_covers_what_it_claims(points):
    assert coverage(points) >= CONFIDENCE


@pytest.mark.parametrize("points", [6, 9, 15])
def test_the_claimed_coverage_is_the_one_seen(points):
    draws = np.sort(np.random.default_rng(points).exponential(size=(4000, points)))
    intervals = [median_interval(list(row)) for row in draws]
    seen = np.mean([interval.low <= np.log(2) <= interval.high for interval in intervals])
    assert seen == pytest.approx(coverage(points), abs=0.015)


def test_pairing_cancels_what_both_share():
    slow_moments = [1.0, 1.3, 0.8]
    ratio = paired_ratio([2 * s for s in slow_moments], [1 * s for s in slow_moments])
    assert (ratio.low, ratio.median, ratio.high) == pytest.approx((2, 2, 2))


@given(st.floats(0, 1), st.integers(2, 64))
def test_karp_flatt_recovers_the_serial_fraction_of_amdahls_law(serial, workers):
    speedup = 1 / (serial + (1 - serial) / workers)
    assert karp_flatt(speedup, workers) == pytest.approx(serial, abs=1e-9)


def test_one_worker_has_no_serial_fraction():
    assert karp_flatt(1.0, 1) is None
