"""The one daily series that every arm works on, and the pairs of averages."""

from typing import Any

import numpy as np

from engine.workloads.crossover.data import Series, made_up, opens_of
from engine.workloads.crossover.families import FAMILIES

BARS, SEED = 2_148, 1

CASH, SHARES, FEE = FAMILIES["sma"].cash, FAMILIES["sma"].shares, FAMILIES["sma"].fee

PAIRS: list[tuple[int, int]] = [(fast, slow) for fast, slow in FAMILIES["sma"].combinations.tolist()]
"""Fast below slow out of 2 to 100, in the order of itertools.combinations."""


def series(real: bool) -> Series:
    """Return made-up prices, or GOOG from the tests of backtesting.py, which has as many bars. Raises ImportError."""
    if not real:
        return made_up(1, BARS, SEED)[0]
    from backtesting.test import GOOG

    closes = GOOG.Close.to_numpy(dtype=np.float64)
    return Series("GOOG", opens_of(closes), closes)


def as_frame(closes: np.ndarray) -> Any:
    """Return the series as a pandas DataFrame with the columns that backtesting.py asks for."""
    import pandas as pd

    opens = opens_of(closes)
    columns = {
        "Open": opens,
        "High": np.maximum(opens, closes),
        "Low": np.minimum(opens, closes),
        "Close": closes,
        "Volume": np.ones(len(closes)),
    }
    return pd.DataFrame(columns, index=pd.bdate_range("2004-08-19", periods=len(closes)))


def tied(closes: np.ndarray) -> set[tuple[int, int]]:
    """Return the pairs whose averages are exactly equal on some bar, found with whole numbers of cents."""
    totals = np.concatenate(([0], np.cumsum(np.round(closes * 100).astype(np.int64))))
    ends = np.arange(1, len(totals))
    found = set()
    for fast, slow in PAIRS:
        last = ends[slow - 1 :]
        if np.any((totals[last] - totals[last - fast]) * slow == (totals[last] - totals[last - slow]) * fast):
            found.add((fast, slow))
    return found
