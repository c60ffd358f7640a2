"""The workers of a plan as lanes: what each did from the start of set-up to the end of the first run. Pure."""

import itertools
from collections.abc import Sequence

from engine.events import Sample
from workbench.words.numbers import UNICODE, Signs, fit, percent, seconds

KINDS = ("start", "ship", "compute", "wait", "idle")
"""What a lane consists of, in the order of ``Signs.lane``: starting, receiving data, computing, inside the kernel
without a core or lock, and nothing to do."""

_NAME = 10
"""Characters before the bar."""
_SHARES = 16
"""Characters behind it."""


def lane_parts(sample: Sample) -> list[tuple[float, ...]]:
    """Return seconds of each kind for every worker; set-up is that of all workers together.

    The parts of a lane add up to set-up plus first run. A worker's part in transfer and dispatch counts as idle: it has
    nothing to compute.
    """
    start, ship = sample.breakdown.start, sample.breakdown.ship
    return [
        (start, ship, min(lane.cpu, lane.wall), max(lane.wall - lane.cpu, 0.0), max(sample.first_run - lane.wall, 0.0))
        for lane in sample.lanes
    ]


def lane_lines(sample: Sample | None, width: int, height: int, signs: Signs = UNICODE) -> list[str]:
    """Return a legend and a bar for each worker, as many as there is room for; then how many more there are."""
    if sample is None or not sample.lanes:
        return ["no worker of this plan has been measured yet"]
    parts = lane_parts(sample)
    lines = [_legend(sample, width, signs)]
    room = max(height - 1, 1)
    shown = parts if len(parts) <= room else parts[: room - 1]
    lines += [_lane(number, each, width, signs) for number, each in enumerate(shown, 1)]
    if rest := parts[len(shown) :]:
        busy = [each[2] + each[3] for each in rest]
        lines.append(f"{len(rest)} more, in the kernel {seconds(min(busy), signs)} to {seconds(max(busy), signs)}")
    return lines


def _legend(sample: Sample, width: int, signs: Signs) -> str:
    named = "  ".join(f"{sign} {kind}" for sign, kind in zip(signs.lane, KINDS, strict=True))
    return fit(f"{seconds(sample.job_seconds, signs)} whole job   {named}", width, signs)


def _lane(number: int, parts: Sequence[float], width: int, signs: Signs) -> str:
    total = sum(parts) or 1.0
    cells = max(width - _NAME - _SHARES, 10)
    drawn = "".join(sign * count for sign, count in zip(signs.lane, cut(parts, cells), strict=True))
    shares = f" compute {percent(parts[2] / total):>4}"
    return fit(f"worker {number:<{_NAME - 7}}{drawn}{shares}", width, signs)


def cut(parts: Sequence[float], cells: int) -> list[int]:
    """Return how many of so many cells each part gets; they add up, and each edge is off by half a cell at most."""
    total, done, edges = sum(parts), 0.0, [0]
    for part in parts:
        done += part
        edges.append(round(cells * done / total) if total > 0 else 0)
    edges[-1] = cells
    return [after - before for before, after in itertools.pairwise(edges)]
