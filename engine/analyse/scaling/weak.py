"""Weak scaling, more work on more workers: how much more is done in the same time."""

from collections.abc import Mapping, Sequence

import msgspec

from engine.analyse.scaling.strong import share_of
from engine.errors import RequestError
from engine.measure.statistics import median_interval, paired_ratio
from engine.report import Interval

GrowingPoints = Mapping[int, tuple[int, Mapping[int, float]]]
"""Workers -> how many tasks there were, and block -> seconds of one run over them."""

UNEVEN = 0.01
"""By how much tasks per worker may differ between counts of workers."""


class Grown(msgspec.Struct, frozen=True, kw_only=True):
    """What one count of workers did of a job that grew with it."""

    workers: int
    tasks: int
    seconds: Interval
    """Of one run over them."""
    speedup: Interval
    """Scaled: tasks per second against one worker's with its share of the tasks, paired over blocks."""
    efficiency: Interval
    """Scaled speedup / workers, which is one worker's time / this time; 1 when a run takes as long as one worker's."""
    serial_fraction: float | None
    """Gustafson's, (N - S) / (N - 1); None for one worker."""


class WeakScaling(msgspec.Struct, frozen=True, kw_only=True):
    """How throughput grows where every worker gets the same amount of work."""

    points: tuple[Grown, ...]
    """Ascending in workers."""
    serial_fraction: Interval | None
    """Gustafson's, 0 to 1: scaled speedup is N - s (N - 1), fitted in each block; None without a second count of
    workers in any block with one worker."""


def weak_scaling(points: GrowingPoints) -> WeakScaling:
    """Return what each count of workers did and Gustafson's serial fraction.

    Gustafson, Reevaluating Amdahl's law, CACM 31(5), 1988. Raises RequestError where one worker is missing or tasks per
    worker differ by more than a hundredth.
    """
    _check(points)
    grown = tuple(_grown(points, count) for count in sorted(points) if _both(points, count))
    fractions = [fraction for block in sorted(points[1][1]) if (fraction := _fraction(points, block)) is not None]
    return WeakScaling(points=grown, serial_fraction=median_interval(fractions) if fractions else None)


def _check(points: GrowingPoints) -> None:
    if 1 not in points:
        raise RequestError("weak scaling: one worker was not measured, and everything is compared with it")
    share = points[1][0]
    for count, (tasks, _) in sorted(points.items()):
        if abs(tasks / count / share - 1) > UNEVEN:
            raise RequestError(
                f"weak scaling: {count} workers had {tasks:,} tasks; as one worker had {share:,}, "
                f"it should have been {count} × {share:,} = {count * share:,}"
            )


def _both(points: GrowingPoints, count: int) -> list[int]:
    return sorted(points[1][1].keys() & points[count][1].keys())


def _grown(points: GrowingPoints, count: int) -> Grown:
    tasks, seconds = points[count]
    (share, alone), both = points[1], _both(points, count)
    speedup = paired_ratio([alone[b] / share for b in both], [seconds[b] / tasks for b in both])
    return Grown(
        workers=count,
        tasks=tasks,
        seconds=median_interval(list(seconds.values())),
        speedup=speedup,
        efficiency=share_of(speedup, count),
        serial_fraction=(count - speedup.median) / (count - 1) if count > 1 else None,
    )


def _fraction(points: GrowingPoints, block: int) -> float | None:
    """Gustafson's serial fraction in one block, by least squares of relative errors, 0 to 1."""
    share, alone = points[1]
    rates = {
        count: (tasks / seconds[block]) / (share / alone[block])
        for count, (tasks, seconds) in points.items()
        if count > 1 and block in seconds
    }
    return _least_squares([((n - s) / s, (n - 1) / s) for n, s in rates.items()]) if rates else None


def _least_squares(pairs: Sequence[tuple[float, float]]) -> float:
    found = sum(y * x for y, x in pairs) / sum(x * x for _, x in pairs)
    return min(1.0, max(0.0, found))
