"""The laws against published figures, against themselves without noise, and against each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.analyse.scaling import amdahl_speedup, fit_amdahl, fit_usl, gustafson_speedup, usl_speedup
from engine.analyse.scaling.fit import refit
from engine.analyse.scaling.laws import Law, peaks
from engine.analyse.scaling.points import levels_of, usable, widening

USERS = np.array([1.0, 18, 36, 72, 108, 144, 216])
SCRIPTS = np.array([64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2])
"""Sun SPARCcenter 2000 in SPEC SDM91, scripts per hour (Gunther, Guerrilla Capacity Planning, 2007)."""
RESIDUALS = np.array([-25.10, -81.66, 111.09, 3.05, -49.99, -46.60, 56.00])
"""What R's usl 3.0 leaves of them."""

FOUR = np.array([1.0, 2, 4, 8])
fractions, small = st.floats(0, 0.9), st.floats(0, 0.1)


def centred(size):
    return np.eye(size) - 1 / size


def test_the_linear_fit_is_the_one_r_prints_for_spec_sdm91():
    law = fit_usl(USERS, SCRIPTS, space="linear")
    assert law.contention == pytest.approx(0.0277285, abs=5e-8)
    assert law.coherency == pytest.approx(0.0001044, abs=5e-8)
    assert law.throughput_at_one == pytest.approx(89.9952330, abs=5e-6)
    assert SCRIPTS - [law.throughput(users) for users in USERS] == pytest.approx(RESIDUALS, abs=0.006)
    assert law.peak_workers == pytest.approx(96.52, abs=0.006)
    assert law.throughput(law.peak_workers) == pytest.approx(1884, abs=0.5)


def test_the_log_fit_gives_the_small_loads_of_spec_sdm91_the_same_say_as_the_large_ones():
    law = fit_usl(USERS, SCRIPTS)
    assert law.contention == pytest.approx(0.0134525, abs=5e-8)
    assert law.coherency == pytest.approx(0.0001151, abs=5e-8)
    assert law.throughput_at_one == pytest.approx(67.9423, abs=5e-5)


@pytest.mark.parametrize("space", ["log", "linear"])
@given(contention=fractions, coherency=small, at_one=st.floats(1e-3, 1e3))
def test_what_follows_the_universal_law_gives_its_coefficients_back(space, contention, coherency, at_one):
    found = fit_usl(FOUR, at_one * usl_speedup(FOUR, contention, coherency), space=space)
    assert found.contention == pytest.approx(contention, abs=1e-6)
    assert found.coherency == pytest.approx(coherency, abs=1e-6)
    assert found.throughput_at_one == pytest.approx(at_one, rel=1e-5)


@pytest.mark.parametrize("space", ["log", "linear"])
@given(serial=st.floats(0, 1), at_one=st.floats(1e-3, 1e3))
def test_what_follows_amdahls_law_gives_its_serial_fraction_back(space, serial, at_one):
    found = fit_amdahl(FOUR, at_one * amdahl_speedup(FOUR, serial), space=space)
    assert found.contention == pytest.approx(serial, abs=1e-6)
    assert found.coherency == 0
    assert found.throughput_at_one == pytest.approx(at_one, rel=1e-5)


def test_the_laws_are_what_the_textbooks_say():
    assert amdahl_speedup(4, 0.1) == pytest.approx(1 / (0.1 + 0.9 / 4))
    assert usl_speedup(4, 0.1, 0.01) == pytest.approx(4 / (1 + 0.3 + 0.12))
    assert gustafson_speedup(4, 0.1) == pytest.approx(0.1 + 0.9 * 4)
    assert Law(0.1, 0.01, 2.0).throughput(4) == pytest.approx(8 / 1.42)


@given(st.floats(0, 1), st.floats(1e-6, 1))
def test_the_peak_is_where_more_or_fewer_workers_are_slower(contention, coherency):
    law = Law(contention, coherency, 1.0)
    at = law.peak_workers
    assert law.speedup(at) >= law.speedup(1.01 * at) - 1e-12
    assert at == 1 or law.speedup(at) >= law.speedup(0.99 * at) - 1e-12


