import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.workloads.maxdiff.data import synthetic, trades_of, with_positions
from engine.workloads.maxdiff.methods import METHODS, candidate_axes, level, useful
from engine.workloads.maxdiff.profit import BOUND, Policy, Trades, profit, surface

OFFSETS = st.floats(-BOUND, BOUND)
OPEN, EOD = Policy(False, 0.0), Policy(True, 0.0)


def days(*rows):
    """Trades of (close, high, predicted high, low, predicted low, position) for each day."""
    close, high, predicted_high, low, predicted_low, position = np.array(rows, dtype=float).T
    long, short = np.clip(position, 0, 10), np.clip(position, -10, 0)
    return Trades(close, high, predicted_high, low, predicted_low, long, short)


def earned(trades, policy, high=0.0, low=0.0):
    return float(profit(np, trades, policy, high, low))


def some_trades(seed, count=3, market="equity", rows=7):
    """Trades of MaxDiff and of AlwaysOn."""
    return trades_of(synthetic((count, rows), seed, market), market)


@pytest.mark.parametrize(
    ("day", "policy", "expected"),
    [
        ((0.02, 0.04, 0.03, -0.015, -0.01, 1), OPEN, 0.04),
        ((0.02, 0.04, 0.03, -0.015, -0.01, 1), EOD, 0.03),
        ((-0.015, 0.02, 0.03, -0.02, -0.01, 1), OPEN, -0.005),
        ((0.04, 0.03, 0.02, -0.02, -0.01, -1), EOD, -0.02),
        ((-0.01, 0.03, 0.02, -0.03, -0.02, -1), OPEN, 0.04),
        ((0.0, 0.015, 0.02, -0.02, -0.01, -1), OPEN, 0.0),
        ((0.02, 0.04, 0.03, -0.01, -0.01, 1), OPEN, 0.0),
    ],
)
def test_one_day_earns_what_the_specification_says(day, policy, expected):
    assert earned(days(day), policy) == pytest.approx(expected, abs=1e-15)


def test_a_side_that_is_not_entered_or_has_no_size_costs_no_fee():
    never_short = (0.0, 0.015, 0.02, -0.02, -0.01, -1)
    touched = (0.02, 0.04, 0.03, -0.01, -0.01, 1)
    for day in (never_short, touched):
        assert earned(days(day), Policy(False, 0.008)) == 0.0


def test_each_side_entered_costs_one_fee():
    assert earned(days((0.02, 0.04, 0.03, -0.015, -0.01, 1)), Policy(False, 0.008)) == pytest.approx(0.032)
    assert earned(days((-0.01, 0.03, 0.02, -0.03, -0.02, -1)), Policy(False, 0.008)) == pytest.approx(0.032)


def test_losses_count_as_losses():
    assert earned(days((-0.015, 0.02, 0.03, -0.02, -0.01, 1)), OPEN) < 0


def test_days_add_up():
    first, second = (0.02, 0.04, 0.03, -0.015, -0.01, 1), (-0.015, 0.02, 0.03, -0.02, -0.01, 1)
    assert earned(days(first, second), OPEN) == pytest.approx(0.035, abs=1e-15)


def test_moved_forecasts_never_cross_the_previous_close():
    """hp' is at least 0 and lp' at most 0, whatever the offset."""
    day = days((0.02, 0.04, 0.01, -0.015, -0.01, 1))
    assert earned(day, OPEN, high=-0.03) == earned(day, OPEN, high=-0.01) == pytest.approx(0.01)
    assert earned(day, OPEN, low=0.03) == earned(day, OPEN, low=0.01) == pytest.approx(0.01)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.booleans(), st.lists(OFFSETS, min_size=1, max_size=4), st.lists(OFFSETS, max_size=3))
def test_the_surface_is_the_profit_of_each_pair(seed, close_at_eod, highs, lows):
    policy = Policy(close_at_eod, 0.001)
    lows = [*lows, 0.0]
    for trades in some_trades(seed):
        axes = (np.tile(np.array(axis), (3, 1)) for axis in (highs, lows))
        profits = surface(np, trades, policy, *axes)
        expected = [[profit(np, trades, policy, high, low) for low in lows] for high in highs]
        np.testing.assert_allclose(profits, np.moveaxis(np.array(expected), 2, 0), atol=1e-14)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.booleans(), OFFSETS, OFFSETS)
