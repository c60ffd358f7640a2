"""Which keys are one and which are not, whatever they hash to."""

import enum
import math
import pickle
import struct
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from itertools import islice
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import pytest

from engine.lookup import LookupTable, building
from tests.lookup.answers import assert_answers_like, get_many


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
