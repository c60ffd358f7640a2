"""What this machine had to give, from what was measured of it. Small, since the screen imports it too."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from engine.events import CeilingMeasured
from engine.report import Ceiling


def ceiling_of(measured: Sequence[CeilingMeasured]) -> tuple[Ceiling, ...]:
    """Return the medians of what was measured, by workers."""
    by_workers: dict[int, list[CeilingMeasured]] = defaultdict(list)
    for each in measured:
        by_workers[each.workers].append(each)
    return tuple(_ceiling(workers, found) for workers, found in sorted(by_workers.items()))


def _ceiling(workers: int, found: Sequence[CeilingMeasured]) -> Ceiling:
    bandwidths = [each.bandwidth for each in found if each.bandwidth is not None]
    compute = round(median(each.speedup for each in found), 4)
    return Ceiling(workers, compute, round(median(bandwidths), 4) if bandwidths else None)
