import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.measure.results import References, difference

FLOATS = hnp.arrays("float64", hnp.array_shapes(max_side=5), elements=st.floats(allow_nan=True, allow_infinity=True))


@given(FLOATS)
def test_results_equal_themselves(results):
    assert difference(results, results.copy()) == 0.0


@given(st.recursive(st.integers() | st.text() | st.floats(allow_nan=False), lambda inner: st.lists(inner, max_size=3)))
def test_objects_equal_themselves(results):
    assert difference(results, results) == 0.0


@given(FLOATS.filter(lambda a: bool((np.abs(a) < 1e300).all())), st.floats(1e-6, 1e3))
def test_one_changed_number_is_seen(results, change):
    changed = results.copy()
    changed.flat[0] += change * max(1.0, abs(changed.flat[0]))
    assert difference(results, changed) > 0


@pytest.mark.parametrize(
    ("reference", "results"),
    [
        ([1.0], [1.0, 2.0]),
        (np.zeros(2), np.zeros(3)),
        (np.array([1.0, np.nan]), np.array([1.0, 2.0])),
        (np.array([1.0, 2.0]), np.array([np.nan, 2.0])),
        (np.array([np.inf]), np.array([1.0])),
        ({"a": 1}, {"b": 1}),
        (["x"], ["y"]),
        ([(1, "a")], [(2, "a")]),
        (np.array([1, 2]), np.array([1, 3])),
    ],
)
def test_different_form_text_or_missing_values_are_infinitely_different(reference, results):
    assert difference(reference, results) == math.inf


def test_the_difference_of_big_numbers_is_relative():
    assert difference(np.array([1e12]), np.array([1e12 + 1])) == pytest.approx(1e-12)
    assert difference([{"pnl": 1.0}], [{"pnl": 1.0 + 1e-7}]) == pytest.approx(1e-7)


@pytest.mark.parametrize("results", [np.arange(6.0).reshape(3, 2), [{"a": (1, "x")}]])
def test_references_come_back_equal(tmp_path, results):
    references = References(tmp_path)
    assert references.get("key") is None
    references.put("key", results)
    assert difference(references.get("key"), results) == 0.0
