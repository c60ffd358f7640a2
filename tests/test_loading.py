"""What is found in a user's data."""

from types import SimpleNamespace

import numpy as np
import pytest

from engine.loading import biggest_container


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (dict.fromkeys(range(20_000)), "a dict of 20,000 entries"),
        ({day: dict.fromkeys(range(30_000)) for day in range(50)}, "a dict of about 1,500,050 entries"),
        ([np.ones(3)] * 20_000, "a list of 20,000 entries"),
        (SimpleNamespace(prices=np.ones(9), quotes=[(1, 2)] * 5_000), "a list of 15,000 entries"),
        (np.ones(1_000_000), ""),
        ({"close": np.ones(1_000_000)}, ""),
        (list(range(9_999)), ""),
        (7, ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_container_that_makes_data_expensive_is_named(data, words):
    assert biggest_container(data) == words


def test_data_that_contains_itself_is_looked_at_and_left():
    endless: list[object] = [0] * 20_000
    endless[0] = endless
    assert biggest_container(endless).startswith("a list of")
