"""What the speedup plot shows, as plain numbers: one line per mode and kernel, the ideal, and the machine's ceiling."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log2

from engine.report import Ceiling, TrialReport
from workbench.figures import SEQUENTIAL

Point = tuple[float, float]
"""Workers and speedup."""


@dataclass(frozen=True)
class Series:
    """One line of the plot."""

    label: str
    points: tuple[Point, ...]
    kind: str = "mode"
    """``mode``, ``points`` (not joined by a line), ``ideal``, ``ceiling`` or ``memory``."""


def speedup_series(trials: Sequence[TrialReport], ceiling: Sequence[Ceiling]) -> tuple[Series, ...]:
    """Return the lines; where several plans share mode, kernel and workers, the fastest stands for them.

    A line begins with its kernel run sequentially, so that its slope is what the workers add.
    """
    best: dict[tuple[str, str], dict[int, float]] = {}
    alone: list[Point] = []
    kernels: dict[str, float] = {}
    for trial in trials:
        if trial.status == "failed" or not trial.speedup or trial.speedup.median <= 0:
            continue
        plan, speedup = trial.plan, trial.speedup.median
        if plan.mode == SEQUENTIAL:
            alone.append((1.0, speedup))
            kernels[plan.kernel] = max(kernels.get(plan.kernel, 0.0), speedup)
            continue
        line = best.setdefault((plan.mode, plan.kernel), {})
        line[plan.workers] = max(line.get(plan.workers, 0.0), speedup)
    lines = [Series(SEQUENTIAL, tuple(alone), "points")] if alone else []
    for (mode, kernel), line in best.items():
        start = {1: kernels[kernel]} if kernel in kernels else {}
        lines.append(Series(f"{mode} {kernel}".strip(), tuple(sorted((start | line).items()))))
    most = float(max([2, *(trial.plan.workers for trial in trials)]))
    lines.append(Series("ideal", ((1.0, 1.0), (most, most)), "ideal"))
    return (*lines, *_ceilings(ceiling))


def _ceilings(ceiling: Sequence[Ceiling]) -> Iterator[Series]:
    """What the machine has to give to work that computes, and to work that reads and writes memory."""
    for kind, figures in (
        ("ceiling", [(float(point.workers), point.compute) for point in ceiling]),
        ("memory", [(float(point.workers), point.bandwidth or 0.0) for point in ceiling]),
    ):
        known = [point for point in figures if point[1] > 0]
        if known:
            yield Series(kind, ((1.0, 1.0), *known), kind)


def powers_of_two(low: float, high: float, most: int) -> list[float]:
    """Return exponents of two between two exponents, at most so many, for ticks such as 1, 2, 4, 8."""
    exponents = list(range(int(-(-low // 1)), int(high // 1) + 1))
    step = max(1, -(-len(exponents) // max(most, 1)))
    return [float(exponent) for exponent in exponents if exponent % step == 0]


def power_label(exponent: float) -> str:
    """Return ``8`` for 3 and ``1/4`` for -2."""
    return f"{2**exponent:g}" if exponent >= 0 else f"1/{2**-exponent:g}"


def limits(series: Sequence[Series]) -> tuple[Point, Point]:
    """Return the ranges of log2 workers and log2 speedup, with a little room."""
    xs = [log2(x) for line in series for x, _ in line.points]
    ys = [log2(y) for line in series for _, y in line.points]
    side, top = 0.04 * max(*xs, 1.0), 0.05 * (max([*ys, 1.0]) - min([*ys, 0.0]))
    return (-side, max(*xs, 1.0) + side), (min([*ys, 0.0]) - top, max([*ys, 1.0]) + top)
