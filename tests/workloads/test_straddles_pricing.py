import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.workloads.straddles import numpy_kernel, torch_kernel
from engine.workloads.straddles.pricing import MODELS, model_es

GOLDEN = [
    (100.0, 100.0, 20.0, 30, 0.04574301256089939, 0.02287150628044965),
    (100.0, 100.0, 20.0, 365, 0.15931134910811606, 0.07965567455405798),
    (105.0, 100.0, 25.0, 10, 0.05496492600294431, 0.7697665591059992),
    (291.7, 291.7, 25.6, 28, 0.05656159446556664, 0.028280797232783428),
    (2400.0, 2500.0, 18.0, 60, 0.0657464532237107, -0.3989364034174837),
]

prices = st.floats(0.01, 1e5)
vols = st.floats(0.1, 300.0)
days = st.integers(0, 92)


def by_numpy(spot, strike, vol, left):
    values = numpy_kernel.model_es(np.array([spot]), np.array([strike]), np.array([vol]), np.array([left]))
    return tuple(float(value[0]) for value in values)


def by_torch(spot, strike, vol, left):
    torch = pytest.importorskip("torch")
    inputs = [torch.tensor([x], dtype=torch.float64) for x in (spot, strike, vol)]
    return tuple(
        float(value[0]) for value in torch_kernel.model_es(inputs[0], inputs[1], inputs[2], torch.tensor([left]))
    )


def by_hand(spot, strike, vol, left):
    return model_es(spot, strike, vol, left) or (math.nan, math.nan)


@pytest.mark.parametrize("value", [by_hand, by_numpy, by_torch])
@pytest.mark.parametrize(("spot", "strike", "vol", "left", "mv", "delta"), GOLDEN)
def test_golden_values(value, spot, strike, vol, left, mv, delta):
    assert value(spot, strike, vol, left) == pytest.approx((mv, delta), abs=1e-12)


@pytest.mark.parametrize("value", [by_hand, by_numpy, by_torch])
@pytest.mark.parametrize(
    ("spot", "strike", "vol", "expected"),
    [(110.0, 100.0, 20.0, (0.1, 1.0)), (90.0, 100.0, 20.0, (0.1, -1.0)), (100.0, 100.0, 20.0, (0.0, 1.0))],
)
def test_on_the_expiry_day_only_the_intrinsic_value_is_left(value, spot, strike, vol, expected):
    assert value(spot, strike, vol, 0) == expected


@pytest.mark.parametrize("value", [by_hand, by_numpy, by_torch])
@pytest.mark.parametrize(
    "inputs", [(0.0, 1.0, 1.0), (1.0, -1.0, 1.0), (-1.0, -1.0, 1.0), (1.0, 1.0, 0.0), (1.0, 1.0, -5.0)]
)
@pytest.mark.parametrize("left", [0, 5])
def test_inputs_that_are_not_positive_have_no_value(value, inputs, left):
    assert np.isnan(value(*inputs, left)).all()


@pytest.mark.parametrize("value", [by_hand, by_torch])
def test_there_is_no_value_after_the_expiry(value):
    assert np.isnan(value(100.0, 100.0, 20.0, -1)).all()


def test_models_without_a_formula_give_no_value():
    assert MODELS["NS"](100.0, 100.0, 20.0, 5) is None
    assert MODELS["BS"](100.0, 100.0, 20.0, 5) is None
    assert MODELS["CDS_ES"] is MODELS["ES"]


@given(prices, prices, vols, days)
def test_the_value_lies_between_intrinsic_value_and_the_sum_of_both_prices(spot, strike, vol, left):
    mv, delta = by_hand(spot, strike, vol, left)
    slack = 1e-12 * max(1.0, spot / strike)
    assert abs(spot - strike) / strike - slack <= mv <= (spot + strike) / strike + slack
    assert -1.0 <= delta <= 1.0


@given(prices, vols, days)
def test_at_the_money_the_value_is_twice_the_delta(price, vol, left):
    mv, delta = by_hand(price, price, vol, left)
    assert mv == pytest.approx(2 * delta if left else 0.0, abs=1e-12)


@given(st.floats(10.0, 1000.0), st.floats(0.5, 2.0), st.floats(5.0, 150.0), st.integers(1, 92))
def test_put_call_parity(strike, moneyness, vol, left):
    """Call and put from their own formulas: call - put = S - X, and together they are the straddle."""
    spot = strike * moneyness
    tv = vol / 100 * math.sqrt(left / 365)
    d1 = math.log(spot / strike) / tv + tv / 2

    def cdf(x: float) -> float:
        return 0.5 * math.erfc(-x / math.sqrt(2))

    call = spot * cdf(d1) - strike * cdf(d1 - tv)
    put = strike * cdf(tv - d1) - spot * cdf(-d1)
    assert call - put == pytest.approx(spot - strike, abs=1e-12 * strike)
    assert by_hand(spot, strike, vol, left)[0] == pytest.approx((call + put) / strike, abs=1e-12)


@given(prices, prices, vols, days)
def test_the_vector_formula_is_the_scalar_one(spot, strike, vol, left):
    scale = max(1.0, spot / strike)
    assert by_numpy(spot, strike, vol, left) == pytest.approx(by_hand(spot, strike, vol, left), abs=1e-12 * scale)
