"""How long the whole job takes, from runs on a sample of its tasks; or why that cannot be said."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from engine.analyse.words import duration
from engine.events import Sample
from engine.measure.statistics import median_interval
from engine.report import Interval

BENT = 0.15
"""How far the run on the whole sample may be from the line through the shorter runs before time counts as not growing
in line with tasks; two runs of a quiet machine differ by 2 to 5 %."""

VAGUE = 0.5
"""Half width of the interval, as part of the estimate, beyond which it says nothing."""

BRIEF = 0.0005
"""Seconds of the shortest run; below, starting it is what is measured."""


@dataclass(frozen=True)
class Estimate:
    """Seconds of one whole job over all tasks in every block, or why there is none."""

    seconds: tuple[float, ...] = ()
    refused: str = ""
    """Why there is none, or where there are seconds why they say little."""

    @property
    def interval(self) -> Interval | None:
        """Median and interval over blocks, which differ in the tasks that were sampled and in the machine's mood."""
        return median_interval(self.seconds) if self.seconds else None


def estimate(samples: Sequence[Sample], measured: int, tasks: int) -> Estimate:
    """Return the estimate for ``tasks`` tasks from blocks in which ``measured`` of them were run.

    In each block a line is laid through the steady runs on a quarter, a half and the whole of the sample, by least
    squares of relative errors; what the first run took longer than a steady one is added once, like the set-up.
    """
    points = [_points(sample, measured) for sample in samples]
    if not points or any(len(each) < 3 for each in points):
        return Estimate(refused="the shorter runs that show how time grows with tasks were not measured")
    brief = min(seconds for each in points for _, seconds in each) < BRIEF
    if not brief and (bent := _bent(points)):
        return Estimate(refused=bent)
    whole = tuple(_whole(sample, each, tasks) for sample, each in zip(samples, points, strict=True))
    return Estimate(whole, _doubt(median_interval(whole), measured, brief=brief))


Point = tuple[int, float]
"""Tasks, and seconds of a run over them."""


def _points(sample: Sample, measured: int) -> list[Point]:
    return [*((part.tasks, part.seconds) for part in sample.parts), (measured, median(sample.steady))]


def _bent(points: Sequence[Sequence[Point]]) -> str:
    """Return a sentence if the run on the whole sample is off the line through the shorter ones in every block."""
    off = [_surprise(each) for each in points]
    if abs(median(off)) <= BENT or not (min(off) > BENT / 2 or max(off) < -BENT / 2):
        return ""
    (few, _), *_, (many, _) = points[0]
    short, long = (median(each[at][1] / each[at][0] for each in points) for at in (0, -1))
    return (
        f"time does not grow in line with the tasks: {duration(short)} a task for {few} of them, "
        f"{duration(long)} for {many}; measure a larger sample"
    )


def _surprise(points: Sequence[Point]) -> float:
    """How far the last point is above the line through those before it, as part of itself."""
    (a, s), (b, t), (c, u) = points
    return (u - (s + (t - s) / (b - a) * (c - a))) / u


def _whole(sample: Sample, points: Sequence[Point], tasks: int) -> float:
    counts, seconds = np.array(points).T
    slope, fixed = np.polyfit(counts, seconds, 1, w=1 / seconds)
    if fixed < 0:  # no run takes less than nothing to begin with
        slope, fixed = seconds[-1] / counts[-1], 0.0
    return float(sample.setup + max(0.0, sample.first_run - median(sample.steady)) + fixed + slope * tasks)


def _doubt(found: Interval, measured: int, *, brief: bool) -> str:
    if not brief and found.high - found.low <= 2 * VAGUE * found.median:
        return ""
    between = f"between {duration(found.low)} and {duration(found.high)}"
    return f"the sample is too small: {between} for all tasks; try --sample {4 * measured}"
