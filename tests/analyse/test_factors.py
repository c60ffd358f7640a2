"""Factors multiply to the efficiency, whatever was measured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analyse.factors import COMPUTE, factors_of, matched, shares, total
from engine.report import Breakdown

PARTS = Breakdown.__struct_fields__
seconds = st.floats(0.0, 100.0)
breakdowns = st.builds(
    Breakdown, **{name: seconds for name in PARTS if name != "compute"}, compute=st.floats(0.001, 100.0)
)


def product(factors):
    result = 1.0
    for factor in factors.values():
        result *= factor
    return result


@given(breakdowns, breakdowns, st.integers(1, 64))
def test_the_product_is_the_efficiency(parts, alone, workers):
    factors = factors_of(parts, alone, workers)
    assert product(factors) == pytest.approx(total(alone) / (workers * total(parts)), rel=1e-6)


@given(breakdowns, breakdowns, st.floats(0.001, 4.0))
def test_matched_factors_multiply_to_the_efficiency_that_was_measured(parts, alone, efficiency):
    factors = factors_of(parts, alone, 2)
    settled = matched(factors, efficiency)
    assert product(settled) == pytest.approx(efficiency, rel=1e-6)
    assert {name for name in factors if factors[name] != settled[name]} <= {COMPUTE}


@given(breakdowns, st.integers(1, 64))
def test_every_factor_is_positive(parts, workers):
    assert all(factor > 0 for factor in factors_of(parts, parts, workers).values())


def test_a_perfect_plan_loses_nothing():
    factors = factors_of(Breakdown(compute=1.0), Breakdown(compute=2.0), 2)
    assert factors == {COMPUTE: 1.0}
    assert shares(factors) == {}


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("start", "start-up"),
        ("ship", "shipping"),
        ("dispatch", "dispatch"),
        ("transfer", "transfer"),
        ("tail", "idle tail"),
        ("imbalance", "load balance"),
        ("locks", "waiting"),
    ],
)
def test_a_single_cause_takes_the_whole_blame(part, name):
    factors = factors_of(Breakdown(compute=1.0, **{part: 1.0}), Breakdown(compute=2.0), 2)
    assert factors[name] == pytest.approx(0.5)
    assert shares(factors)[name] == pytest.approx(1.0)


def test_more_cpu_per_task_is_the_computes_blame():
    factors = factors_of(Breakdown(compute=1.5), Breakdown(compute=2.0), 2)
    assert factors == {COMPUTE: pytest.approx(2 / 3)}


@given(breakdowns, breakdowns, st.integers(1, 64))
def test_shares_add_up_to_one_where_something_is_lost(parts, alone, workers):
    found = shares(factors_of(parts, alone, workers))
    assert not found or sum(found.values()) == pytest.approx(1.0, rel=1e-6)
