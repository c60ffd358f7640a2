"""The numpy kernel: the searches of a chunk of simulations at once, in blocks that fit the cache."""

import numpy as np

from engine.workload import Tasks
from engine.workloads.maxdiff import batched
from engine.workloads.maxdiff.data import CACHE, MaxdiffData
from engine.workloads.maxdiff.searches import Searches, mark_kept, searches
from engine.workloads.prices import FloatArray


def prepare(data: MaxdiffData, device: str) -> Searches:
    """Return the searches in double precision."""
    return searches(data)


def evaluate(data: Searches, tasks: Tasks) -> FloatArray:
    """Return the result of each simulation: [tasks, 4, 10]."""
    return mark_kept(batched.evaluate(np, data, tasks, CACHE))
