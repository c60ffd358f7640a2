"""Features, regime and signals: golden values, both ways of computing them, and no look ahead."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.workloads.walkforward.bars import FIELDS, Bars, made_up
from engine.workloads.walkforward.features import features_of, measures_of, slope, trend_strength
from engine.workloads.walkforward.history import history_of, look, measures
from engine.workloads.walkforward.names import CHOP, NUMBERS, REGIMES, TREND, VOLATILE
from engine.workloads.walkforward.regime import RULES, points_of, regimes_of

BARS = 1000
FIRST_KNOWN = 50
"""Row from which features are complete."""


def golden_bars():
    """The bars of rule 7 of the specification."""
    t = np.arange(BARS)
    close = (10_000 + 37 * (t**2 % 101) - 25 * (t % 64)) / 100
    opens = np.concatenate([close[:1], close[:-1]])
    high, low = np.maximum(opens, close) + 0.13, np.minimum(opens, close) - 0.11
    fields = np.array([opens, high, low, close, 1000.0 + 100 * (t % 7)])
    return Bars(t, *fields[:, None])


def random_bars(seed, days=400, assets=2):
    """Made-up bars, some of them with stretches on which nothing moves."""
    bars = made_up(assets, 15_000, 15_000 + days * 7 // 5 + 21, seed)
    if seed % 3 == 0:
        for field in FIELDS:
            getattr(bars, field)[0, 100:180] = 97.65
    return bars.until(days)


GOLDEN = {
    "volatility20": 0.163118364589, "rsi14": 0.493107852204, "sma20/sma50": 0.995310569966,
    "volume/mean20": 1.167315175097, "position20": 0.003477711034, "momentum5": -0.021150761828,
    "momentum20": -0.243257904526, "z20": -1.417876964714, "return1": -0.082323089935, "returns5": -0.086052519399,
}  # fmt: skip

GOLDEN_MEASURES = (10.762435827463, 1.167975671163, 0.134373739567, 1.287208856921, 0.167315175097, 0.093156457740)


def test_the_bars_of_the_golden_values_are_those_of_the_specification():
    close = golden_bars().close[0]
    assert (close.sum(), close.min(), close.max(), close[-1]) == (pytest.approx(110_787.55), 85.75, 137.0, 97.65)


@pytest.mark.parametrize("name", NUMBERS)
def test_the_last_bar_has_the_golden_features(name):
    numbers = features_of(golden_bars()).numbers
    assert numbers.shape == (1, BARS, 10)
    assert numbers[0, -1, NUMBERS.index(name)] == pytest.approx(GOLDEN[name], abs=1e-11)


@pytest.mark.parametrize(("length", "expected"), [(10, -1.528181818182), (20, -0.387706766917), (50, 0.004643457383)])
def test_the_slopes_of_the_last_closes_are_golden(length, expected):
    assert slope(golden_bars().close, length)[0, -1] == pytest.approx(expected, abs=1e-11)


def test_the_trend_strength_is_the_mean_of_three_slopes():
    assert trend_strength(golden_bars().close)[0, -1] == pytest.approx(-0.637081709239, abs=1e-11)


@pytest.mark.parametrize("number", range(len(RULES)))
def test_what_the_regime_is_judged_by_is_golden(number):
    assert measures_of(golden_bars())[number][0, -1] == pytest.approx(GOLDEN_MEASURES[number], abs=1e-11)


def test_the_golden_regime_is_chop_with_five_ninths_of_the_points():
    points = points_of(GOLDEN_MEASURES)
    assert points == [4, 5, 0]
    assert points[CHOP] / sum(points) == pytest.approx(0.555555555556)
    assert features_of(golden_bars()).regime[0, -1] == CHOP


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((30.0, 1.0, 0.1, 1.0, 0.3, 0.7), [10, 0, 0]),
        ((15.0, 0.5, 0.0, 0.5, 0.0, 0.1), [0, 11, 0]),
        ((22.0, 2.0, 0.0, 2.0, -0.5, 0.5), [0, 4, 7]),
        ((25.0, 1.5, 0.05, 1.3, 0.2, 0.6), [2, 4, 1]),
        ((20.0, 0.8, 0.05, 0.7, -0.2, 0.3), [2, 4, 1]),
        ((np.nan,) * 6, [2, 4, 1]),
    ],
)
def test_points_follow_the_rules_and_limits_belong_to_the_middle(values, expected):
    assert points_of(values) == expected


def test_equal_points_go_to_trend_then_chop_then_volatile():
    tied = (30.0, 2.0, 0.06, 2.0, 0.1, 0.5)
    assert points_of(tied) == [5, 0, 6]
    even = (30.0, 2.0, 0.0, 1.0, 0.1, 0.1)
    assert points_of(even) == [4, 4, 3]
    columns = [np.array([[value] * 300, [other] * 300]) for value, other in zip(tied, even, strict=True)]
    regimes = regimes_of(columns)
    assert regimes[:, -1].tolist() == [VOLATILE, TREND]
    assert (regimes[:, :251] == CHOP).all()


maybe = st.floats(-2.0, 3.0) | st.just(float("nan"))


@settings(deadline=None, max_examples=50)
@given(st.tuples(st.floats(0.0, 60.0) | st.just(float("nan")), maybe, maybe, maybe, maybe, maybe))
def test_the_regime_of_many_days_is_that_of_each(values):
    points = points_of(values)
    regimes = regimes_of([np.full((1, 252), value) for value in values])
    assert regimes[0, -1] == points.index(max(points))
    assert len(points) == len(REGIMES)


@settings(deadline=None, max_examples=8)
@given(seed=st.integers(0, 10**6))
def test_both_ways_to_compute_the_features_agree_to_the_bit(seed):
    bars = random_bars(seed)
    features = features_of(bars)
    for asset in range(2):
        history = history_of(bars, asset)
        for row in (*range(FIRST_KNOWN, 400, 23), 251, 252, 265, 266, 399):
            day = look(history, row, 1)
            assert day.numbers == features.numbers[asset, row].tolist()
            assert day.regime == features.regime[asset, row]
            assert day.long == features.long[asset, row].tolist()
            assert day.trend == pytest.approx(features.trend[asset, row], rel=1e-9, abs=1e-9)
        expected = [column[asset, 399] for column in measures_of(bars)]
        assert np.array_equal(measures(history, 399), expected, equal_nan=True)


@pytest.mark.parametrize("refit_days", [0, 1, 7, 500])
def test_the_days_the_naive_fits_roll_over_change_nothing(refit_days):
    closes = random_bars(4, days=90).close[0].tolist()
    history = history_of(random_bars(4, days=90), 0)
    assert look(history, 80, refit_days) == look(history, 80, 1)
    assert history.closes == closes


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10**6), days=st.integers(FIRST_KNOWN, 399))
def test_a_later_bar_changes_nothing_before_it(seed, days):
    bars = random_bars(seed)
    known = features_of(bars)
    bumped = Bars(bars.days, *(getattr(bars, field).copy() for field in FIELDS))
    for field in FIELDS:
        getattr(bumped, field)[:, days:] *= 1.37
    for other in (features_of(bumped), features_of(bars.until(days))):
        for name, values in vars(known).items():
            assert np.array_equal(values[:, :days], vars(other)[name][:, :days], equal_nan=values.dtype == float), name
    assert not np.array_equal(features_of(bumped).numbers[:, days], known.numbers[:, days])


def test_prices_that_stand_still_tell_nothing():
    bars = random_bars(3)
    flat = features_of(bars)
    day = dict(zip(NUMBERS, flat.numbers[0, 160], strict=True))
    assert day["volatility20"] == day["z20"] == day["return1"] == day["momentum20"] == 0.0
    assert (day["rsi14"], day["position20"]) == (0.5, 0.5)
    assert day["volume/mean20"] == pytest.approx(1.0)
    assert not flat.long[0, 160].any()


def test_the_strategies_follow_their_rules():
    features = features_of(random_bars(5, days=600, assets=3))
    rows = slice(FIRST_KNOWN, None)
    aware, momentum, reversion, crossover, ensemble = np.moveaxis(features.long[:, rows], -1, 0)
    regime, numbers = features.regime[:, rows], features.numbers[:, rows]
    assert np.array_equal(momentum, numbers[..., NUMBERS.index("momentum20")] > 0.0)
    assert np.array_equal(crossover, numbers[..., NUMBERS.index("sma20/sma50")] > 1.0)
    assert np.array_equal(ensemble, momentum.astype(int) + reversion + crossover >= 2)
    assert np.array_equal(aware[regime == TREND], momentum[regime == TREND])
    assert np.array_equal(aware[regime == CHOP], reversion[regime == CHOP])
    assert not aware[regime == VOLATILE].any()
    z = numbers[..., NUMBERS.index("z20")]
    assert reversion[z < -1.0].all()
    assert not reversion[z >= 0.0].any()
    between = (z[:, 1:] >= -1.0) & (z[:, 1:] < 0.0)
    assert np.array_equal(reversion[:, 1:][between], reversion[:, :-1][between])
    assert all(wish.any() for wish in (aware, momentum, reversion, crossover, ensemble))
