"""The market regime: six measures of a day give points to trend, chop and volatile; the largest share wins.

Points are whole tenths, so that ties are exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.workloads.prices import FloatArray, IntArray
from engine.workloads.walkforward.names import CHOP, REGIMES, TREND, VOLATILE

ROWS = 252
"""With fewer bars than these the regime is chop, with a share of 0.5."""

Award = tuple[int, int]
"""A regime and the tenths it gets."""


@dataclass(frozen=True)
class Rule:
    """Who gets points for one measure. A measure that is not known counts as neither above nor below."""

    measure: str
    above: float
    high: Award
    """For a value greater than ``above``."""
    below: float
    low: Award
    """For a value smaller than ``below``."""
    otherwise: Award


RULES = (
    Rule("adx14", 25.0, (TREND, 3), 20.0, (CHOP, 3), (CHOP, 2)),
    Rule("volatility20/volatility252", 1.5, (VOLATILE, 3), 0.8, (CHOP, 2), (TREND, 1)),
    Rule("|close/sma20 - 1|", 0.05, (TREND, 2), -np.inf, (CHOP, 0), (CHOP, 2)),
    Rule("atr14/mean252", 1.3, (VOLATILE, 2), 0.7, (CHOP, 2), (TREND, 1)),
    Rule("volume/mean20 - 1", 0.2, (TREND, 1), -0.2, (VOLATILE, 1), (CHOP, 0)),
    Rule("efficiency20", 0.6, (TREND, 2), 0.3, (CHOP, 2), (VOLATILE, 1)),
)
"""In the order of the measures."""


def points_of(measures: Sequence[float]) -> list[int]:
    """Return the points of each regime for one day."""
    points = [0] * len(REGIMES)
    for rule, value in zip(RULES, measures, strict=True):
        regime, tenths = rule.high if value > rule.above else rule.low if value < rule.below else rule.otherwise
        points[regime] += tenths
    return points


def regimes_of(measures: Sequence[FloatArray]) -> IntArray:
    """Return the regime of every day: six arrays [assets, days] -> [assets, days]."""
    points = np.zeros((len(REGIMES), *measures[0].shape), dtype=np.int64)
    for rule, value in zip(RULES, measures, strict=True):
        high, low = value > rule.above, value < rule.below
        for where, (regime, tenths) in ((high, rule.high), (low, rule.low), (~(high | low), rule.otherwise)):
            points[regime] += where * tenths
    regimes: IntArray = points.argmax(axis=0)
    regimes[:, : ROWS - 1] = CHOP
    return regimes