def test_no_offsets_beat_the_exact_optimum(seed, close_at_eod, high, low):
    policy = Policy(close_at_eod, 0.0000278)
    for trades in some_trades(seed):
        best = METHODS["exact"](np, trades, policy)
        optimum = profit(np, trades, policy, best[0][:, None], best[1][:, None])
        assert (profit(np, trades, policy, high, low) <= optimum + 1e-6).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.booleans(), st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.integers(0, 10**6))
def test_between_breakpoints_the_trades_do_not_change(seed, close_at_eod, one, other, pick):
    """So profit is linear there: halfway it is the mean."""
    trades, policy = some_trades(seed, count=1)[1], Policy(close_at_eod, 0.001)
    cells = []
    for axis in candidate_axes(np, trades):
        points = np.unique(axis)
        start = pick % (len(points) - 1)
        cells.append(points[start] + (points[start + 1] - points[start]) * np.array([one, other]))
    (high, high2), (low, low2) = cells
    middle = profit(np, trades, policy, (high + high2) / 2, (low + low2) / 2)
    ends = profit(np, trades, policy, high, low) + profit(np, trades, policy, high2, low2)
    np.testing.assert_allclose(middle, ends / 2, atol=1e-14)


def test_a_search_has_31_candidates_per_axis_all_within_the_bounds():
    for axis in candidate_axes(np, some_trades(3)[0]):
        assert axis.shape == (3, 31)
        assert np.abs(axis).max() <= BOUND
        assert (axis[:, 0] == 0.0).all()


def test_the_levels_of_the_grid_hold_its_middle_and_stay_within_the_bounds():
    middle = np.array([0.0, 0.029, -BOUND])
    points = level(np, middle, 0.002, 17)
    assert (points[:, 8] == middle).all()
    assert np.abs(points).max() == BOUND
    assert (np.diff(points, axis=1) >= 0).all()
    np.testing.assert_allclose(level(np, np.zeros(1), BOUND, 33)[0], np.linspace(-BOUND, BOUND, 33), atol=1e-17)


def test_offsets_that_add_nothing_are_none():
    trades = days((0.02, 0.04, 0.03, -0.015, -0.01, 1)).apply(lambda values: values[None])
    assert [float(each[0]) for each in useful(np, trades, OPEN, (np.array([-0.01]), np.array([0.0])))] == [0.0, 0.0]
    assert [float(each[0]) for each in useful(np, trades, OPEN, (np.array([0.01]), np.array([0.0])))] == [0.01, 0.0]


def test_of_equal_pairs_no_offset_at_all_is_chosen():
    idle = days((0.0, 0.0, 0.03, 0.0, -0.01, 0)).apply(lambda values: values[None])
    for method in METHODS.values():
        high, low = useful(np, idle, OPEN, method(np, idle, OPEN))
        assert (high[0], low[0]) == (0.0, 0.0)
    high, low = METHODS["exact"](np, idle, OPEN)
    assert (high[0], low[0]) == (0.0, 0.0)


def test_positions_follow_the_forecast_that_is_farther_away():
    ones, high, low = np.ones((1, 3)), np.array([[0.03, 0.01, 0.01]]), np.array([[-0.02, -0.02, 0.01]])
    for market, expected in (("equity", [1, -1, 0]), ("crypto", [1, 0, 0])):
        moves = with_positions([ones, ones, high, -ones, low], market)
        assert moves.position.tolist() == [expected]
        _, always = trades_of(moves, market)
        assert always.long.tolist() == [[1, 1, 0]]


def test_crypto_is_never_sold_short():
    for trades in some_trades(5, 50, "crypto"):
        assert not trades.short.any()
        assert trades.long.any()
    assert any(trades.short.any() for trades in some_trades(5, 50))


def test_the_made_up_days_are_as_specified():
    moves = synthetic((300, 7), 1, "equity")
    rng = np.random.default_rng(1)
    close = rng.normal(0, 0.02, (300, 7))
    high = np.maximum(close, 0) + np.abs(rng.normal(0, 0.012, (300, 7)))
    assert all(values.dtype == np.float32 for values in vars(moves).values())
    assert np.array_equal(moves.close, close.astype(np.float32))
    assert np.array_equal(moves.high, high.astype(np.float32))
    assert (moves.high >= np.maximum(moves.close, 0)).all()
    assert (moves.low <= np.minimum(moves.close, 0)).all()
    assert set(np.unique(moves.position)) == {-1, 1}
