"""What is said of a mode's scaling, and what is not said, from made-up times of which the truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.analyse.scaling import fit_points, scaling_of, strong_scaling
from engine.analyse.scaling.fitted import Fitted
from engine.analyse.scaling.laws import Law
from engine.analyse.scaling.peak import next_workers, peak_of, to_measure
from engine.analyse.scaling.predict import refusal
from engine.plan import Plan
from engine.report import Interval

PLAN = Plan(mode="process", kernel="numpy", workers=2, settings={"days": 5})
TASKS = 100


def measured(law, counts=(1, 2, 4, 8), blocks=5, noise=0.0, seed=1):
    """Seconds of one run by workers and block; a law's throughput is of whole runs."""
    rng = np.random.default_rng(seed)
    moods = rng.normal(0, noise, blocks)
    return {
        count: {
            block: float(np.exp(moods[block] + rng.normal(0, noise)) / law.throughput(count)) for block in range(blocks)
        }
        for count in counts
    }


def fitted(*arguments, cores=None, **options):
    found = fit_points(measured(*arguments, **options), cores)
    assert isinstance(found, Fitted)
    return found


def account(*arguments, cores=None, **options):
    return scaling_of(measured(*arguments, **options), TASKS, PLAN, cores)


def exactly(value):
    return pytest.approx(value, rel=1e-5, abs=1e-6)


TYPICAL = Law(0.05, 0.002, 0.1)
EARLY = Law(0.02, 0.02, 0.1)
"""With its peak at seven workers."""


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 0.9), st.floats(0, 0.1), st.floats(1e-3, 1e3))
def test_without_noise_everything_is_the_truth(contention, coherency, at_one):
    law = Law(contention, coherency, at_one)
    found = account(law, cores=16)
    for interval, value in (
        (found.contention, contention),
        (found.coherency, coherency),
        (found.throughput_at_one, TASKS * at_one),
    ):
        assert interval
        assert (interval.low, interval.median, interval.high) == (exactly(value),) * 3
    assert {each.workers: each.speedup.median for each in found.predictions} == {
        count: pytest.approx(law.speedup(count), rel=1e-4) for count in (2, 4, 8, 16)
    }
    assert [each.measured for each in found.predictions] == [True, True, True, False]


def test_the_account_names_what_it_is_of():
    found = account(TYPICAL)
    assert (found.mode, found.kernel, found.settings) == ("process", "numpy", {"days": 5})


def test_the_same_points_give_the_same_account():
    assert account(TYPICAL, noise=0.03, cores=16) == account(TYPICAL, noise=0.03, cores=16)


def test_each_count_has_its_speedup_efficiency_and_karp_flatt_fraction_paired_over_blocks():
    points = {1: {0: 8.0, 1: 16.0, 2: 8.0}, 4: {0: 4.0, 1: 8.0}, 2: {1: 8.0}, 8: {5: 1.0}}
    one, two, four = strong_scaling(points)
    assert (one.workers, one.speedup, one.efficiency.median, one.serial_fraction) == (1, Interval(1, 1, 1), 1, None)
    assert (two.workers, two.speedup, two.efficiency.median, two.serial_fraction) == (2, Interval(2, 2, 2), 1, 0)
    assert (four.workers, four.speedup, four.efficiency) == (4, Interval(2, 2, 2), Interval(0.5, 0.5, 0.5))
    assert four.serial_fraction == pytest.approx((1 / 2 - 1 / 4) / (1 - 1 / 4))


def test_more_noise_is_a_wider_interval_and_the_truth_is_in_both():
    few, many = (account(TYPICAL, noise=noise).contention for noise in (0.005, 0.02))
    assert few
    assert many
    assert many.high - many.low > 2 * (few.high - few.low)
    for each in (few, many):
        assert each.low <= 0.05 <= each.high


def test_a_peak_among_the_workers_measured_is_an_interval_around_it():
    found = account(EARLY, counts=(1, 2, 4, 8, 16), noise=0.01)
    assert found.peak_workers
    low, high = found.peak_workers
    assert low <= EARLY.peak_workers <= high <= 2 * low
    assert "peak" not in found.note


def test_a_peak_beyond_what_was_measured_is_refused_with_what_to_measure_next():
    found = account(TYPICAL, counts=(1, 2, 3, 4), noise=0.01)
    assert found.peak_workers is None
    assert found.note.startswith("a peak is not identifiable from 1 to 4 workers")
    assert found.note.endswith("; measure 8") or found.note.endswith("; measure 16")


def test_a_quiet_measurement_does_not_make_a_peak_known_that_is_more_than_twice_as_far():
    found = fitted(TYPICAL, counts=(1, 2, 3, 4))
    assert peak_of(found) == (
        None,
        "a peak is not identifiable from 1 to 4 workers (if there is one, it is at 22 or more); measure 16",
    )


@pytest.mark.parametrize("seed", range(10))
def test_where_there_is_no_peak_none_is_shown(seed):
    assert account(Law(0.05, 0.0, 0.1), noise=0.02, seed=seed).peak_workers is None


def test_where_two_workers_are_slower_than_one_the_peak_is_one():
    found = account(Law(1.0, 0.2, 0.1), noise=0.01)
    assert found.peak_workers == (1.0, 1.0)


@pytest.mark.parametrize(
    ("largest", "suspected", "next_one"),
    [(4, 5.0, 8), (4, 8.0, 16), (4, 1e6, 16), (4, float("inf"), 8), (6, float("inf"), 8), (3, 3.5, 4), (8, 12.0, 16)],
)
def test_the_next_workers_to_measure_are_past_the_suspected_peak_and_not_too_far(largest, suspected, next_one):
    assert next_workers(largest, suspected) == next_one


