"""The tasks of the straddles workload as one array, so that workers share it without a copy."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from engine.workloads.straddles.calendar import year_month

TaskArray = NDArray[np.int32]
"""[tasks, 4]: asset, expiry year, expiry month, component."""


def task_array(assets: Iterable[int], months: Iterable[int], components: int = 4) -> TaskArray:
    """Return the tasks of every asset x expiry month (a month number) x component, in that order."""
    dates = [year_month(month) for month in months]
    rows = [(asset, *when, component) for asset in assets for when in dates for component in range(components)]
    return np.array(rows, dtype=np.int32).reshape(-1, 4)
