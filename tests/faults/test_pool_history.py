"""The checker of histories finds what it is there to find."""

import re

import numpy as np
import pytest

from tests.faults.pools import History

pytestmark = pytest.mark.timeout(60)


def square(task):
    return task * task


def root(task):
    return np.sqrt(np.arange(task, dtype=float))


def test_a_right_history_passes_in_any_order():
    History(square, range(4)).watch([(2, 4), (0, 0), (3, 9), (1, 1)])


def test_tables_are_compared_bit_by_bit():
    history = History(root, range(3))
    history.watch([(0, root(0)), (1, root(1)), (2, root(2))])
    negative_zero = root(1) * -1.0
    assert (negative_zero == root(1)).all()
    with pytest.raises(AssertionError, match="wrong"):
        history.again().watch([(0, root(0)), (1, negative_zero), (2, root(2))])


@pytest.mark.parametrize(
    ("pairs", "problem"),
    [
        ([(0, 0), (2, 4)], "'lost': [1]"),
        ([(0, 0), (1, 1), (1, 1), (2, 4)], "'duplicated': [1]"),
        ([(0, 0), (1, 4), (2, 1)], "'wrong': [(1, 4), (2, 1)]"),
        ([(0, 0), (1, 1), (2, 4.0)], "'wrong': [(2, 4.0)]"),
        ([(0, 0), (1, 1), (2, 4), (3, 9)], "'wrong': [(3, 9)]"),
    ],
    ids=["lost", "duplicated", "swapped", "of another type", "unknown"],
)
def test_a_wrong_history_is_found(pairs, problem):
    with pytest.raises(AssertionError, match=re.escape(problem)):
        History(square, range(3)).watch(pairs)


def test_a_task_that_cannot_have_a_result_must_not_have_one():
    history = History(square, range(2))
    history.acknowledge(0, 0)
    history.check(but={1})
    history.acknowledge(1, 1)
    with pytest.raises(AssertionError, match=re.escape("'duplicated': [1]")):
        history.check(but={1})
