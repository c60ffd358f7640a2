"""Slots: what fits into a declared form, and what is refused instead of being bent until it does."""

from contextlib import closing, contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.pool.sharedfile import SharedFile
from engine.pool.slots import PUBLISHED, FormError, Slots, SlotsForm, bytes_of
from engine.workload import ResultSpec

patient = settings(deadline=None)


@contextmanager
def slots(dtype="float64", shape=(), capacity=4):
    made = Slots(SlotsForm(capacity, ResultSpec(dtype, shape)))
    with closing(made.file):
        yield made


def states(made):
    return list(made.states)


FORMS = [
    ("float64", (), 2.5),
    ("float64", (3,), np.arange(3.0)),
    ("float64", (76, 20), np.arange(1520.0).reshape(76, 20)),
    ("int64", (2, 0), np.empty((2, 0), int)),
    ("bool", (), True),
    ("complex128", (), 1 + 2j),
    ("datetime64[D]", (), np.datetime64("2024-02-29")),
    ("S5", (), b"words"),
    ("U5", (2,), np.array(["two", "words"])),
    ([("price", "f8"), ("size", "i4")], (), np.array((1.5, 7), dtype=[("price", "f8"), ("size", "i4")])),
]


@pytest.mark.parametrize(("dtype", "shape", "result"), FORMS, ids=lambda form: str(form)[:20])
def test_a_result_of_the_declared_form_comes_back(dtype, shape, result):
    with slots(dtype, shape) as made:
        made.put(2, result)
        assert states(made) == [0, 0, PUBLISHED, 0]
        assert made.values.shape == (4, *shape)
        assert np.array_equal(made.values[2], result)
        assert made.values[2].dtype == np.dtype(dtype)


@settings(deadline=None, max_examples=50)
@given(
    hnp.arrays(
        dtype=st.sampled_from(["float64", "int8", "uint64", "bool", "S3"]),
        shape=hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=5),
    )
)
def test_whatever_is_put_one_by_one_or_at_once_comes_out_equal(results):
    with slots(results.dtype.name.replace("bytes24", "S3"), results.shape[1:], len(results)) as made:
        for slot, result in enumerate(results):
            made.put(slot, result)
        assert made.values.tobytes() == results.tobytes()
        made.clear(0, len(results))
        made.values[:] = 0
        made.put_many(0, results, len(results))
        assert made.values.tobytes() == results.tobytes()
        assert states(made) == [PUBLISHED] * len(results)


FINE = [
    ("float64", (), 7, "a Python int is a float"),
    ("float64", (2,), [1, 2.5], "a list is an array"),
    ("float64", (), np.float32(1.5), "a smaller float"),
    ("float32", (), 0.1, "floats may lose digits"),
    ("int32", (), 7, "a Python int, which NumPy takes for 64 bits"),
    ("uint8", (), 255, "a Python int that is not negative"),
    ("int64", (), True, "a bool is a number"),
    ("uint64", (), 2**63, "a big int"),
    ("U5", (), "abc", "a shorter word"),
    ("float64", (2,), np.array([[1.0, 2.0, 3.0, 4.0]])[0, ::2], "not contiguous"),
    (">f8", (), 1.5, "the other byte order"),
]


@pytest.mark.parametrize(("dtype", "shape", "result", "why"), FINE, ids=[case[3] for case in FINE])
def test_what_keeps_its_value_is_taken(dtype, shape, result, why):
    with slots(dtype, shape) as made:
        made.put(0, result)
        assert np.array_equal(made.values[0], np.asarray(result).astype(dtype))
        made.put_many(1, [result, result], 2)
        assert np.array_equal(made.values[2], made.values[0])


