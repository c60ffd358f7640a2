from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RequestError
from engine.measure.sample import LEAST, check_size, draw, mix, part_sizes, share


@given(st.integers(LEAST, 500), st.integers(1, 2000), st.integers(0, 9))
def test_a_sample_has_so_many_different_tasks(size, more, block):
    drawn = draw(range(size + more), size, block)
    assert len(set(drawn)) == len(drawn) == size
    assert all(0 <= task < size + more for task in drawn)


@given(st.integers(LEAST, 200), st.integers(0, 9))
def test_every_part_of_it_is_spread_over_all_tasks(size, block):
    total = size * 37
    drawn = draw(range(total), size, block)
    for part in (*part_sizes(size), size):
        gaps = np.diff([0, *sorted(drawn[:part]), total])
        assert gaps.max() <= 2.5 * total / part


def test_blocks_draw_different_tasks_and_a_block_always_the_same():
    tasks = list(range(10_000))
    assert draw(tasks, 100, 0) != draw(tasks, 100, 1)
    assert draw(tasks, 100, 3) == draw(tasks, 100, 3)


def test_rows_of_an_array_are_drawn_as_an_array():
    rows: Any = np.arange(2000).reshape(1000, 2)
    drawn: Any = draw(rows, 50, 0)
    assert isinstance(drawn, np.ndarray)
    assert drawn.shape == (50, 2)


def test_a_sample_of_everything_is_everything_in_its_order():
    tasks = list(range(40))
    assert draw(tasks, 40, 2) is tasks
    assert draw(tasks, 4000, 2) is tasks


def test_a_sample_too_small_to_say_anything_is_refused():
    with pytest.raises(RequestError, match="--sample 15: at least 16"):
        check_size(15)
    check_size(16)
    check_size(0)


@given(st.integers(1, 16), st.integers(1, 60))
def test_every_share_of_mixed_tasks_is_spread_over_all(most, each):
    total = most * each + most // 2  # a rest that no share has
    mixed = mix(range(total), most)
    assert sorted(mixed) == list(range(total))
    for workers in range(1, most + 1):
        count = share(total, workers, most)
        assert count == workers * share(total, 1, most)
        gaps = np.diff([0, *sorted(mixed[:count]), total])
        assert gaps.max() <= 2.7 * total / count


def test_fewer_tasks_than_workers_cannot_be_shared():
    with pytest.raises(RequestError, match="3 tasks are fewer than the 4 workers"):
        mix([1, 2, 3], 4)
