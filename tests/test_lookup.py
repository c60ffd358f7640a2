"""A LookupTable answers as the dict it was made of, in every process."""

import enum
import math
import os
import pickle
import struct
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from itertools import islice
from typing import Any, NamedTuple
from unittest.mock import patch
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.lookup import LookupTable, building
from engine.lookup import table as lookup_table
from engine.lookup.batches import CHUNK
from engine.pool.arena import pack
from engine.workloads.straddles import STRADDLES, python_kernel
from tests.workloads.markets import as_dict, market, small
from tests.workloads.markets import settings as knobs

TEXTS = st.text(st.characters(exclude_categories=()), max_size=12)
LONG_TEXTS = st.text("abé", min_size=120, max_size=300)
MOMENTS = st.datetimes() | st.datetimes(
    timezones=st.just(timezone(timedelta(hours=-5))), min_value=datetime(1900, 1, 1)
)
PARTS = TEXTS | st.integers() | st.floats(allow_nan=False) | st.binary(max_size=9) | st.booleans() | st.none()
TUPLES = st.lists(PARTS | st.dates() | MOMENTS, max_size=4).map(tuple)
KEYS = TEXTS | LONG_TEXTS | TUPLES
NUMBERS = st.floats() | st.integers(-(2**53), 2**53)


def get_many(table, keys, *default):
    """The answer of ``get_many``, which must not depend on how many keys it looks up one by one."""
    answers = []
    for few in (0, 10**9):
        with patch.object(lookup_table, "FEW", few):
            answers.append(table.get_many(keys, *default))
    assert answers[0].dtype == answers[1].dtype == np.float64
    assert answers[0].shape == answers[1].shape
    assert answers[0].tobytes() == answers[1].tobytes()
    return answers[0]


def bits(number):
    return struct.pack("=d", number)


def assert_answers_like(table, expected, others):
    """The same numbers to the bit for keys that are there, and nothing for the others."""
    assert len(table) == len(expected)
    for key, value in expected.items():
        assert key in table
        assert bits(table[key]) == bits(table.get(key)) == bits(value)
    for key in others:
        assert (key in table) == (key in expected)
        assert table.get(key, "none") == "none" or key in expected
    wanted = [*expected, *others]
    many = get_many(table, wanted, -7.5)
    assert [bits(number) for number in many] == [bits(expected.get(key, -7.5)) for key in wanted]


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


# keys


class Colour(enum.StrEnum):
    RED = "red"


class Odd(str):
    """Equal to its text, and in no dict found under it."""

    __slots__ = ()
    __eq__ = str.__eq__

    def __hash__(self):
        return 5


class Autumn(tzinfo):
    """Has an hour twice; no time in it equals any time of another zone, so that a dict would not find it there."""

    def utcoffset(self, when):
        return timedelta(hours=1 if when and when.fold else 2)

    def dst(self, when):
        return None

    def tzname(self, when):
        return "autumn"


class Point(NamedTuple):
    name: str
    day: date


def test_equal_keys_are_one_key_and_come_back_plain():
    utc = datetime(2020, 1, 3, 12, tzinfo=UTC)
    table = LookupTable({("a", 1.0, True): 1, ("a", utc.astimezone(timezone(timedelta(hours=5)))): 2, np.str_("s"): 3})
    assert list(table) == [("a", 1, 1), ("a", utc), "s"]
    assert list(map(type, next(iter(table)))) == [str, int, int]
    for same in (("a", 1, 1), ("a", True, 1.0), (np.str_("a"), np.int64(1), np.True_), ("a", np.float32(1), 1)):
        assert table[same] == 1
        assert get_many(table, [same])[0] == 1
    assert table["a", utc] == 2
    assert LookupTable({("a", date(2020, 1, 3)): 1})[Point("a", date(2020, 1, 3))] == 1
    assert LookupTable({"red": 1})[Colour.RED] == LookupTable({Colour.RED: 1})["red"] == 1


