"""Strong scaling, a fixed amount of work on more workers: what each count of workers reached."""

import msgspec

from engine.analyse.scaling.points import Points
from engine.measure.statistics import karp_flatt, median_interval, paired_ratio
from engine.report import Interval


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """What one count of workers reached against one worker."""

    workers: int
    seconds: Interval
    """Of one run."""
    speedup: Interval
    """Paired over the blocks in which both were measured."""
    efficiency: Interval
    """Speedup / workers; above 1 wants an explanation, such as a cache that the data fits into once it is divided."""
    serial_fraction: float | None
    """Karp and Flatt's, None for one worker: constant over workers is serial code, rising is overhead."""


def strong_scaling(points: Points) -> tuple[Reached, ...]:
    """Return what each count of workers reached, ascending; without those never measured in one block with one
    worker."""
    found = ((count, speedup_at(points, count)) for count in sorted(points))
    return tuple(
        Reached(
            workers=count,
            seconds=median_interval(list(points[count].values())),
            speedup=speedup,
            efficiency=share_of(speedup, count),
            serial_fraction=karp_flatt(speedup.median, count),
        )
        for count, speedup in found
        if speedup
    )


def share_of(speedup: Interval, workers: int) -> Interval:
    """Return the efficiency: what each of so many workers adds to the speedup."""
    return Interval(speedup.median / workers, speedup.low / workers, speedup.high / workers)


def speedup_at(points: Points, workers: int) -> Interval | None:
    """Return the speedup of so many workers against one, paired over blocks; None where no block has both."""
    alone, together = points.get(1, {}), points.get(workers, {})
    both = sorted(alone.keys() & together.keys())
    return paired_ratio([alone[b] for b in both], [together[b] for b in both]) if both else None
