"""The naive kernel: one search after the other, each with its own loop over pairs of offsets, as the origin does it.

The origin evaluates its objective on torch tensors of seven elements and calls SciPy's DIRECT; NumPy arrays of seven
elements take their place here, so that the core install is enough. They cost less per call, so this baseline is faster
than the origin's.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from engine.workload import Tasks
from engine.workloads.maxdiff.data import MaxdiffData
from engine.workloads.maxdiff.methods import LEVELS, SHRINK, candidate_axes, level, useful
from engine.workloads.maxdiff.profit import BOUND, TIE, profit
from engine.workloads.maxdiff.result import SEARCHES, SHAPE
from engine.workloads.maxdiff.searches import Searches, mark_kept, outcome, searches
from engine.workloads.prices import FloatArray

Objective = Callable[[Any, Any], Any]
"""``objective(high_offset, low_offset) -> profit``; a column of low offsets gives a profit for each."""

Found = tuple[float, float, int]
"""Offset of the high, offset of the low, and how many pairs were tried."""


def prepare(data: MaxdiffData, device: str) -> Searches:
    """Return the searches in double precision."""
    import scipy.optimize  # noqa: F401  set-up pays for the import, not the first run

    return searches(data)


def evaluate(data: Searches, tasks: Tasks) -> FloatArray:
    """Return the result of each simulation: [tasks, 4, 10]."""
    known: dict[int, list[Found]] = {}
    results = np.empty((len(tasks), *SHAPE))
    for result, task in zip(results, tasks, strict=True):
        group = int(task) // data.sharing
        if group not in known:
            known[group] = [search_one(data, search, group) for search in range(len(SEARCHES))]
        for search, (high, low, evaluations) in enumerate(known[group]):
            pair = np.array([high]), np.array([low])
            result[search] = outcome(np, data, search, np.array([int(task)]), pair, evaluations)[0]
    return mark_kept(results)


def search_one(data: Searches, search: int, group: int) -> Found:
    """Return the best pair of one of the four searches of a group of simulations that share one, usually one."""
    several, policy = data.group(search).at(slice(group, group + 1)), data.policies[search]
    trades = several.at(0)
    objective = partial(profit, np, trades, policy)
    if data.method == "direct":
        high, low, evaluations = direct(objective, data.maxfun)
    elif data.method == "grid":
        high, low, evaluations = grid(objective)
    else:
        highs, lows = candidate_axes(np, several)
        high, low, evaluations = scan(objective, highs[0], lows[0])
    (high,), (low,) = useful(np, several, policy, (np.array([high]), np.array([low])))
    return float(high), float(low), evaluations


def direct(objective: Objective, maxfun: int) -> Found:
    """Search with DIRECT, the locally biased form (Gablonsky and Kelley, 2001).

    ``maxfun`` is a bound that SciPy overshoots, by a few evaluations up to about 30, so they are counted here.
    """
    from scipy.optimize import direct as scipy_direct

    evaluations = 0

    def loss(offsets: Any) -> float:
        nonlocal evaluations
        evaluations += 1
        return -float(objective(offsets[0], offsets[1]))

    found = scipy_direct(loss, bounds=((-BOUND, BOUND), (-BOUND, BOUND)), maxfun=maxfun)
    return float(found.x[0]), float(found.x[1]), evaluations


def grid(objective: Objective) -> Found:
    """Search the grid that shrinks twice."""
    high, low, half, evaluations = 0.0, 0.0, BOUND, 0
    for points in LEVELS:
        axes = level(np, np.array([high, low]), half, points)
        high, low, tried = scan(objective, *axes)
        half, evaluations = SHRINK * half, evaluations + tried
    return high, low, evaluations


def scan(objective: Objective, highs: FloatArray, lows: FloatArray) -> Found:
    """Try every pair of offsets, one high offset at a time; of equal pairs the first wins."""
    profits = np.array([objective(high, lows[:, None]) for high in highs])
    first = int(np.argmax(profits >= profits.max() - TIE))
    high, low = divmod(first, len(lows))
    return float(highs[high]), float(lows[low]), profits.size
