"""The laws fitted to points, and fitted again to a thousand resamples of them, from which every interval is taken.

Half of the resamples draw blocks with replacement, which holds whatever the noise is like, and half draw noise of the
variance that all runs together show, which holds where all are equally noisy. An interval is from the lower to the
upper of both: the spread of five blocks alone is now and then far too small by chance, and it is just then that a
prediction would look narrow enough to be shown.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.analyse.scaling.fit import fit_amdahl, fit_usl, refit
from engine.analyse.scaling.laws import Floats, Law, peaks, usl_speedup
from engine.analyse.scaling.misfit import Misfit, misfit_of
from engine.analyse.scaling.points import Levels, Points, levels_of, usable
from engine.measure.statistics import CONFIDENCE
from engine.report import Interval

RESAMPLES = 500
"""Of each kind."""
SEED = 20_071

Coefficient = Literal["contention", "coherency", "throughput_at_one"]

USL_COUNTS = 3
"""Counts of workers from which contention and coherency can be told apart."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """Both laws, in runs per second, and their coefficients in every resample."""

    workers: tuple[int, ...]
    """The counts the laws are fitted to, ascending, two or more."""
    law: Law
    """The universal law; Amdahl's where there are fewer than USL_COUNTS counts."""
    amdahl: Law
    misfit: Misfit | None
    """How the points miss the universal law; None where they do not miss it by more than expected."""
    cores: int | None
    """What the machine has, where that was told; the laws are fitted up to there."""
    contention: Floats
    """In every resample, by blocks and by noise, shape (2, RESAMPLES), as are the others."""
    coherency: Floats
    throughput_at_one: Floats
    serial_fraction: Floats

    @property
    def largest(self) -> int:
        """The most workers the laws are fitted to."""
        return self.workers[-1]

    @property
    def universal(self) -> bool:
        """Whether contention and coherency can be told apart."""
        return len(self.workers) >= USL_COUNTS

    @property
    def peaks(self) -> Floats:
        """Workers beyond which more make it slower in every resample, infinite where there are none."""
        return peaks(self.contention, self.coherency)

    def interval(self, coefficient: Coefficient) -> Interval:
        """Return one coefficient of the universal law."""
        return around(getattr(self.law, coefficient), getattr(self, coefficient))

    def speedup(self, workers: int) -> Interval:
        """Return the law's speedup at so many workers."""
        return around(self.law.speedup(workers), usl_speedup(workers, self.contention, self.coherency))

    def seconds(self, workers: int) -> Interval:
        """Return the law's seconds of one run with so many workers."""
        drawn = self.throughput_at_one * usl_speedup(workers, self.contention, self.coherency)
        return around(1 / self.law.throughput(workers), 1 / drawn)


_LARGEST = 700.0
"""Logarithm of the largest number that there is."""


def fit_points(points: Points, cores: int | None = None) -> Fitted | str:
    """Return the laws fitted to the counts of workers up to ``cores``, or why they cannot be.

    Raises ValueError for seconds that are not above 0 and finite.
    """
    chosen = usable(points, cores)
    if len(chosen) < 2:
        return "a law needs two counts of workers that were measured in the same two blocks, better in five"
    levels = levels_of(chosen)
    if levels is None:
        return "the blocks have too few counts of workers in common"
    return _fit(levels, cores)


def _fit(levels: Levels, cores: int | None) -> Fitted:
    workers, root, throughput = levels.workers, levels.root, np.exp(levels.level)
    universal = len(workers) >= USL_COUNTS
    amdahl = fit_amdahl(workers, throughput, root=root)
    law = fit_usl(workers, throughput, root=root) if universal else amdahl
    moved = _moved(levels)
    drawn = levels.level + _stretch(misfit_of(levels, law)) * moved
    contention, coherency = refit(workers, drawn, root, law, coherent=universal).T
    at_one = (drawn - np.log(usl_speedup(workers, contention[:, None], coherency[:, None]))).mean(1)
    drawn = levels.level + _stretch(misfit_of(levels, amdahl)) * moved
    serial = refit(workers, drawn, root, amdahl, coherent=False)[:, 0]
    return Fitted(
        workers=tuple(int(count) for count in workers),
        law=law,
        amdahl=amdahl,
        misfit=misfit_of(levels, law),
        cores=cores,
        contention=contention.reshape(2, -1),
        coherency=coherency.reshape(2, -1),
        # a run of microseconds beside one of seconds can be drawn to anything; beyond this nothing is a number
        throughput_at_one=np.exp(np.clip(at_one, -_LARGEST, _LARGEST)).reshape(2, -1),
        serial_fraction=serial.reshape(2, -1),
    )


def _moved(levels: Levels) -> Floats:
    """By how much levels move by drawing blocks with replacement, then by noise, shape (2 RESAMPLES, k)."""
    rng, blocks = np.random.default_rng(SEED), len(levels.shifts)
    often = rng.multinomial(blocks, np.full(blocks, 1 / blocks), RESAMPLES) - 1.0
    causes = rng.standard_normal((RESAMPLES, len(levels.noise)))
    return np.vstack([often @ levels.shifts, causes @ levels.noise])


def _stretch(misfit: Misfit | None) -> float:
    return misfit.stretch if misfit else 1.0


def around(value: float, drawn: Floats) -> Interval:
    """Return a value with the percentiles of its resamples."""
    low, high = percentiles(drawn)
    return Interval(value, min(low, value), max(high, value))


def percentiles(drawn: Floats) -> tuple[float, float]:
    """Return the resamples between which CONFIDENCE of each kind lie, the next one outwards; infinite ones are
    largest. Shape (2, RESAMPLES)."""
    ordered = np.sort(drawn, 1)
    tail = int((1 - CONFIDENCE) / 2 * ordered.shape[1])
    return float(ordered[:, tail].min()), float(ordered[:, -1 - tail].max())
