"""Pools that the tests of a module share, and forms of results."""

from typing import Any

import numpy as np
import pytest

import engine
from engine.pool.starting import START_METHODS
from engine.workload import ResultSpec

NUMBER, TABLE = ResultSpec("float64"), ResultSpec("float64", (3, 4))
PRICES: dict[str, Any] = {"prices": np.arange(1_000.0), "factor": 0.25, "name": "daily"}


@pytest.fixture(scope="module")
def pool():
    with engine.pool(workers=2) as started:
        yield started


@pytest.fixture(scope="module", params=sorted(START_METHODS))
def any_pool(request):
    """A pool with data, started in every way."""
    with engine.pool(workers=2, data=PRICES, start_method=request.param) as started:
        yield started
