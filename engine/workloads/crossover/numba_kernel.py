"""The numba kernel: one backtest at a time in compiled code that leaves the GIL and walks only bars with a position."""

import numpy as np

from engine.workload import Tasks
from engine.workloads.crossover.data import CrossoverData, tasks
from engine.workloads.crossover.result import SUMMED
from engine.workloads.crossover.tracks import Lanes, Tracks, by_window, tracks
from engine.workloads.prices import FloatArray


def prepare(data: CrossoverData, device: str) -> Tracks:
    """Compute the indicators, and compile by evaluating one task."""
    made = tracks(data)
    evaluate(made, tasks(data)[:1])
    return made


def evaluate(data: Tracks, tasks: Tasks) -> FloatArray:
    """Return the result of each task: [tasks, 14]."""
    # numba is no part of the core install, and importing it takes half a second
    from engine.workloads.crossover.compiled import run

    def sums(window: int, lanes: Lanes) -> FloatArray:
        found = np.empty((len(lanes.fast), len(SUMMED)))
        run(data.rules, data.tracks[window], lanes, found)
        return found

    return by_window(data, tasks, sums)
