"""A chunk of simulations at once, the same for numpy and torch."""

from types import ModuleType

import numpy as np

from engine.workload import Tasks
from engine.workloads.maxdiff.methods import evaluations_of, tuned
from engine.workloads.maxdiff.profit import Array
from engine.workloads.maxdiff.result import SHAPE
from engine.workloads.maxdiff.searches import Searches, outcome

BYTES_PER_TASK = 8 * SHAPE[0] * SHAPE[1]
"""The result; everything else is bounded by the block."""


def evaluate(xp: ModuleType, data: Searches, tasks: Tasks, memory: int) -> Array:
    """Return the results of simulations, [tasks, 4, 10], none marked as kept; blocks of surfaces take ``memory``
    bytes."""
    simulations = np.asarray(tasks, dtype=np.int64)
    groups, members = np.unique(simulations // data.sharing, return_inverse=True)
    evaluations = evaluations_of(data.method, data.days)
    found = []
    for search, policy in enumerate(data.policies):
        high, low = tuned(xp, data.group(search).at(groups), policy, data.method, memory)
        found.append(outcome(xp, data, search, simulations, (high[members], low[members]), evaluations))
    return xp.stack(found, 1)
