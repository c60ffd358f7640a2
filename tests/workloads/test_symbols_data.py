import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import RequestError
from engine.workloads.symbols import SYMBOLS
from engine.workloads.symbols.data import (
    CLOSE,
    DAYS,
    HIGH,
    LOW,
    MOST_SIMULATIONS,
    OPEN,
    VALIDATION,
    contexts,
    market,
    moves,
)
from engine.workloads.symbols.network import CONTEXT


def load(size="small", **changes):
    return SYMBOLS.load(size, **({knob.name: knob.default for knob in SYMBOLS.knobs} | changes))


@pytest.mark.parametrize(("size", "symbols", "simulations"), [("small", 6, 10), ("medium", 30, 70), ("large", 120, 70)])
def test_sizes_are_those_of_the_specification_unless_the_knobs_say_otherwise(size, symbols, simulations):
    data = load(size)
    assert data.ohlc.shape == (symbols, 4, 1024)
    assert (len(SYMBOLS.tasks(data)), data.simulations, data.contexts) == (symbols, simulations, 4 * simulations)
    few = load(size, symbols=2, simulations=3, contexts=5)
    assert (len(SYMBOLS.tasks(few)), few.simulations, few.contexts) == (2, 3, 5)


def test_more_simulations_than_the_history_has_room_for_are_refused():
    assert load(symbols=1, simulations=505).simulations == MOST_SIMULATIONS == 505
    with pytest.raises(RequestError, match="simulations: 1,024 days of history allow at most 505, got 506"):
        load(symbols=1, simulations=506)


def test_bars_are_whole_cents_and_hold_together():
    bars = market(("A", "B", "C"), 3)
    assert (bars == np.round(bars, 2)).all()
    assert bars.min() >= 0.01
    assert (bars[:, HIGH] >= bars[:, [OPEN, CLOSE]].max(axis=1)).all()
    assert (bars[:, LOW] <= bars[:, [OPEN, CLOSE]].min(axis=1)).all()


def test_the_market_depends_on_its_seed_and_more_symbols_change_none():
    assert market(("A", "B"), 3).tobytes() == market(("A", "B", "C"), 3)[:2].tobytes()
    assert market(("A",), 3).tobytes() != market(("A",), 4).tobytes()


def test_names_ascend_with_the_tasks():
    names = load("large").names
    assert list(names) == sorted(set(names))


def a_history():
    """Every price says which series and day it is of: 10,000 * (series + 1) + day."""
    return np.arange(1, 5)[:, None] * 10_000.0 + np.arange(DAYS)


@settings(deadline=None, max_examples=20)
@given(simulations=st.integers(1, MOST_SIMULATIONS))
def test_a_context_ends_where_the_days_to_be_predicted_begin(simulations):
    history = a_history()
    seen, scored = contexts(history, simulations), moves(history, simulations)
    assert (seen.shape, scored.shape) == ((simulations, 4, CONTEXT), (simulations, 4, VALIDATION))
    for k in {0, simulations // 2, simulations - 1}:
        left = history[:, : DAYS - (k + 1)]
        assert (seen[k] == left[:, -VALIDATION - CONTEXT : -VALIDATION]).all()
        before = left[CLOSE, -VALIDATION - 1 : -1]
        np.testing.assert_allclose(scored[k], left[:, -VALIDATION:] / before - 1.0, rtol=1e-15)


def test_no_forecast_sees_a_day_it_is_scored_on():
    history = a_history()
    later = history.copy()
    later[:, -1 - VALIDATION :] *= np.linspace(1.1, 1.9, 1 + VALIDATION)
    assert (contexts(later, 1) == contexts(history, 1)).all()
    assert (moves(later, 1) != moves(history, 1)).all()


def test_the_last_day_is_in_no_simulation():
    history = a_history()
    later = history.copy()
    later[:, -1] = 1.0
    assert (contexts(later, 9) == contexts(history, 9)).all()
    assert (moves(later, 9) == moves(history, 9)).all()