@pytest.mark.parametrize(
    "other",
    [
        ("a", "b", ""), ("ab",), ("b", "a"), "ab", "", (), "('a', 'b')", ("a", b"b"), ("a", ("b",)), (("a", "b"),),
        ("a", None), Odd("red"), ("a", Odd("red")), 5, None, b"a", ("a", 1.5), ("d", date(2020, 1, 1)), "\x00", "a\x00",
        ("a", math.nan), ("d", datetime(2020, 1, 1)), ("d", 737425), ("d", (737425,)),
        ("d", datetime(2020, 1, 2, tzinfo=UTC)), ("x", np.float64(1.5)), ("x", struct.pack("=d", 2.5)), ("x", 1 + 0j),
        ("x", ...), "\ud800", ("y", (b"b",)), ("y", "b"),
        ("d", datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))), "\xff" + "a",
        "(\x02\x00\x00\x00", frozenset({"a"}),
    ],
    ids=repr,
)  # fmt: skip
def test_a_key_that_is_not_there_is_not_taken_for_one_that_is(other):
    expected: dict[Any, float] = {
        ("a", "b"): 1.0,
        "red": 2.0,
        ("a", "red"): 3.0,
        ("d", date(2020, 1, 2)): 4.0,
        "a": 5.0,
        ("x", 2.5): 6.0,
    }
    expected |= {("d", datetime(2020, 1, 2)): 7.0, ("y", b"b"): 8.0, "\ud801": 9.0}
    table = LookupTable(expected)
    assert_answers_like(table, expected, [])
    assert other not in table
    assert table.get(other) is None
    assert np.isnan(get_many(table, [other, other])).all()


@pytest.mark.parametrize("key", [["a"], ("a", ["b"]), {"a"}, ("a", {}), np.array(["a", "b"])], ids=str)
def test_what_cannot_be_hashed_is_an_error_as_in_a_dict(key):
    table = LookupTable({("a", "b"): 1.0})
    for look in (table.get, table.__getitem__, table.__contains__, lambda key: get_many(table, [key])):
        with pytest.raises(TypeError, match="unhashable"):
            look(key)


@pytest.mark.parametrize(
    "key",
    [Odd("red"), ("a", Odd("red")), ("a", datetime(2020, 1, 2, 3, tzinfo=Autumn()))],
    ids=["enum", "enum in a tuple", "own time zone"],
)
def test_a_key_that_no_dict_would_find_under_what_it_stands_for_is_refused(key):
    with pytest.raises(TypeError, match="a key is text or"):
        LookupTable({key: 1})


def test_long_keys_are_found_and_told_apart():
    keys: list[Any] = [letter * length for length in (253, 254, 255, 256, 300, 70_000) for letter in "abé"]
    keys += [(key, "tuple") for key in keys] + ["é" * 127, "é" * 128]
    expected = {key: float(row) for row, key in enumerate(keys)}
    others = [*(key[:-1] for key in keys if type(key) is str), "a" * 257, ("a" * 255,), "c" * 300, "a" * 1_000_000]
    table = LookupTable(expected)
    assert_answers_like(table, expected, others)
    assert list(table) == keys
    assert_answers_like(LookupTable({"a" * 300: 1.0}), {"a" * 300: 1.0}, [letter * 300 for letter in "bcdefghijklmn"])


# hashing


