"""What a table is asked and how its answers are compared with those of a dict."""

import struct
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

import numpy as np
from hypothesis import strategies as st

from engine.lookup import table as lookup_table

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
