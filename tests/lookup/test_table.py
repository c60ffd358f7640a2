"""A LookupTable answers as the dict it was made of."""

import math
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.lookup import LookupTable
from engine.lookup.batches import CHUNK
from engine.workloads.straddles import STRADDLES, python_kernel
from tests.lookup.answers import KEYS, NUMBERS, TEXTS, assert_answers_like, bits, get_many
from tests.workloads.markets import as_dict, market, small
from tests.workloads.markets import settings as knobs


@settings(deadline=None)
@given(st.dictionaries(KEYS, NUMBERS, max_size=30), st.lists(KEYS, max_size=10))
def test_a_table_answers_like_the_dict_it_was_made_of(expected, others):
    table = LookupTable(expected)
    assert_answers_like(table, expected, others)
    assert list(table) == list(expected)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b", ("a", 1), ("a", 1.0), ("a", True)]), st.floats(0, 9))))
def test_of_pairs_with_equal_keys_the_last_counts(pairs):
    assert LookupTable(pairs) == LookupTable(iter(pairs)) == dict(pairs)


@settings(deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda width: st.dictionaries(TEXTS, st.lists(st.floats(), min_size=width, max_size=width), min_size=1)
    )
)
def test_rows_come_back_as_tuples_of_the_same_numbers(expected):
    table = LookupTable(expected)
    for key, row in expected.items():
        assert isinstance(table[key], tuple)
        assert [bits(number) for number in table[key]] == [bits(number) for number in row]
    many = get_many(table, [*expected, ("not", "there")])
    assert many.tobytes() == np.array([*expected.values(), [np.nan] * many.shape[1]]).tobytes()


def test_a_table_is_a_mapping():
    table = LookupTable({"b": 2, "a": "1.50", "": -0.0})
    assert table["a"] == table.get("a") == 1.5
    assert type(table["b"]) is float
    assert math.copysign(1, table[""]) == -1
    assert table.get("c") is None
    assert table.get("c", "none") == "none"
    with pytest.raises(KeyError, match="'c'"):
        table["c"]
    assert list(table.items()) == [("b", 2.0), ("a", 1.5), ("", 0.0)]
    assert (list(table), list(table.values())) == (["b", "a", ""], [2.0, 1.5, 0.0])
    assert table == {"b": 2.0, "a": 1.5, "": 0.0} == table
    assert table != {"b": 2.0, "a": 1.5, "c": 0.0}
    assert table != {"b": 2.0, "a": 1.5}
    assert table != {"b": 2.0, "a": 1.5, "": 0.0, "c": 3.0}
    assert table != [("b", 2.0)]
    assert repr(table) == "<LookupTable of 3 numbers, 0.0 MB>"
    assert engine.LookupTable is LookupTable


def test_an_empty_table_has_nothing():
    table = LookupTable({})
    assert (len(table), list(table), table.get("a"), "a" in table) == (0, [], None, False)
    assert table == LookupTable() == {}
    assert np.isnan(get_many(table, ["a", ("b",)])).tolist() == [True, True]
    assert get_many(table, []).shape == (0,)


def test_a_table_cannot_be_written_to():
    table: Any = LookupTable({"a": 1.0, "x" * 300: 2.0})
    with pytest.raises(TypeError):
        table["a"] = 2.0
    with pytest.raises(AttributeError):
        table.prices = {}
    copy = pickle.loads(pickle.dumps(table))
    for array in (*table._parts.arrays, *copy._parts.arrays):
        assert not array.flags.writeable


@pytest.mark.parametrize(
    "value",
    ["1.5", 1.5, np.float32(1.5), np.array(1.5), b"1.5", " 1.5 "],
    ids=lambda value: type(value).__name__ + str(value),
)
def test_a_number_is_whatever_float_takes(value):
    assert LookupTable({"a": value})["a"] == 1.5


@pytest.mark.parametrize("row", [[1, 2.5], (1, 2.5), np.array([1, 2.5]), np.array([1, 2.5], np.float32), ["1", "2.5"]])
def test_a_row_is_a_sequence_or_an_array(row):
    assert LookupTable({"a": row})["a"] == (1.0, 2.5)