def away(table):
    """How far from its own slot a key is at most."""
    index = table._parts.index
    mask = len(index) - 1
    place = {int(position): slot for slot, position in enumerate(index.tolist()) if position}
    hash_of = table._tools[0]
    sizes = [(8 + 8 * ((len(key.encode()) + 8) // 8)) for key in table]
    starts = np.cumsum([8, *sizes[:-1]]).tolist()
    return max((place[start] - hash_of(key.encode())) & mask for start, key in zip(starts, table, strict=True))


def test_a_hash_that_fits_is_not_enough():
    assert crc32(b"plumless") == crc32(b"buckeroo")
    alone = LookupTable({"plumless": 1.0})
    assert alone.get("buckeroo") is None
    assert np.isnan(get_many(alone, ["buckeroo"])).all()
    assert_answers_like(LookupTable({"plumless": 1.0, "buckeroo": 2.0}), {"plumless": 1.0, "buckeroo": 2.0}, [])


DAYS = [f"20{year:02d}-{month:02d}-{day:02d}" for year in range(10) for month in range(1, 13) for day in range(1, 29)]
STRUCTURED = {
    "prices": [f"{a}{b}|{field}|{day}" for a in "ABC" for b in "ABC" for field in ("open", "close") for day in DAYS],
    "counted": [str(number) for number in range(60_000)],
    "padded": [f"{number:012d}" for number in range(60_000)],
    "backwards": [f"{number:08d}"[::-1] + "|AAPL" for number in range(60_000)],
    "hexadecimal": [f"{number << 12:x}" for number in range(60_000)],
    "two letters": [f"{number:016b}" for number in range(1 << 16)],
}


@pytest.mark.parametrize("keys", STRUCTURED.values(), ids=STRUCTURED.keys())
def test_structured_keys_do_not_cluster(keys):
    table = LookupTable(zip(keys, range(len(keys)), strict=True))
    assert table._parts.hashing == 0
    assert away(table) <= 20
    assert get_many(table, keys).tolist() == list(range(len(keys)))


def test_keys_that_crc32_does_not_spread_get_another_hash():
    same = (key for key in map(str, range(10**9)) if crc32(key.encode()) & 1023 == 5)
    expected = {key: float(row) for row, key in enumerate(islice(same, 200))}
    table = LookupTable(expected)
    assert table._parts.hashing == 1
    assert away(table) <= 20
    assert_answers_like(table, expected, ["5", "x" * 400, ("a",)])
    assert_answers_like(pickle.loads(pickle.dumps(table)), expected, ["5"])
    assert_answers_like(LookupTable(expected | {"x" * 400: 1.0}), expected | {"x" * 400: 1.0}, ["x" * 401])


def test_records_of_more_than_4_gigabytes_have_wider_positions(monkeypatch):
    expected = {"a": 1.0, ("b", 2): 2.0}
    narrow = LookupTable(expected)
    monkeypatch.setattr(building, "NARROW", 8)
    wide = LookupTable(expected)
    assert (narrow._parts.index.itemsize, wide._parts.index.itemsize) == (4, 8)
    assert_answers_like(wide, expected, ["b"])


def test_more_keys_than_a_hash_can_spread_are_refused(monkeypatch):
    monkeypatch.setattr(building, "MOST_KEYS", 2)
    assert len(LookupTable({"a": 1, "b": 2})) == 2
    with pytest.raises(ValueError, match="up to 2 keys, got 3"):
        LookupTable({"a": 1, "b": 2, "c": 3})


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


# between processes

KINDS = {"a": 1.0, "é|\ud800": -0.0, "x" * 300: math.inf, ("a", 1, date(2020, 1, 3)): 2.0, ("b", "c"): 3.0}


def test_a_packed_table_is_shared_and_not_copied():
    expected = KINDS | {f"key {number}": float(number) for number in range(5000)}
    arena = pack(LookupTable(expected))
    table = arena.unpack()
    assert arena.copied_bytes < 1000
    assert_answers_like(table, expected, ["b", "x" * 299])
    assert not any(array.flags.owndata or array.flags.writeable for array in table._parts.arrays)
    assert pickle.dumps(table) == pickle.dumps(LookupTable(expected))
    arena.file.close()


def test_an_empty_table_can_be_packed():
    arena = pack(LookupTable({}))
    assert arena.unpack() == {}
    arena.file.close()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_pickle_protocol_keeps_a_table(protocol):
    assert_answers_like(pickle.loads(pickle.dumps(LookupTable(KINDS), protocol)), KINDS, ["b"])


def test_a_process_with_another_hash_seed_finds_the_same_keys(tmp_path):
    (tmp_path / "table").write_bytes(pickle.dumps((LookupTable(KINDS), KINDS)))
    code = (
        "import pickle, sys; table, known = pickle.load(open(sys.argv[1], 'rb'));"
        "print(hash('a'), all(table[key] == known[key] for key in known), list(table.get_many(known)))"
    )
    answers = []
    for seed in ("1", "2"):
        command = [sys.executable, "-c", code, str(tmp_path / "table")]
        done = subprocess.run(
            command, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        answers.append(done.stdout.strip().split(" ", 1))
    assert answers[0][0] != answers[1][0]
    assert answers[0][1] == answers[1][1] == f"True {list(LookupTable(KINDS).get_many(KINDS))}"


def test_building_takes_less_than_three_times_the_memory_of_the_arrays():
    prices = {f"TICKER{number // 100:04d}|close|{number % 100:010d}": str(number / 100) for number in range(60_000)}
    tracemalloc.start()
    try:
        table = LookupTable(prices)
        assert tracemalloc.get_traced_memory()[1] < 3 * table.nbytes
    finally:
        tracemalloc.stop()
    assert table.nbytes / len(table) < 64


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
