import pickle
import threading
from collections import OrderedDict, deque, namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engine.pool import weighing
from engine.pool.arena import pack
from engine.pool.weighing import heaviest


@dataclass
class Book:
    names: Any = ()
    prices: Any = None


@dataclass(frozen=True, slots=True)
class Slim:
    names: Any = ()
    prices: Any = None


class Data:
    me: Any

    def __init__(self, **members):
        self.__dict__.update(members)


class Own:
    """Decides itself what of it is pickled."""

    def __init__(self):
        self.cache = list(range(10_000))

    def __getstate__(self):
        return {"rows": 7}


Pair = namedtuple("Pair", "names prices")


def in_the_stream(thing):
    return len(pickle.dumps(thing, protocol=5, buffer_callback=lambda _: None))


def names(thing):
    return [name for name, _ in heaviest(thing)]


def texts(count):
    return [f"name number {index}" for index in range(count)]


@pytest.mark.parametrize("kind", [Book, Slim, Pair])
def test_fields_are_named_with_what_they_are(kind):
    thing = kind(names=texts(500), prices=np.ones(100_000))
    name, weight = heaviest(thing)[0]
    assert name == f"data.names ({type(thing.names).__name__} of 500 entries)"
    assert weight == pytest.approx(in_the_stream(thing.names), rel=0.1)


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (Data(book=Book(texts(100))), "data.book.names (list of 100 entries)"),
        ({"prices": dict.fromkeys(texts(2_000), 1.5)}, "data['prices'] (dict of 2,000 entries)"),
        ([None, {"old": texts(100)}], "data[1]['old'] (list of 100 entries)"),
        ({("AAPL", 3): texts(100)}, "data[('AAPL', 3)] (list of 100 entries)"),
        ({"k" * 500: texts(100)}, "data[…] (list of 100 entries)"),
        ({1: texts(1)}, "data[1] (list of 1 entry)"),
        (texts(21), "data (list of 21 entries)"),
        ({"a": {"b": {"c": texts(3)}}}, "data['a']['b'] (dict of 1 entry)"),
        (Data(names=np.array(texts(100), object)), "data.names (array of 100 objects)"),
        (Data(text="x" * 10_000_000), "data.text (str)"),
        ("x" * 100, "data (str)"),
        (12345678901234567890, "data"),
    ],
)
def test_a_part_is_named_the_way_a_user_reaches_it(thing, name):
    assert names(thing)[0] == name


def test_millions_of_entries_are_said_in_millions():
    assert names({"prices": [None] * 1_250_000}) == ["data['prices'] (list of 1.2 M entries)"]


def test_a_few_plain_values_are_one_part_and_a_few_big_texts_are_not():
    assert names(Data(rates=[1.5, None, 2, "low"])) == ["data.rates (list of 4 entries)"]
    assert names(["short", "long" * 1_000]) == ["data[1] (str)"]


def test_the_heaviest_comes_first_and_what_hardly_weighs_is_left_out():
    thing = {"small": texts(300), "big": texts(3_000), "tiny": [1], "shared": np.ones(1_000_000)}
    assert names(thing) == ["data['big'] (list of 3,000 entries)", "data['small'] (list of 300 entries)"]


def test_no_more_parts_than_asked_for():
    thing = {index: texts(100) for index in range(9)}
    assert len(heaviest(thing)) == 5
    assert len(heaviest(thing, most=2)) == 2
    assert heaviest(thing, "tasks", 1)[0][0].startswith("tasks[0]")


def test_what_is_in_buffers_weighs_next_to_nothing():
    thing = [np.ones(1_000_000), pa.table({"a": np.arange(100_000)})]
    assert sum(weight for _, weight in heaviest(thing)) < 3_000


