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
    """Return the pairs whose averages are exactly equal on some bar."""
    return {pair for pair in PAIRS if np.any(_signs(closes, pair) == 0)}


def crossing_last(closes: np.ndarray) -> set[tuple[int, int]]:
    """Return the pairs whose averages cross on the last bar, where not every engine fills the order."""
    return {pair for pair in PAIRS if _signs(closes, pair)[-2:].prod() < 0}


def _signs(closes: np.ndarray, pair: tuple[int, int]) -> np.ndarray:
    """1 where the fast average is above the slow one, 0 where they are equal, found with whole numbers of cents."""
    fast, slow = pair
    totals = np.concatenate(([0], np.cumsum(np.round(closes * 100).astype(np.int64))))
    last = np.arange(slow, len(totals))
    distance = (totals[last] - totals[last - fast]) * slow - (totals[last] - totals[last - slow]) * fast
    return np.asarray(np.sign(distance))
