"""What was measured, as the laws are fitted to it: one level for each count of workers, and how blocks shift it.

A block has a speed of its own, a slow or a fast moment of the machine, which moves all its runs alike. It is taken out
before the counts of workers are compared: the logs are split into counts plus blocks plus the rest by least squares. A
law fitted to the levels of the counts, weighted by ``root``, is the law fitted to every run of every block.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri, stdtrit

from engine.analyse.scaling.laws import Floats
from engine.measure.statistics import CONFIDENCE

Points = Mapping[int, Mapping[int, float]]
"""Workers -> block -> seconds of one run. One worker is the same kernel run sequentially."""


@dataclass(frozen=True, eq=False)
class Levels:
    """Logs of runs per second by count of workers, with block effects removed."""

    workers: Floats
    """Ascending, shape (k,)."""
    level: Floats
    """Log of runs per second in an average block, shape (k,)."""
    root: Floats
    """R with |R (level - law)|² = the law's sum of squares over all runs, less the blocks', shape (k, k)."""
    shifts: Floats
    """What drawing each block once more moves the levels by, widened for the few blocks there are, shape (blocks,
    k)."""
    noise: Floats
    """What one standard deviation of each of several independent causes moves the levels by, if all runs are equally
    noisy, widened likewise, shape (k + 1, k)."""
    variance: float
    """Of the log of one run around counts plus blocks; 0 where ``spare`` is."""
    spare: int
    """Degrees of freedom behind the variance."""


def usable(points: Points, cores: int | None = None) -> dict[int, dict[int, float]]:
    """Return the points a law can be fitted to: counts of workers up to ``cores``, each in at least two blocks that
    were measured with another count as well."""
    kept = {count: dict(blocks) for count, blocks in sorted(points.items()) if cores is None or count <= cores}
    while True:
        shared = {b for b in _blocks(kept) if sum(b in blocks for blocks in kept.values()) > 1}
        fewer = {count: {b: s for b, s in blocks.items() if b in shared} for count, blocks in kept.items()}
        fewer = {count: blocks for count, blocks in fewer.items() if len(blocks) > 1}
        if fewer == kept:
            return kept
        kept = fewer


def levels_of(points: Points) -> Levels | None:
    """Return the levels of usable points; None where their blocks share too few counts to compare them all.

    Raises ValueError for seconds that are not above 0 and finite.
    """
    logs, there = _grid(points)
    spread = [np.diag(row) - np.outer(row, row) / row.sum() for row in there.astype(float)]
    weights = np.sum(spread, 0)
    if len(points) < 2 or np.linalg.matrix_rank(weights) < len(points) - 1:
        return None
    inverse = np.linalg.pinv(weights, hermitian=True)
    counts = inverse @ np.sum([each @ row for each, row in zip(spread, logs, strict=True)], 0)
    blocks = np.sum(np.where(there, logs - counts, 0.0), 1) / there.sum(1)
    rest = np.where(there, logs - counts - blocks[:, None], 0.0)
    apart = [inverse @ each @ row for each, row in zip(spread, rest * widening(there.sum(0)), strict=True)]
    moods = (blocks - blocks.mean()) / len(blocks) * widening(len(blocks))
    spare = int(there.sum()) - len(points) - len(blocks) + 1
    variance = float((rest**2).sum() / spare) if spare else 0.0
    values, vectors = np.linalg.eigh(weights)
    return Levels(
        workers=np.array(sorted(points), dtype=float),
        level=counts + blocks.mean(),
        root=np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T,
        shifts=np.array(apart) + moods[:, None],
        noise=_noise((values, vectors), variance, spare, float((moods**2).sum())),
        variance=variance,
        spare=spare,
    )


def _noise(weights: tuple[Floats, Floats], variance: float, spare: int, moods: float) -> Floats:
    """Square root of the covariance of the levels: the inverse of the weights, times the variance of a run, and what
    all levels have in common."""
    values, vectors = weights
    each = np.where(values > values[-1] * 1e-9, 1 / np.sqrt(np.maximum(values, values[-1] * 1e-9)), 0.0)
    scale = np.sqrt(variance) * student(spare) if spare else 0.0
    return np.vstack([scale * each[:, None] * vectors.T, np.full(len(values), np.sqrt(moods))])


def widening(blocks: ArrayLike) -> Floats:
    """Return by how much deviations over so many blocks, at least 2 each, are stretched before they are drawn again.

    Resampling n blocks shows a spread that is too small by sqrt((n - 1) / n) and the quantiles of a normal in place of
    Student's t. (Hesterberg, What Teachers Should Know About the Bootstrap, The American Statistician 69(4), 2015,
    section 4: the expanded percentile interval, here with the draws moved instead of the quantiles, since a thousand
    draws of five blocks have no quantile that far out.)
    """
    count = np.asarray(blocks, dtype=float)
    return np.asarray(np.sqrt(count / (count - 1)) * student(count - 1))


def student(freedom: ArrayLike) -> Floats:
    """Return how much farther out Student's t has its quantiles than a normal, for degrees of freedom from 1."""
    tail = (1 + CONFIDENCE) / 2
    return np.asarray(stdtrit(np.asarray(freedom, dtype=float), tail) / ndtri(tail))


def _blocks(points: Points) -> list[int]:
    return sorted({block for blocks in points.values() for block in blocks})


def _grid(points: Points) -> tuple[Floats, Floats]:
    """Logs of runs per second, 0 where there is none, and where there is one; shape (blocks, k)."""
    if not all(0 < seconds < inf for blocks in points.values() for seconds in blocks.values()):
        raise ValueError("seconds must be above 0 and finite")
    counts, names = sorted(points), _blocks(points)
    there = np.array([[block in points[count] for count in counts] for block in names])
    logs = np.array([[-np.log(points[count].get(block, 1.0)) for count in counts] for block in names])
    return logs, there
