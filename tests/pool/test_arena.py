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
    arena = pack([np.zeros(3, np.uint8), np.zeros(5), np.zeros(1)])
    assert all(offset % ALIGNMENT == 0 for offset, _ in arena.buffers)
    arena.file.close()


def test_a_packed_arena_cannot_be_written_by_anyone():
    arena = pack(np.arange(10))
    with pytest.raises(PermissionError):
        arena.file.map(mmap.ACCESS_WRITE)
    arena.file.close()


def test_objects_are_counted_as_copied():
    arena = pack({str(i): str(i) for i in range(1000)})
    assert arena.copied_bytes > 5_000
    arena.file.close()