@pytest.mark.parametrize(
    ("source", "kind", "words"),
    [
        ({"a": 1, 5: 2}, TypeError, "not 5"),
        ({("a", (1,)): 1}, TypeError, r"not \('a', \(1,\)\)"),
        ({("a", math.nan): 1}, TypeError, r"NaN.*not \('a', nan\)"),
        ({b"a": 1}, TypeError, "not b'a'"),
        ({np.datetime64("2020-01-01"): 1}, TypeError, "2020-01-01"),
        ({"good": 1, "bad": None}, TypeError, "the value of 'bad'"),
        ({"good": 1, "bad": "1,5"}, ValueError, "the value of 'bad'.*'1,5'"),
        ({"good": 1, "bad": [1, 2]}, TypeError, "the value of 'bad'"),
        ({"good": [1, 2], "bad": [1]}, ValueError, r"the value of 'bad': \[1\] is not a row of 2 numbers"),
        ({"good": [1, 2], "bad": "12"}, ValueError, "the value of 'bad'"),
        ({"good": [1, 2], "bad": {1, 2}}, TypeError, "the value of 'bad'"),
        ({"bad": [[1, 2]]}, ValueError, "the value of 'bad'"),
        ({"bad": []}, ValueError, "the value of 'bad'"),
        ({"bad": 10**400}, ValueError, "the value of 'bad'"),
        ({"good": 2**53, "bad": 2**53 + 1}, ValueError, "'bad': float64 cannot hold 9007199254740993"),
        (
            {"good": [1, 2], "bad": np.array([2**60 + 1, 1])},
            ValueError,
            "'bad': float64 cannot hold 1152921504606846977",
        ),
    ],
)
def test_what_does_not_fit_is_named(source, kind, words):
    with pytest.raises(kind, match=words):
        LookupTable(source)


# many at once


def test_keys_of_more_than_one_batch_keep_their_order():
    keys = [f"{'k' * (number % 7)}{number}" for number in range(2 * CHUNK + 3)]
    table = LookupTable(zip(keys, range(len(keys)), strict=True))
    assert list(table) == keys
    wanted = [*reversed(keys), "none", "k" * 99]
    assert get_many(table, wanted, -1).tolist() == [*reversed(range(len(keys))), -1, -1]


@pytest.mark.parametrize(
    "keys",
    [
        ["b", "a", "c"],
        np.array(["b", "a", "c"]),
        np.array(["b", "a", "c"], object),
        iter(["b", "a", "c"]),
        ("b", "a", "c"),
    ],
    ids=lambda keys: type(keys).__name__,
)
def test_many_keys_come_as_any_iterable(keys):
    assert LookupTable({"a": 1, "b": 2}).get_many(keys, 0).tolist() == [2, 1, 0]


def test_the_default_of_many_rows_is_a_number_or_a_row():
    table = LookupTable({"a": (1, 2)})
    assert get_many(table, ["a", "b"], 0).tolist() == [[1, 2], [0, 0]]
    assert get_many(table, ["a", "b", "x" * 300], [3, 4]).tolist() == [[1, 2], [3, 4], [3, 4]]
    assert get_many(table, []).shape == (0, 2)


@pytest.mark.parametrize("text", ["ab", b"ab", np.array("ab")], ids=lambda text: type(text).__name__)
def test_one_text_is_not_many_keys(text):
    with pytest.raises(TypeError, match="list of keys"):
        get_many(LookupTable({"a": 1}), text)


# the straddles workload


def test_the_naive_kernel_gives_the_same_answers_to_the_bit_over_a_table():
    known = as_dict(market(4))
    assert isinstance(known.prices, dict)
    tasks = STRADDLES.tasks(known)[::3]
    answers = python_kernel.evaluate(known, tasks)
    assert (
        python_kernel.evaluate(replace(known, prices=LookupTable(known.prices)), tasks).tobytes() == answers.tobytes()
    )


def test_the_lookup_layout_holds_the_numbers_of_the_dict():
    table, flat = small("lookup").prices, small("dict").prices
    assert isinstance(table, LookupTable)
    assert isinstance(flat, dict)
    assert len(table) == len(flat)
    assert get_many(table, list(flat)).tolist() == list(map(float, flat.values()))


def test_only_the_naive_kernel_takes_a_table():
    misfits = {name: kernel.misfit(knobs(layout="lookup")) for name, kernel in STRADDLES.kernels.items()}
    assert misfits.pop("python") is None
    assert misfits == dict.fromkeys(["numpy", "numba", "torch"], "needs layout=columns")
