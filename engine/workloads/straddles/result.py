"""The result of one straddle as numbers: a table of days, or a summary of it."""

from typing import Any

import numpy as np

from engine.knob import Settings
from engine.workload import ResultSpec
from engine.workloads.straddles.calendar import LONGEST

TABLE_COLUMNS = (
    "date", "vol", "hedge", "action", "strike_vol", "strike", "expiry", "mv", "delta", "opnl", "hpnl", "pnl",
)  # fmt: skip
"""Columns of ``rows=table``: [92 days, 12]. Dates are day numbers, vol is in percent, action is 0, 1 (entry) or 2
(expiry), mv, opnl, hpnl and pnl are in units of the strike. NaN: a missing price, a cell the origin shows as "-", or a
row past the last day."""

SUMMARY_COLUMNS = ("rows", "entry", "expiry", "strike", "strike_vol", "mv", "opnl", "hpnl", "pnl")
"""Columns of ``rows=summary``: [9]. Number of days, entry and expiry day, what was paid on the entry day, and sums over
the days that have a value; NaN where there is none."""

ENTRY, EXPIRY = 1.0, 2.0
"""Action codes."""

TABLE_SHAPE = (LONGEST, len(TABLE_COLUMNS))
SUMMARY_SHAPE = (len(SUMMARY_COLUMNS),)


def result(settings: Settings) -> ResultSpec:
    """Return the form of one task's result."""
    return ResultSpec("float64", TABLE_SHAPE if settings["rows"] == "table" else SUMMARY_SHAPE)


def score(results: Any) -> float:
    """Return the sum of pnl over all straddles, in units of their strikes."""
    return float(np.nansum(np.asarray(results)[..., -1]))
