"""The numpy kernel: lanes are combinations, all bars of a block of lanes at once."""

from functools import partial

import numpy as np

from engine.workload import Tasks
from engine.workloads.crossover.data import CrossoverData
from engine.workloads.crossover.dense import Arrays, summed
from engine.workloads.crossover.result import SUMMED
from engine.workloads.crossover.tracks import Lanes, Tracks, by_window, tracks
from engine.workloads.prices import FloatArray

BLOCK = 32_768
"""Lanes times bars worked on together: 256 kB an array, so that the dozen alive at a time stay in the cache."""

_ARRAYS = Arrays(
    module=np,
    running_max=partial(np.maximum.accumulate, axis=1),
    pick=partial(np.take_along_axis, axis=1),
    count=lambda n: np.arange(1, n + 1),
)


def prepare(data: CrossoverData, device: str) -> Tracks:
    """Compute the indicators."""
    return tracks(data)


def evaluate(data: Tracks, tasks: Tasks) -> FloatArray:
    """Return the result of each task: [tasks, 14]."""

    def sums(window: int, lanes: Lanes) -> FloatArray:
        return in_blocks(data, window, lanes)

    return by_window(data, tasks, sums)


def in_blocks(data: Tracks, window: int, lanes: Lanes) -> FloatArray:
    """Return the sums of these lanes, [lanes, 12], some lanes at a time."""
    track = data.tracks[window]
    step = max(1, BLOCK // len(track.closes))
    found = np.empty((len(lanes.fast), len(SUMMED)))
    for start in range(0, len(found), step):
        block = slice(start, start + step)
        found[block] = summed(_ARRAYS, track, lanes.part(block), data.rules)
    return found