def test_of_a_data_frame_only_the_columns_of_objects_weigh():
    pandas = pytest.importorskip("pandas")
    numbers = {"open": np.ones(100_000), "close": np.ones(100_000)}
    objects = pandas.Series([(index,) for index in range(5_000)], dtype=object)
    assert sum(weight for _, weight in heaviest(pandas.DataFrame(numbers))) < 3_000
    name, weight = heaviest(Data(book=pandas.DataFrame({"open": np.ones(5_000), "note": objects})))[0]
    assert name == "data.book (DataFrame)"
    assert weight == pytest.approx(in_the_stream(objects), rel=0.15)


def test_what_two_parts_share_is_weighed_once():
    shared = texts(1_000)
    assert names({"first": shared, "second": shared}) == ["data['first'] (list of 1,000 entries)"]
    nested = [[shared, shared] for _ in range(30)]
    assert heaviest(nested)[0][1] == pytest.approx(in_the_stream(nested), rel=0.1)


def test_an_object_that_decides_what_is_pickled_is_one_part():
    assert names([Own(), texts(90)])[0] == "data[1] (list of 90 entries)"
    assert dict(heaviest(Own())) == {"data (Own)": pytest.approx(in_the_stream(Own()), rel=0.1)}


def test_what_cannot_be_pickled_does_not_hide_the_rest():
    assert names({"lock": threading.Lock(), "names": texts(9)}) == ["data['names'] (list of 9 entries)"]


def test_an_object_that_holds_itself_has_an_end():
    thing = Data(names=texts(100))
    thing.me = thing
    assert names(thing) == ["data.names (list of 100 entries)"]


@pytest.mark.parametrize(
    "thing",
    [
        {f"AAPL|close|{index}": f"{index / 7:.4f}" for index in range(50_000)},
        [(index, str(index), float(index)) for index in range(30_000)],
        [{position: str(position * index) for position in range(200)} for index in range(200)],
        [list(range(index % 500)) for index in range(2_000)],
        {index: list(range(2_000)) for index in range(100)},
        set(range(40_000)),
        deque(texts(30_000)),
        OrderedDict.fromkeys(texts(30_000)),
        ["AAPL"] * 100_000,
        np.array(texts(30_000), object),
        [Book(texts(3), index) for index in range(10_000)],
        {"a": b"x" * 3_000_000, "b": bytearray(1_000_000)},
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_a_sample_tells_what_the_whole_weighs(thing):
    assert sum(weight for _, weight in heaviest(thing)) == pytest.approx(in_the_stream(thing), rel=0.15)


def test_together_the_parts_are_what_the_arena_says_each_worker_copies():
    thing = Book({index: texts(3) for index in range(5_000)}, np.ones(1_000))
    arena = pack(thing)
    assert sum(weight for _, weight in heaviest(thing)) == pytest.approx(arena.copied_bytes, rel=0.15)
    arena.file.close()


LOOKED_AT: list[int] = []


class Counted:
    def __reduce__(self):
        LOOKED_AT.append(1)
        return Counted, ()


class Endless(list[Any]):
    """Goes on for much longer than its length says."""

    def __len__(self):
        return 1

    def __iter__(self):
        return (Counted() for _ in range(1_000_000))


class Node:
    """A tree: no container of it has more than two entries, and there is no end in sight."""

    def __init__(self, depth):
        self.depth = depth

    def __getstate__(self):
        LOOKED_AT.append(1)
        return [Node(self.depth + 1), Node(self.depth + 1)] if self.depth < 40 else []


@pytest.mark.parametrize(
    "thing",
    [
        [Counted() for _ in range(200_000)],
        {"a": {index: Counted() for index in range(200_000)}},
        [[Counted() for _ in range(400)] for _ in range(400)],
        Node(0),
        Data(rows=Endless()),
    ],
    ids=["list", "dict", "nested", "tree", "endless"],
)
def test_no_more_is_looked_at_than_allowed(monkeypatch, thing):
    monkeypatch.setattr(weighing, "_ALLOWANCE", 5_000)
    LOOKED_AT.clear()
    assert heaviest(thing)[0][1] > 0
    assert 0 < len(LOOKED_AT) < 20_000
