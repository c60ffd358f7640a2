"""What the kernels work on: the trades of every search in double precision, and what a pair of offsets comes to."""

from dataclasses import dataclass
from types import ModuleType

import numpy as np

from engine.workloads.maxdiff.data import MaxdiffData, policy_of, trades_of
from engine.workloads.maxdiff.methods import Pair
from engine.workloads.maxdiff.profit import TIE, Array, Policy, Trades, profit
from engine.workloads.maxdiff.result import COLUMNS, SEARCHES, STRATEGIES
from engine.workloads.prices import FloatArray

REPORTED = 0.3
"""Part of the optimised profit that the origin adds to the baseline: a house rule, not a return."""

_STRATEGY = tuple(STRATEGIES.index(strategy) for strategy, _ in SEARCHES)


@dataclass(frozen=True, eq=False)
class Searches:
    """The trades by strategy, and how to search."""

    groups: tuple[Trades, ...]
    """[groups, sharing * days]: the days of the simulations that share a pair of offsets, end to end."""
    own: tuple[Trades, ...]
    """[simulations, days]"""
    later: tuple[Trades, ...]
    """[simulations, days]"""
    exact: Array
    """[simulations, 4, 2], see MaxdiffData."""
    policies: tuple[Policy, ...]
    """By search."""
    method: str
    maxfun: int
    sharing: int

    def group(self, search: int) -> Trades:
        """Return the trades one of the four searches is over."""
        return self.groups[_STRATEGY[search]]

    @property
    def days(self) -> int:
        """Days of one search."""
        return int(self.groups[0].close.shape[1])


def searches(data: MaxdiffData) -> Searches:
    """Return the searches of the data."""
    own, later = trades_of(data.moves, data.market), trades_of(data.later, data.market)
    return Searches(
        tuple(_together(trades, data.sharing) for trades in own),
        own,
        later,
        data.exact,
        tuple(policy_of(data.market, search) for search in range(len(SEARCHES))),
        data.method,
        data.maxfun,
        data.sharing,
    )


def _together(trades: Trades, sharing: int) -> Trades:
    """Lay the days of every ``sharing`` simulations end to end; an incomplete last group is filled up with days on
    which nothing is traded."""
    count = len(trades.close)
    members = np.arange(-(-count // sharing) * sharing).reshape(-1, sharing)
    there = (members < count)[:, :, None]
    taken = trades.at(np.minimum(members, count - 1))
    sized = Trades(**vars(taken) | {"long": taken.long * there, "short": taken.short * there})
    return sized.apply(lambda values: values.reshape(len(members), -1))


def outcome(xp: ModuleType, data: Searches, search: int, simulations: Array, pair: Pair, evaluations: int) -> Array:
    """Return what one search comes to for some simulations, [simulations, 10]; ``pair`` has offsets for each."""
    policy, strategy = data.policies[search], _STRATEGY[search]
    own, later = data.own[strategy].at(simulations), data.later[strategy].at(simulations)
    high, low = pair
    found = profit(xp, own, policy, high[:, None], low[:, None])
    baseline = profit(xp, own, policy, 0.0, 0.0)
    columns = {
        "h": high,
        "l": low,
        "profit": found,
        "baseline": baseline,
        "reported": baseline + REPORTED * found,
        "evaluations": xp.full_like(found, evaluations),
        "out_of_sample": profit(xp, later, policy, high[:, None], low[:, None]),
        "exact": data.exact[simulations, search, 0],
        "exact_out_of_sample": data.exact[simulations, search, 1],
        "kept": xp.zeros_like(found),
    }
    return xp.stack([columns[name] for name in COLUMNS], 1)


def mark_kept(results: FloatArray) -> FloatArray:
    """Mark, in place, the better close policy of each strategy; of equal ones the one that does not close."""
    by_strategy = results.reshape(len(results), len(STRATEGIES), 2, len(COLUMNS))
    profits, kept = (by_strategy[..., COLUMNS.index(name)] for name in ("profit", "kept"))
    kept[..., 1] = profits[..., 1] > profits[..., 0] + TIE
    kept[..., 0] = 1.0 - kept[..., 1]
    return results
