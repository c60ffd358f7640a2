import mmap

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.pool.arena import ALIGNMENT, pack

ARRAYS = hnp.arrays(
    dtype=st.sampled_from(["float64", "int32", "uint8", "S5", "M8[D]"]), shape=hnp.array_shapes(min_side=0, max_side=9)
)


def unpacked(thing):
    arena = pack(thing)
    result = arena.unpack()
    arena.file.close()
    return result


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=5), ARRAYS | st.integers() | st.text(max_size=9), max_size=6))
def test_whatever_is_packed_comes_out_equal(thing):
    result = unpacked(thing)
    assert result.keys() == thing.keys()
    for name, value in thing.items():
        assert type(result[name]) is type(value)
        assert result[name].tobytes() == value.tobytes() if isinstance(value, np.ndarray) else result[name] == value


def test_arrays_are_views_of_the_shared_memory_and_read_only():
    array = unpacked({"prices": np.arange(1000.0)})["prices"]
    assert not array.flags.owndata
    assert not array.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


def test_arrow_tables_share_their_buffers():
    table = pa.table({"a": np.arange(100_000)})
    arena = pack(table)
    assert arena.copied_bytes < 2_000
    assert arena.unpack().equals(table)
    arena.file.close()


def test_buffers_are_aligned():
    arrays = unpacked([np.zeros(3, np.uint8), np.zeros(5), pa.array([1.5, 2.5]), np.zeros(1)])
    addresses = [each.buffers()[1].address if isinstance(each, pa.Array) else each.ctypes.data for each in arrays]
    assert all(address % ALIGNMENT == 0 for address in addresses)


LAYOUTS = {
    "every second": np.arange(1000.0)[::2],
    "backwards": np.arange(1000.0)[::-1],
    "columns first": np.asfortranarray(np.arange(1000.0).reshape(20, 50)),
    "a corner": np.arange(1000.0).reshape(20, 50)[3:, 7:],
    "axes exchanged": np.arange(1000.0).reshape(4, 5, 50).transpose(1, 0, 2),
    "no axis": np.array(2.5),
    "one entry": np.array([[2.5]]),
    "broadcast": np.broadcast_to(np.arange(5.0), (200, 5)),
    "big-endian": np.arange(1000, dtype=">i4"),
    "times": np.arange("2020-01-01", "2023-01-01", dtype="M8[D]"),
    "words": np.array(["abc", "de"] * 300),
    "columns with names": np.zeros(300, dtype=[("date", "M8[D]"), ("price", "f8")]),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_array_of_any_layout_is_shared(name):
    array = LAYOUTS[name]
    arena = pack([array])
    (found,) = arena.unpack()
    arena.file.close()
    assert np.array_equal(found, array)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.flags.fnc == array.flags.fnc
    assert arena.copied_bytes < 500
    assert not found.flags.writeable


def test_an_array_that_is_there_twice_is_shared_once():
    array = np.zeros(100_000)
    one, two = unpacked({"one": array, "two": [array]}).values()
    assert one is two[0]


class Tagged(np.ndarray):
    pass


def test_what_is_not_a_plain_array_of_numbers_goes_through_pickle():
    things = [np.array([{"a": 1}, None]), np.zeros(0), np.zeros(9).view(Tagged), np.ma.masked_less(np.arange(9.0), 4)]
    for thing, found in zip(things, unpacked(things), strict=True):
        assert type(found) is type(thing)
        assert found.tolist() == thing.tolist()


def test_a_packed_arena_cannot_be_written_by_anyone():
    arena = pack(np.arange(10))
    with pytest.raises(PermissionError):
        arena.file.map(mmap.ACCESS_WRITE)
    arena.file.close()


def test_objects_are_counted_as_copied():
    arena = pack({str(i): str(i) for i in range(1000)})
    assert arena.copied_bytes > 5_000
    arena.file.close()