WRONG = [
    ("int64", (), 2.7, "a float where an int is declared"),
    ("int8", (), 300, "an int that is too big"),
    ("uint8", (), -1, "a negative int where none can be"),
    ("int64", (), 2**63, "an int beyond 64 bits"),
    ("float64", (), 1j, "a complex number"),
    ("float64", (), None, "nothing"),
    ("float64", (), "2.5", "a word"),
    ("float64", (), {"a": 1}, "a dict"),
    ("bool", (), 2, "a number where a bool is declared"),
    ("float64", (2, 2), 1.0, "a number to be broadcast"),
    ("float64", (2, 2), [1.0, 2.0], "a row to be broadcast"),
    ("float64", (2, 2), [[[1.0, 2.0], [3.0, 4.0]]], "one dimension too many"),
    ("float64", (4,), [[1.0, 2.0], [3.0, 4.0]], "as many numbers in another shape"),
    ("float64", (), [1.0], "a list of one"),
    ("float64", (3,), [1.0, 2.0], "too few"),
    ("S3", (), b"words", "a word that is too long"),
    ("U3", (), "words", "a text that is too long"),
    ("datetime64[D]", (), np.datetime64("2024-02-29T12:00"), "a moment where a day is declared"),
    ([("a", "f8"), ("b", "i4")], (), (1.0, 2), "a tuple where a record is declared"),
]


@pytest.mark.parametrize(("dtype", "shape", "result", "why"), WRONG, ids=[case[3] for case in WRONG])
def test_what_would_have_to_be_bent_is_refused_and_nothing_is_published(dtype, shape, result, why):
    with slots(dtype, shape) as made:
        before = made.values.copy()
        with pytest.raises(FormError, match="a result does not have the declared form"):
            made.put(1, result)
        with pytest.raises((FormError, ValueError)):
            made.put_many(1, [result, result], 2)
        assert states(made) == [0, 0, 0, 0]
        assert made.values.tobytes() == before.tobytes()


def test_a_ragged_list_is_refused():
    with slots(shape=(2, 2)) as made, pytest.raises(ValueError, match="inhomogeneous"):
        made.put(0, [[1.0, 2.0], [3.0]])


def test_the_refusal_tells_both_forms():
    with slots("float64", (76, 20)) as made:
        with pytest.raises(FormError) as error:
            made.put(0, np.zeros((20, 76), "int32"))
        assert str(error.value) == ("a result does not have the declared form float64 [76, 20]: it is int32 [20, 76]")


@pytest.mark.parametrize("count", [1, 3])
def test_a_chunk_with_another_number_of_results_is_refused(count):
    with slots() as made, pytest.raises(FormError):
        made.put_many(0, [1.0, 2.0], count)


@patient
@given(
    st.integers(0, 10_000), st.sampled_from(["float64", "int8", "S5"]), st.tuples(st.integers(0, 9), st.integers(0, 9))
)
def test_results_begin_behind_the_states_at_a_cache_line_and_fit(capacity, dtype, shape):
    form = SlotsForm(capacity, ResultSpec(dtype, shape))
    assert form.start % 64 == 0
    assert capacity <= form.start < capacity + 64
    assert form.size == form.start + capacity * bytes_of(form.result)


def test_a_table_takes_12160_bytes():
    assert bytes_of(ResultSpec("float64", (76, 20))) == 12_160
    assert bytes_of(ResultSpec("float64")) == 8


def test_two_processes_see_the_same_slots():
    with slots(shape=(3,)) as ours:
        file = SharedFile.adopt(ours.file.descriptor, ours.form.size)
        theirs = Slots(ours.form, file)
        theirs.put(3, np.arange(3.0))
        assert states(ours) == [0, 0, 0, PUBLISHED]
        assert ours.values[3].tolist() == [0.0, 1.0, 2.0]


def test_cleared_slots_are_empty_and_the_others_are_not():
    with slots() as made:
        made.put_many(0, [1.0, 2.0, 3.0, 4.0], 4)
        made.clear(1, 3)
        assert states(made) == [PUBLISHED, 0, 0, PUBLISHED]


def test_slots_stay_readable_after_their_file_was_given_back():
    with slots() as made:
        made.put(0, 5.0)
    assert made.file.descriptor == -1
    assert made.values[0] == 5.0
