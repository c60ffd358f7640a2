"""The result of one simulation: a row of numbers for each of its four searches."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.knob import Settings
from engine.workload import ResultSpec
from engine.workloads.prices import FloatArray

STRATEGIES = ("MaxDiff", "AlwaysOn")
"""MaxDiff is long or short as the forecasts say, AlwaysOn is both every day."""

SEARCHES = tuple((strategy, close_at_eod) for strategy in STRATEGIES for close_at_eod in (False, True))
"""(strategy, close_at_eod) of each row of a result."""

COLUMNS = (
    "h", "l", "profit", "baseline", "reported", "evaluations", "out_of_sample", "exact", "exact_out_of_sample", "kept",
)  # fmt: skip
"""Columns of a result. h and l: the offsets found. profit: what they earn on the days they were tuned on; baseline:
what no offsets earn; reported: the house's figure, baseline + 0.3 profit; out_of_sample: what the offsets earn on other
days; exact and exact_out_of_sample: the same two with the simulation's exact optimum; all in fractions of the previous
closes. evaluations: pairs of offsets tried. kept: 1.0 for the better close policy of each strategy, else 0.0."""

SHAPE = (len(SEARCHES), len(COLUMNS))

NEGLIGIBLE = 1e-9
"""An optimum below this is no yardstick for a single simulation."""


def column(results: Any, name: str) -> FloatArray:
    """Return one column of results: [simulations, 4]."""
    values: FloatArray = np.asarray(results)[..., COLUMNS.index(name)]
    return values


def result(settings: Settings) -> ResultSpec:
    """Return the form of one task's result."""
    return ResultSpec("float64", SHAPE)


def score(results: Any) -> float:
    """Return the profit of all searches / that of their exact optima: 1.0 is the best there is; NaN where there is
    nothing to earn."""
    return quality(results).profit


@dataclass(frozen=True)
class Quality:
    """How good the offsets of all simulations are. Ratios; 1.0 is the exact optimum, NaN where that earns nothing."""

    profit: float
    uplift: float
    """What the offsets add to the baseline / what the optimum adds."""
    worst: float
    """Profit / exact profit of the worst simulation."""
    out_of_sample: float
    """Profit on other days / that of the optimum's offsets there."""


def quality(results: Any, searches: slice = slice(None)) -> Quality:
    """Return the quality of results, [simulations, 4, 10], over some of the searches."""
    names = ("profit", "baseline", "exact", "out_of_sample", "exact_out_of_sample")
    sums = {name: column(results, name)[:, searches].sum(axis=1) for name in names}
    profit, baseline, exact, other, exact_other = sums.values()
    worth = exact > NEGLIGIBLE
    worst = float((profit[worth] / exact[worth]).min()) if worth.any() else float("nan")
    return Quality(
        _ratio(profit.sum(), exact.sum()),
        _ratio((profit - baseline).sum(), (exact - baseline).sum()),
        worst,
        _ratio(other.sum(), exact_other.sum()),
    )


def _ratio(found: Any, best: Any) -> float:
    return float(found / best) if best > NEGLIGIBLE else float("nan")
