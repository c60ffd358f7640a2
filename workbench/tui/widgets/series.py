"""What the plots show, as numbers: a line per mode and kernel, the ideal, the machine's ceiling, a fitted band."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import log2

from engine.plan import Plan
from engine.report import Ceiling, Interval, Scaling, TrialReport
from workbench.figures import SEQUENTIAL
from workbench.words.numbers import seconds

Point = tuple[float, float]
"""Workers and speedup."""


@dataclass(frozen=True)
class Series:
    """One line of the plot."""

    label: str
    points: tuple[Point, ...]
    kind: str = "mode"
    """``mode``, ``points`` (not joined by a line), ``ideal``, ``ceiling``, ``memory``, ``band-low``, ``band-high``."""
    place: int = 0
    """Among all lines of the sweep, drawn or not: it decides mark and colour."""


def powers_of_two(low: float, high: float, most: int) -> list[float]:
    """Return exponents of two between two exponents, at most so many, for ticks such as 1, 2, 4, 8."""
    exponents = list(range(int(-(-low // 1)), int(high // 1) + 1))
    step = max(1, -(-len(exponents) // max(most, 1)))
    return [float(exponent) for exponent in exponents if exponent % step == 0]


def power_label(exponent: float) -> str:
    """Return ``8`` for 3 and ``1/4`` for -2."""
    return f"{2**exponent:g}" if exponent >= 0 else f"1/{2**-exponent:g}"


@dataclass(frozen=True)
class Figure:
    """What is drawn against workers."""

    name: str
    of: Callable[[TrialReport], float | None]
    best: Callable[[float, float], float]
    """Which of two plans with the same mode, kernel and workers stands for both."""
    against: Callable[[float, float, float], float]
    """The figure of a speedup over one worker: that speedup, workers, and the figure of one worker."""
    ceilings: bool = True
    """Whether the machine's ceilings, which are speedups over the baseline, can be drawn."""
    label: Callable[[float], str] = power_label
    """An exponent of two as a tick."""


def _median(interval: Interval | None) -> float | None:
    return None if interval is None else interval.median


FIGURES = {
    figure.name: figure
    for figure in (
        Figure("speedup", lambda trial: _median(trial.speedup), max, lambda speedup, _, one: speedup * one),
        Figure("efficiency", lambda trial: trial.efficiency, max, lambda speedup, workers, _: speedup / workers),
        Figure(
            "time",
            lambda trial: _median(trial.seconds),
            min,
            lambda speedup, _, one: one / speedup,
            ceilings=False,
            label=lambda exponent: seconds(2**exponent),
        ),
    )
}
"""What can be drawn, in the order of the views."""


def plot_series(
    figure: Figure,
    trials: Sequence[TrialReport],
    ceiling: Sequence[Ceiling],
    scaling: Sequence[Scaling] = (),
    wanted: Sequence[TrialReport] | None = None,
) -> tuple[Series, ...]:
    """Return the lines; where several plans share mode, kernel and workers, the best stands for them.

    A line begins with its kernel run sequentially, so that its slope is what the workers add. ``scaling``: the laws
    fitted; where they predict something, the 95 % band of the first is drawn. ``wanted``: the trials of which lines are
    made, None: all.
    """
    alone, every = _alone(figure, trials), _lines(figure, trials)
    lines = every if wanted is None else _lines(figure, wanted)
    drawn = [Series(SEQUENTIAL, tuple((1.0, value) for value in alone.values()), "points")] if alone else []
    for place, key in enumerate(every, 1):
        if key in lines:
            mode, kernel = key
            start = {1: alone[kernel]} if kernel in alone else {}
            points = tuple(sorted((start | lines[key]).items()))
            drawn.append(Series(f"{mode} {kernel}".strip(), points, place=place))
    most = max([2, *(trial.plan.workers for trial in trials)])
    guides = [] if figure.name == "time" and not alone else [_ideal(figure, most, next(iter(alone.values()), 1.0))]
    ceilings = _ceilings(figure, ceiling) if figure.ceilings else ()
    return (*drawn, *guides, *ceilings, *_band(figure, scaling, alone))


def _usable(figure: Figure, trials: Sequence[TrialReport]) -> Iterator[tuple[Plan, float]]:
    for trial in trials:
        value = figure.of(trial)
        if trial.status != "failed" and value is not None and value > 0:
            yield trial.plan, value


def _alone(figure: Figure, trials: Sequence[TrialReport]) -> dict[str, float]:
    """The figure of each kernel run sequentially; the baseline's comes first."""
    found: dict[str, float] = {}
    for plan, value in _usable(figure, trials):
        if plan.mode == SEQUENTIAL:
            found[plan.kernel] = figure.best(found.get(plan.kernel, value), value)
    return found


def _lines(figure: Figure, trials: Sequence[TrialReport]) -> dict[tuple[str, str], dict[float, float]]:
    lines: dict[tuple[str, str], dict[float, float]] = {}
    for plan, value in _usable(figure, trials):
        if plan.mode != SEQUENTIAL:
            line = lines.setdefault((plan.mode, plan.kernel), {})
            line[float(plan.workers)] = figure.best(line.get(float(plan.workers), value), value)
    return lines


def _ideal(figure: Figure, most: int, one: float) -> Series:
    """What the baseline would come to if every worker counted fully."""
    unit = 1.0 if figure.name != "time" else one
    return Series("ideal", tuple((float(n), figure.against(float(n), float(n), unit)) for n in (1, most)), "ideal")


def _ceilings(figure: Figure, ceiling: Sequence[Ceiling]) -> Iterator[Series]:
    """What the machine has to give to work that computes, and to work that reads and writes memory."""
    for kind, figures in (
        ("ceiling", [(point.workers, point.compute) for point in ceiling]),
        ("memory", [(point.workers, point.bandwidth or 0.0) for point in ceiling]),
    ):
        known = [(float(n), figure.against(value, float(n), 1.0)) for n, value in figures if value > 0]
        if known:
            yield Series(kind, ((1.0, 1.0), *known), kind)


def _band(figure: Figure, scaling: Sequence[Scaling], alone: dict[str, float]) -> Iterator[Series]:
    """The lower and the upper edge of what the first law predicts."""
    law = next((each for each in scaling if len(each.predictions) > 1 and each.kernel in alone), None)
    for edge in ("low", "high") if law else ():
        assert law
        points = [
            (float(each.workers), figure.against(getattr(each.speedup, edge), each.workers, alone[law.kernel]))
            for each in law.predictions
        ]
        yield Series(f"fit {law.mode}", tuple(point for point in sorted(points) if point[1] > 0), f"band-{edge}")


def limits(series: Sequence[Series]) -> tuple[Point, Point]:
    """Return the ranges of log2 workers and log2 speedup, with a little room."""
    xs = [log2(x) for line in series for x, _ in line.points]
    ys = [log2(y) for line in series for _, y in line.points]
    side, top = 0.04 * max(*xs, 1.0), 0.05 * (max([*ys, 1.0]) - min([*ys, 0.0]))
    return (-side, max(*xs, 1.0) + side), (min([*ys, 0.0]) - top, max([*ys, 1.0]) + top)
