"""The forecaster gives the same numbers whatever computes it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.workloads.symbols.network import (
    ACTIVATION_LIMIT,
    ACTIVATION_STEPS,
    CONTEXT,
    HIDDEN,
    HIDDEN_SCALE,
    HORIZON,
    INPUT_LIMIT,
    INPUT_STEPS,
    OUTPUT_SCALE,
    gelu,
    infer,
    inputs,
    make_weights,
)

EXACT = 2**24
"""Whole numbers up to here are float32."""

WEIGHTS = make_weights()


def a_batch(count, seed=1):
    rng = np.random.default_rng(seed)
    return inputs(100.0 + rng.normal(0.0, 1.0, (count, CONTEXT)).cumsum(axis=1).round(2))


def test_the_weights_have_the_shapes_and_the_type_of_the_specification():
    assert (CONTEXT, HIDDEN, HORIZON) == (512, 256, 96)
    shapes = {name: (part.shape, part.dtype.name) for name, part in vars(WEIGHTS).items()}
    assert shapes == {
        "first": ((512, 256), "float32"),
        "first_bias": ((256,), "float32"),
        "second": ((256, 96), "float32"),
        "second_bias": ((96,), "float32"),
    }
    again = make_weights()
    assert all(part.tobytes() == getattr(again, name).tobytes() for name, part in vars(WEIGHTS).items())


def test_no_sum_can_leave_the_whole_numbers_of_float32():
    halves = 2 * (INPUT_LIMIT * np.abs(WEIGHTS.first).sum(axis=0) + np.abs(WEIGHTS.first_bias))
    assert halves.max() < EXACT
    second = ACTIVATION_LIMIT * np.abs(WEIGHTS.second).sum(axis=0) + np.abs(WEIGHTS.second_bias)
    assert second.max() < EXACT


def test_factors_fit_the_ten_bits_of_tf32():
    for part in (WEIGHTS.first, WEIGHTS.second):
        assert (part == np.rint(part)).all()
        assert np.abs(part).max() < 2**10
    assert max(INPUT_LIMIT, ACTIVATION_LIMIT) < 2**10


def test_no_activation_is_near_a_place_where_it_could_be_rounded_either_way():
    """Every sum the first layer can have is tried: GELU may be off by a millionth anywhere."""
    reach = 12 / HIDDEN_SCALE  # beyond, GELU is 0 or its argument in float32
    sums = np.arange(-reach, reach) + 0.5
    exact = np.array([x * 0.5 * math.erfc(-x * math.sqrt(0.5)) for x in sums * HIDDEN_SCALE])
    steps = exact * ACTIVATION_STEPS
    assert np.abs(steps - np.floor(steps) - 0.5).min() > 1e-6 * ACTIVATION_STEPS
    in_float32 = gelu((sums * HIDDEN_SCALE).astype(np.float32)).astype(np.float64)
    assert np.abs(in_float32 - exact).max() < 1e-6


def test_gelu_is_that_of_the_paper():
    values = np.array([-3.0, -1.0, 0.0, 0.5, 2.0], np.float32)
    assert gelu(values).dtype == np.float32
    np.testing.assert_allclose(gelu(values), [-0.00404951, -0.15865525, 0.0, 0.34573123, 1.95449974], atol=1e-6)


def test_inference_is_exact_arithmetic_on_whole_numbers():
    batch = a_batch(20)
    doubled = (batch.astype(np.int64) @ WEIGHTS.first.astype(np.int64)) * 2 + (2 * WEIGHTS.first_bias).astype(np.int64)
    hidden = doubled / 2 * HIDDEN_SCALE
    activated = np.array([[x * 0.5 * math.erfc(-x * math.sqrt(0.5)) for x in row] for row in hidden])
    steps = np.minimum(np.rint(activated * ACTIVATION_STEPS), ACTIVATION_LIMIT).astype(np.int64)
    sums = steps @ WEIGHTS.second.astype(np.int64) + WEIGHTS.second_bias.astype(np.int64)
    assert (infer(WEIGHTS, batch) == sums * OUTPUT_SCALE).all()


@settings(deadline=None, max_examples=10)
@given(count=st.integers(1, 40), size=st.integers(1, 40), seed=st.integers(0, 100))
def test_a_forecast_does_not_depend_on_its_company(count, size, seed):
    batch = a_batch(count, seed)
    whole = infer(WEIGHTS, batch)
    assert whole.dtype == np.float32
    parts = np.concatenate([infer(WEIGHTS, batch[at : at + size]) for at in range(0, count, size)])
    assert parts.tobytes() == whole.tobytes()


def test_predicted_moves_are_of_the_size_of_daily_moves():
    forecasts = infer(WEIGHTS, a_batch(200))
    assert 0.005 < np.abs(forecasts).mean() < 0.03


def test_inputs_are_whole_eighths_of_a_deviation():
    context = np.arange(CONTEXT, dtype=np.float64)[None]
    steps = inputs(context)
    assert steps.dtype == np.float32
    expected = (context - context.mean()) / context.std() * INPUT_STEPS
    assert np.abs(steps - expected).max() <= 0.5
    assert (inputs(1000 + 7 * context) == steps).all()


@pytest.mark.parametrize("price", [0.01, 123.45, 39_999.99])
def test_a_price_that_never_moves_is_all_zeros(price):
    assert not inputs(np.full((2, CONTEXT), price)).any()


def test_an_outlier_is_cut_off():
    context = np.full((1, CONTEXT), 100.0)
    context[0, 5] = 1e6
    assert inputs(context)[0, 5] == INPUT_LIMIT
