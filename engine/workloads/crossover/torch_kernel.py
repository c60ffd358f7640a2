"""The torch kernel: all bars of a block of lanes at once on a device, in double precision.

The indicators are computed once on the host: they are recursions along the bars, and every kernel crosses the very same
numbers.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import Lacking
from engine.workload import Tasks
from engine.workloads.crossover.data import CrossoverData
from engine.workloads.crossover.dense import Arrays, summed
from engine.workloads.crossover.result import SUMMED
from engine.workloads.crossover.tracks import Lanes, Track, Tracks, by_window, tracks
from engine.workloads.prices import FloatArray

BLOCK = 2**22
"""Lanes times bars worked on together: 32 MB an array, half a gigabyte in all, and enough to fill a large device."""


@dataclass(frozen=True, eq=False)
class DeviceTracks:
    """The tracks, and a copy of their arrays on the device."""

    host: Tracks
    tracks: tuple[Track, ...]
    device: str


def prepare(data: CrossoverData, device: str) -> DeviceTracks:
    """Compute the indicators and copy them to the device. Raises Lacking on a device without double precision."""
    if device == "mps":
        raise Lacking(
            "the torch kernel of crossover computes in double precision, which mps lacks; use --device cpu or cuda"
        )
    host = tracks(data)
    return DeviceTracks(host, tuple(Track(*_copied(track, device)) for track in host.tracks), device)


def _copied(values: tuple[Any, ...], device: str) -> list[Any]:
    import torch

    return [torch.tensor(value, device=device) for value in values]


def evaluate(data: DeviceTracks, tasks: Tasks) -> FloatArray:
    """Return the result of each task: [tasks, 14]."""
    import torch

    def sums(window: int, lanes: Lanes) -> FloatArray:
        with torch.inference_mode():
            return in_blocks(data, window, lanes)

    return by_window(data.host, tasks, sums)


def in_blocks(data: DeviceTracks, window: int, lanes: Lanes) -> FloatArray:
    """Return the sums of these lanes, [lanes, 12], some lanes at a time."""
    track, arrays = data.tracks[window], _arrays(data.device)
    step = max(1, BLOCK // len(track.closes))
    found = np.empty((len(lanes.fast), len(SUMMED)))
    for start in range(0, len(found), step):
        block = slice(start, start + step)
        rows = Lanes(*_copied(lanes.part(block), data.device))
        found[block] = summed(arrays, track, rows, data.host.rules).cpu().numpy()
    return found


def _arrays(device: str) -> Arrays:
    import torch

    return Arrays(
        module=torch,
        running_max=lambda values: torch.cummax(values, 1).values,
        pick=lambda values, bars: torch.take_along_dim(values, bars, 1),
        count=lambda n: torch.arange(1, n + 1, device=device),
    )
