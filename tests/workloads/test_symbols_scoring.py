"""The exact optimum against the profit function as chapter 3 of the specification writes it."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.workloads.symbols.data import CLOSE, HIGH, LOW
from engine.workloads.symbols.scoring import FEE, LIMIT, STEP, VARIANTS, Days, best_profits, days_of, exact_profit


def made_up(count, seed, rows=7):
    """The synthetic days of the specification."""
    rng = np.random.default_rng(seed)
    close, up, down, high_error, low_error = (
        rng.normal(0.0, deviation, (count, rows)) for deviation in (0.02, 0.012, 0.012, 0.008, 0.008)
    )
    high, low = np.maximum(close, 0.0) + np.abs(up), np.minimum(close, 0.0) - np.abs(down)
    parts = (high, low, close, np.abs(high + high_error), -np.abs(low + low_error))
    return Days(*(part.astype(np.float32).astype(np.float64) for part in parts))


def profit(row, position, h=0.0, l=0.0, *, at_close=False, fee=0.0):  # noqa: E741 - the letters of the specification
    """Profit of one day; ``row``: high, low, close, predicted high, predicted low."""
    high, low, close, predicted_high, predicted_low = row
    sell, buy = min(max(predicted_high + h, 0.0), 10.0), min(max(predicted_low + l, -1.0), 0.0)
    if position > 0 and buy > low:
        return (sell if sell <= high and not at_close else close) - buy - fee
    if position < 0 and sell < high:
        return sell - (buy if buy >= low and not at_close else close) - fee
    return 0.0


def rows_of(days, simulation):
    return list(
        zip(
            *(
                part[simulation].tolist()
                for part in (days.high, days.low, days.close, days.predicted_high, days.predicted_low)
            ),
            strict=True,
        )
    )


def total(rows, variant, h, l):  # noqa: E741
    at_close = variant.endswith("_eod")
    sides = {"maxdiff": lambda row: [1 if row[3] > -row[4] else -1], "always_on": lambda row: [1, -1]}
    chosen = sides[variant.removesuffix("_eod")]
    return sum(profit(row, side, h, l, at_close=at_close, fee=FEE) for row in rows for side in chosen(row))


@pytest.mark.parametrize(
    ("row", "position", "at_close", "expected"),
    [
        ((0.04, -0.015, 0.02, 0.03, -0.01), 1, False, 0.04),
        ((0.04, -0.015, 0.02, 0.03, -0.01), 1, True, 0.03),
        ((0.02, -0.02, -0.015, 0.03, -0.01), 1, False, -0.005),
        ((0.03, -0.02, 0.04, 0.02, -0.01), -1, True, -0.02),
        ((0.03, -0.03, -0.01, 0.02, -0.02), -1, False, 0.04),
        ((0.015, -0.02, 0.0, 0.02, -0.01), -1, False, 0.0),
        ((0.015, -0.01, 0.0, 0.02, -0.01), 1, False, 0.0),
    ],
)
def test_the_profit_of_single_days_is_that_of_the_specification(row, position, at_close, expected):
    assert profit(row, position, at_close=at_close) == pytest.approx(expected, abs=1e-15)


GOLDEN = {
    "maxdiff": 0.15659401183,
    "maxdiff_eod": 0.12264871493,
    "always_on": 0.29860359099,
    "always_on_eod": 0.15803141447,
}
GOLDEN_BASELINE = {
    "maxdiff": 0.06428460,
    "maxdiff_eod": 0.05294473,
    "always_on": 0.10793438,
    "always_on_eod": 0.07386487,
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_three_hundred_simulations_earn_what_the_specification_says(variant):
    days = made_up(300, 1)
    means = best_profits(np, days).mean(axis=0)
    assert means[VARIANTS.index(variant)] == pytest.approx(GOLDEN[variant], abs=2e-11)
    baseline = np.mean([total(rows_of(days, k), variant, 0.0, 0.0) for k in range(300)])
    assert baseline == pytest.approx(GOLDEN_BASELINE[variant], abs=1e-8)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**6), h=st.floats(-LIMIT, LIMIT), l=st.floats(-LIMIT, LIMIT))
def test_no_offsets_earn_more_and_none_at_all_never_more(seed, h, l):  # noqa: E741
    days = made_up(1, seed)
    best, rows = best_profits(np, days)[0], rows_of(days, 0)
    for variant, most in zip(VARIANTS, best, strict=True):
        assert most >= total(rows, variant, 0.0, 0.0) - 1e-12
        # just beyond a breakpoint the optimum is only approached, by at most a step per day and side
        assert most >= total(rows, variant, h, l) - 14 * STEP


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10**6))
def test_the_optimum_is_the_best_of_all_pairs_of_breakpoints(seed):
    days = made_up(1, seed, rows=3)
    rows = rows_of(days, 0)
    gaps = [[row[0] - row[3] for row in rows], [row[1] - row[4] for row in rows]]
    turns = [[-row[3] for row in rows], [-row[4] for row in rows]]
    axes = [
        np.clip([-LIMIT, 0.0, LIMIT, *turn, *(g + d for g in gap for d in (-STEP, 0.0, STEP))], -LIMIT, LIMIT)
        for gap, turn in zip(gaps, turns, strict=True)
    ]
    for variant, most in zip(VARIANTS, best_profits(np, days)[0], strict=True):
        assert most == pytest.approx(max(total(rows, variant, *pair) for pair in product(*axes)), abs=1e-12)


def test_simulations_do_not_influence_each_other_to_the_bit():
    days = made_up(20, 3)
    whole = best_profits(np, days)
    for size in (1, 7):
        parts = [
            best_profits(np, Days(*(part[at : at + size] for part in vars(days).values()))) for at in range(0, 20, size)
        ]
        assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_torch_scores_as_numpy_does():
    torch = pytest.importorskip("torch")
    days = made_up(30, 4)
    there = Days(*(torch.from_numpy(part) for part in vars(days).values()))
    np.testing.assert_allclose(best_profits(torch, there).numpy(), best_profits(np, days), rtol=0, atol=1e-15)


def test_a_day_without_a_position_earns_and_costs_nothing():
    days = made_up(5, 5)
    none = np.zeros((5, 7))
    assert not exact_profit(np, days, (none, none), False).any()


def test_an_invalid_forecast_is_no_position_in_maxdiff():
    days = made_up(4, 6)
    flat = Days(days.high, days.low, days.close, np.zeros((4, 7)), np.zeros((4, 7)))
    best = best_profits(np, flat)
    assert not best[:, :2].any()
    assert best[:, 2:].any()


def test_of_equal_predicted_moves_the_short_side_is_taken():
    ones, none = np.ones((1, 7)), np.zeros((1, 7))
    days = Days(0.03 * ones, -0.01 * ones, -0.005 * ones, 0.02 * ones, -0.02 * ones)
    assert best_profits(np, days)[0, 1] == exact_profit(np, days, (none, ones), True)[0]
    assert best_profits(np, days)[0, 1] != exact_profit(np, days, (ones, none), True)[0]


def test_highs_are_predicted_above_and_lows_below_the_close_before():
    rng = np.random.default_rng(7)
    actual, predicted = rng.normal(0.0, 0.02, (2, 3, 4, 7))
    days = days_of(actual, predicted)
    assert (days.predicted_high == np.abs(predicted[:, HIGH])).all()
    assert (days.predicted_low == -np.abs(predicted[:, LOW])).all()
    assert (days.close == actual[:, CLOSE]).all()
