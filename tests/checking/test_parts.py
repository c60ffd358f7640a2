"""Which parts of an object cannot be pickled, which have changed, and how they are reached."""

import threading
from collections import namedtuple
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.checking.parts import changed, prints, stuck_parts

pd: Any = pytest.importorskip("pandas")
LOCK = threading.Lock()
Pair = namedtuple("Pair", "left right")


@dataclass
class Book:
    session: Any
    notes: Any = None


@dataclass(slots=True)
class Slim:
    session: Any


class Careful:
    """Pickles without its lock."""

    def __init__(self):
        self.lock = LOCK

    def __getstate__(self):
        return {}


class Refusing:
    def __reduce_ex__(self, protocol):
        raise ValueError("no")


@pytest.mark.parametrize(
    ("thing", "paths"),
    [
        ({"prices": [1.0], "name": "x"}, []),
        ({"book": Book(LOCK)}, ["data['book'].session"]),
        ([0, {"a": (1, LOCK)}], ["data[1]['a'][1]"]),
        ({"a": LOCK, "b": 1, "c": LOCK}, ["data['a']", "data['c']"]),
        (Slim(LOCK), ["data.session"]),
        (Pair(1, LOCK), ["data.right"]),
        (Careful(), []),
        (Book(Careful()), []),
        (Refusing(), ["data"]),
        ([Refusing()], ["data[0]"]),
        (partial(max, LOCK), ["data.args[0]"]),
        (np.array([1, None, LOCK], dtype=object), ["data[2]"]),
        (pd.DataFrame({"a": [1, 2], "b": [LOCK, 3]}), ["data['b'][0]"]),
        ({LOCK: 1}, ["data's key "]),
        (lambda: 0, ["data"]),
    ],
)
def test_the_innermost_part_that_cannot_be_pickled_is_named(thing, paths):
    found = [stuck.path for stuck in stuck_parts(thing, "data")]
    assert len(found) == len(paths)
    assert all(path.startswith(expected) for path, expected in zip(found, paths, strict=True))


def test_the_error_is_that_of_the_part():
    (stuck,) = stuck_parts({"book": Book(LOCK)}, "data")
    assert "lock" in str(stuck.error)


def test_a_bound_method_is_stuck_in_its_object():
    (stuck,) = stuck_parts(Book(LOCK).__repr__, "data")
    assert stuck.path == "data.__self__.session"


def test_an_object_that_holds_itself_has_an_end():
    loop: list[Any] = [LOCK]
    loop.append(loop)
    assert [stuck.path for stuck in stuck_parts(loop, "data")] == ["data[0]"]


def test_what_is_nested_too_deep_is_named_as_a_whole():
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    (stuck,) = stuck_parts(deep, "data")
    assert (stuck.path, type(stuck.error)) == ("data", RecursionError)
    while deep:  # Python frees it link by link, but not as deep as this
        deep = deep[0]


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 400), st.data())
def test_in_a_big_container_exactly_the_entries_at_fault_are_found(length, data):
    places = data.draw(st.sets(st.integers(0, length - 1), max_size=5))
    entries = [LOCK if place in places else place for place in range(length)]
    found = [stuck.path for stuck in stuck_parts(entries, "data")]
    assert found == [f"data[{place}]" for place in sorted(places)]


def test_looking_for_one_entry_of_many_takes_few_picklings():
    class Counted:
        pickled = 0

        def __reduce__(self):
            Counted.pickled += 1
            return int, (1,)

    list(stuck_parts([*(Counted() for _ in range(1023)), LOCK], "data"))
    assert Counted.pickled < 5 * 1024


def cache(book):
    book.notes = {"seen": 1}


def write(book):
    book.session[0] = 7.0


@pytest.mark.parametrize(("change", "paths"), [(cache, ["data['book'].notes"]), (write, ["data['book'].session"])])
def test_what_has_changed_is_named(change, paths):
    data = {"book": Book(np.zeros(4)), "other": np.ones(3), "text": "x"}
    before = prints(data, "data")
    assert changed(before, prints(data, "data")) == []
    change(data["book"])
    assert changed(before, prints(data, "data")) == paths


def test_arrays_and_frames_are_told_from_what_is_copied():
    seen = prints({"array": np.zeros(3), "frame": pd.DataFrame({"a": [1.0]}), "list": [1] * 30}, "data")
    assert {path: part.shared for path, part in seen.items()} == {
        "data['array']": True,
        "data['frame']": True,
        "data['list']": False,
    }


def test_what_comes_and_what_goes_is_a_change():
    assert changed(prints({"a": 1}, "data"), prints({"b": 1}, "data")) == ["data['a']", "data['b']"]
    assert changed(prints({"a": 1}, "data"), prints([], "data")) == ["data"]


def test_data_that_cannot_be_pickled_is_never_called_changed():
    assert changed(prints([LOCK], "data"), prints([LOCK], "data")) == []


def test_a_frame_has_changed_when_its_values_have_and_not_when_it_was_only_used():
    frame = pd.DataFrame({"a": [1.0, 2.0]}, index=pd.bdate_range("2020-01-01", periods=2))
    before = prints({"bars": frame}, "data")
    assert frame.index.to_series().diff().max() == frame.index[1] - frame.index[0]
    frame.attrs["seen"] = True
    assert changed(before, prints({"bars": frame}, "data")) == []
    frame.iloc[0, 0] = 3.0
    assert changed(before, prints({"bars": frame}, "data")) == ["data['bars']"]


def test_a_name_that_begins_like_another_is_named_as_well():
    before, after = Book(np.zeros(2), np.zeros(2)), Book(np.ones(2), np.zeros(2))
    before.__dict__["session_two"], after.__dict__["session_two"] = 1, 2
    assert changed(prints(before, "data"), prints(after, "data")) == ["data.session", "data.session_two"]