def test_without_coherency_there_is_no_peak_and_where_two_are_slower_than_one_it_is_one():
    assert list(peaks(np.array([0.2, 1.0]), np.array([0.0, 0.1]))) == [np.inf, 1.0]


@settings(deadline=None)  # a fit may take longer than 200 ms beside other tests
@given(st.lists(st.floats(-0.5, 0.5), min_size=4, max_size=4), fractions, small)
def test_many_fits_at_once_are_the_careful_fit_of_each(noise, contention, coherency):
    levels = np.log(usl_speedup(FOUR, contention, coherency)) + noise
    careful, start = fit_usl(FOUR, np.exp(levels)), fit_usl(FOUR, usl_speedup(FOUR, contention, coherency))
    ((a, c),) = refit(FOUR, levels[None], centred(4), start)

    def missed(contention, coherency):
        return float(((centred(4) @ (levels - np.log(usl_speedup(FOUR, contention, coherency)))) ** 2).sum())

    assert missed(a, c) == pytest.approx(missed(careful.contention, careful.coherency), rel=1e-6, abs=1e-12)


def runs(seconds):
    """Points of which each row is a block and each column a count of workers; None is missing."""
    counts = (1, 2, 4, 8)
    return {
        count: {b: row[at] for b, row in enumerate(seconds) if row[at] is not None} for at, count in enumerate(counts)
    }


def test_a_slow_block_that_lacks_some_counts_does_not_tilt_the_law():
    fast, slow = [8.0, 4.0, 2.0, 1.0], [16.0, 8.0, None, None]
    levels = levels_of(usable(runs([fast, fast, slow, slow])))
    assert levels
    assert np.diff(levels.level) == pytest.approx(np.log(2))
    assert levels.variance == pytest.approx(0, abs=1e-20)


def test_the_levels_and_their_weights_stand_for_every_run():
    rng = np.random.default_rng(3)
    seconds = [[float(rng.lognormal(0, 0.3)) if rng.random() > 0.3 else None for _ in FOUR] for _ in range(8)]
    points = usable(runs(seconds))
    levels = levels_of(points)
    assert levels

    def left(law):
        """Sum of squares over all runs around a law, after the mean of each block."""
        total = 0.0
        for block in range(8):
            logs = [-np.log(points[n][block]) - law[at] for at, n in enumerate(sorted(points)) if block in points[n]]
            total += float(((np.array(logs) - np.mean(logs)) ** 2).sum()) if logs else 0.0
        return total

    for law in rng.normal(0, 1, (5, 4)):
        around = float(((levels.root @ (levels.level - law)) ** 2).sum())
        assert around + levels.variance * levels.spare == pytest.approx(left(law))


def test_counts_measured_in_one_block_and_blocks_with_one_count_are_not_used():
    some = [8.0, 4.0, 2.0, None]
    found = usable(runs([some, [8.0, 4.0, 2.0, 1.0], some, [None, None, 2.0, None]]))
    assert found == {1: dict.fromkeys(range(3), 8.0), 2: dict.fromkeys(range(3), 4.0), 4: dict.fromkeys(range(3), 2.0)}
    assert usable(runs([[8.0, 4.0, 2.0, 1.0]])) == {}


def test_blocks_that_share_no_count_cannot_be_compared():
    low, high = [8.0, 4.0, None, None], [None, None, 2.0, 1.0]
    points = usable(runs([low, low, high, high]))
    assert len(points) == 4
    assert levels_of(points) is None


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), float("inf")])
def test_seconds_must_be_above_nothing(wrong):
    with pytest.raises(ValueError, match="above 0"):
        levels_of(usable(runs([[8.0, 4.0, wrong, 1.0]] * 2)))


def test_few_blocks_stretch_an_interval_as_students_t_does():
    assert widening(5) == pytest.approx(np.sqrt(5 / 4) * 2.776445 / 1.959964, rel=1e-6)
    assert widening(2) == pytest.approx(np.sqrt(2) * 12.706205 / 1.959964, rel=1e-6)