@pytest.mark.parametrize(
    ("counts", "cores", "words"),
    [
        ((1, 2, 4), None, "measure 8"),
        ((1, 2, 4), 6, "measure 6"),
        ((1, 2, 4), 4, "measure more blocks, or 8 on a machine with as many cores (this one has 4)"),
    ],
)
def test_no_more_workers_are_proposed_than_the_machine_has_cores(counts, cores, words):
    assert to_measure(fitted(Law(0.05, 0.0, 0.1), counts=counts, cores=cores)) == words


def test_where_the_peak_lies_among_the_counts_measured_more_blocks_are_proposed():
    assert to_measure(fitted(Law(0.02, 0.0605, 0.1))) == "measure more blocks"
    assert to_measure(fitted(Law(0.02, 0.02, 0.1))) == "measure 7 as well, and more blocks"


def test_from_four_workers_sixteen_are_predicted_when_the_points_are_quiet():
    found = account(TYPICAL, counts=(1, 2, 3, 4), noise=0.002, cores=16)
    at = {each.workers: each.speedup for each in found.predictions}
    assert sorted(at) == [2, 3, 4, 8, 16]
    assert at[16].low <= TYPICAL.speedup(16) <= at[16].high


def test_from_four_workers_nothing_is_predicted_when_they_are_noisy():
    found = account(TYPICAL, counts=(1, 2, 3, 4), noise=0.05, cores=16)
    assert [each.workers for each in found.predictions] == [2, 3, 4]
    assert "no prediction for 8 and 16 workers: the interval is wider than ±25%; measure " in found.note


def test_no_more_than_four_times_the_workers_measured_are_predicted():
    found = account(TYPICAL, cores=64)
    assert [each.workers for each in found.predictions] == [2, 4, 8, 16, 32]
    assert "no prediction for 64 workers: that is more than 4 times the 8 measured" in found.note


def test_three_counts_fit_any_law_so_nothing_is_predicted_beyond_them():
    found = account(TYPICAL, counts=(1, 2, 4), cores=8)
    assert [each.workers for each in found.predictions] == [2, 4]
    assert "no prediction for 8 workers: 1, 2 and 4 workers fit any law; measure 3 as well" in found.note


def test_two_counts_give_amdahls_law_alone():
    found = account(Law(0.1, 0.0, 0.1), counts=(1, 2), noise=0.01, cores=2)
    assert found.serial_fraction
    assert found.serial_fraction.low <= 0.1 <= found.serial_fraction.high
    assert found.contention is found.coherency is found.throughput_at_one is found.peak_workers is None
    assert [each.workers for each in found.predictions] == [2]
    assert found.note == (
        "a peak is not identifiable from 1 to 2 workers; "
        "measure more blocks, or 4 on a machine with as many cores (this one has 2)"
    )


def test_one_block_says_nothing_of_a_law():
    found = account(TYPICAL, blocks=1)
    assert found.serial_fraction is found.contention is found.peak_workers is None
    assert [(each.workers, each.measured) for each in found.predictions] == [(2, True), (4, True), (8, True)]
    assert "the same two blocks" in found.note


def test_workers_beyond_the_cores_are_shown_and_not_fitted():
    points = measured(TYPICAL, counts=(1, 2, 3, 4)) | {8: dict.fromkeys(range(5), 100.0)}
    found = scaling_of(points, TASKS, PLAN, cores=4)
    assert found.contention
    assert found.contention.median == exactly(0.05)
    assert [(each.workers, each.measured) for each in found.predictions] == [(2, True), (3, True), (4, True), (8, True)]
    assert found.note.startswith("8 workers share 4 cores and are left out of the laws; ")


def test_a_count_measured_once_is_named():
    points = measured(TYPICAL) | {16: {0: 1.5}}
    assert "16 workers were measured in too few blocks for the laws" in scaling_of(points, TASKS, PLAN).note


def test_points_that_do_not_lie_on_the_law_are_not_followed():
    points = measured(TYPICAL, counts=(1, 2, 4, 8, 16), noise=0.005)
    points[4] = {block: 1.3 * seconds for block, seconds in points[4].items()}
    found = scaling_of(points, TASKS, PLAN, cores=32)
    assert found.peak_workers is None
    assert "no law to go by: 4 workers do " in found.note
    assert "% less than the law that fits best; no prediction for 32 workers" in found.note
    straight = account(TYPICAL, counts=(1, 2, 4, 8, 16), noise=0.005)
    assert found.contention
    assert straight.contention
    assert found.contention.high - found.contention.low > 5 * (straight.contention.high - straight.contention.low)


def test_without_one_worker_there_is_a_law_and_its_speedups():
    found = account(TYPICAL, counts=(2, 3, 4, 8), cores=8)
    assert found.coherency
    assert found.coherency.median == exactly(0.002)
    assert [(each.workers, each.measured) for each in found.predictions] == [(n, False) for n in (2, 3, 4, 8)]


def test_whatever_is_not_refused_has_a_narrow_interval():
    found = fitted(TYPICAL, noise=0.01)
    said = [workers for workers in range(1, 65) if not refusal(found, workers)]
    assert said[:8] == list(range(1, 9))
    assert said[-1] <= 32
    for workers in said:
        speedup = found.speedup(workers)
        assert max(speedup.high / speedup.median - 1, 1 - speedup.low / speedup.median) <= 0.25
