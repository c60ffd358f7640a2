"""The laws fitted by least squares: once with care, and a thousand times in one go for the intervals.

In log space, where noise is a share of the value, throughput_at_one is a constant that is added; in both spaces it
follows from the other two coefficients, so that only these are searched for.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from engine.analyse.scaling.laws import Floats, Law, usl_speedup

Space = Literal["log", "linear"]

STARTS = tuple((contention, coherency) for contention in (0.02, 0.5) for coherency in (1e-4, 1e-2))
"""Where the search for contention and coherency begins; the best end of all counts."""

NOTHING = 1e-10
"""A coefficient this close to a bound is there: the search approaches it without reaching it."""

CLOSE = 1e-12
"""Relative step, and gradient, at which the search ends."""

ITERATIONS = 100
"""Of the many fits at once, at most; they take about 15."""


def fit_usl(workers: Floats, throughput: Floats, space: Space = "log", root: Floats | None = None) -> Law:
    """Return the universal scalability law that fits all samples best.

    Contention is held between 0 and 1, coherency and throughput_at_one at 0 or more.

    Args:
        workers: of each sample, 1 or more, shape (n,); at least three different ones.
        throughput: of each sample, per second, above 0, shape (n,).
        space: ``log`` for the smallest sum of squared relative errors, ``linear`` for that of squared errors, as R's
            ``usl`` takes it.
        root: weights of the residuals in log space, shape (m, n), whose rows add up to 0; by default each is taken
            from its mean.
    """
    return _best(_curve(workers, throughput, space, root), STARTS)


def fit_amdahl(workers: Floats, throughput: Floats, space: Space = "log", root: Floats | None = None) -> Law:
    """Return Amdahl's law fitted in the same way, as the law whose coherency is 0: the serial fraction, 0 to 1, is its
    contention. At least two different counts of workers."""
    return _best(_curve(workers, throughput, space, root), ((0.02,), (0.5,)))


class _Curve(Protocol):
    """The law over the samples, for given contention and coherency."""

    def residuals(self, point: Floats) -> Floats: ...

    def slopes(self, point: Floats) -> Floats:
        """Derivatives of the residuals, shape (m, 2)."""

    def at_one(self, point: Floats) -> float:
        """Return the throughput_at_one that fits best."""


@dataclass(frozen=True, eq=False)
class _Relative:
    """Residuals of the log."""

    workers: Floats
    throughput: Floats
    root: Floats

    def residuals(self, point: Floats) -> Floats:
        found: Floats = self.root @ np.log(self.throughput / usl_speedup(self.workers, *point))
        return found

    def slopes(self, point: Floats) -> Floats:
        found: Floats = self.root @ _slowdown(self.workers, *point)
        return found

    def at_one(self, point: Floats) -> float:
        return float(np.exp(np.log(self.throughput / usl_speedup(self.workers, *point)).mean()))


@dataclass(frozen=True, eq=False)
class _Absolute:
    """Residuals of the throughput itself, as parts of the largest."""

    workers: Floats
    throughput: Floats

    def residuals(self, point: Floats) -> Floats:
        speedup = usl_speedup(self.workers, *point)
        apart: Floats = (self.throughput - self.at_one(point) * speedup) / self.throughput.max()
        return apart

    def slopes(self, point: Floats) -> Floats:
        speedup, scale = usl_speedup(self.workers, *point), self.at_one(point)
        changes = -speedup[:, None] * _slowdown(self.workers, *point)
        scales = (self.throughput - 2 * scale * speedup) @ changes / (speedup @ speedup)
        slopes: Floats = -(scale * changes + np.outer(speedup, scales)) / self.throughput.max()
        return slopes

    def at_one(self, point: Floats) -> float:
        speedup = usl_speedup(self.workers, *point)
        return float(speedup @ self.throughput / (speedup @ speedup))


def _curve(workers: Floats, throughput: Floats, space: Space, root: Floats | None) -> _Curve:
    if space == "linear":
        return _Absolute(workers, throughput)
    size = len(workers)
    return _Relative(workers, throughput, np.eye(size) - 1 / size if root is None else root)


def _slowdown(workers: Floats, contention: float, coherency: float) -> Floats:
    """Derivatives of -log speedup by both coefficients, shape (n, 2)."""
    share = usl_speedup(workers, contention, coherency) / workers * (workers - 1)
    return np.stack([share, share * workers], 1)


def _best(curve: _Curve, starts: tuple[tuple[float, ...], ...]) -> Law:
    """The best of the searches from all starts; those with one value leave coherency at 0."""
    free = len(starts[0])

    def whole(point: Floats) -> Floats:
        return np.append(point, np.zeros(2 - free))

    def residuals(point: Floats) -> Floats:
        return curve.residuals(whole(point))

    def slopes(point: Floats) -> Floats:
        return curve.slopes(whole(point))[:, :free]

    from scipy.optimize import least_squares  # 0.2 s that no sweep needs before its end

    bounds = (0.0, np.array([1.0, np.inf])[:free])
    ends = [
        least_squares(
            residuals, start, slopes, bounds, method="dogbox", x_scale="jac", ftol=None, xtol=CLOSE, gtol=CLOSE
        )
        for start in starts
    ]
    best = whole(min(ends, key=lambda end: float(end.cost)).x)
    best = np.where(best < NOTHING, 0.0, best)
    best[0] = 1.0 if best[0] > 1 - NOTHING else best[0]
    return Law(float(best[0]), float(best[1]), curve.at_one(best))


def refit(workers: Floats, levels: Floats, root: Floats, start: Law, coherent: bool = True) -> Floats:
    """Return contention and coherency for many data sets at once, shape (sets, 2): the same fit in log space.

    Levenberg and Marquardt's method with a damping for each set; a coefficient at a bound that the gradient points
    beyond is held there (Madsen, Nielsen, Tingleff, Methods for Non-Linear Least Squares Problems, 2004, section 3.2).

    Args:
        workers: shape (k,).
        levels: log of the throughput in each set, shape (sets, k).
        root: weights of the residuals, shape (m, k), whose rows add up to 0.
        start: where the search begins.
        coherent: False holds coherency at 0, which is Amdahl's law.
    """
    highest = np.array([1.0, np.inf if coherent else 0.0])
    point = np.tile(np.minimum([start.contention, start.coherency], highest), (len(levels), 1))
    damping = np.full(len(levels), 1e-3)
    residual = _apart(workers, levels, root, point)
    for _ in range(ITERATIONS):
        step = _step(_slopes(workers, root, point), residual, damping, (point, highest))
        tried = np.clip(point + step, 0.0, highest)
        apart = _apart(workers, levels, root, tried)
        better = (apart**2).sum(1) <= (residual**2).sum(1)
        done = np.abs(tried - point) <= 1e-12 + 1e-9 * point
        point, residual = np.where(better[:, None], tried, point), np.where(better[:, None], apart, residual)
        damping = np.where(better, np.maximum(damping / 10, 1e-12), damping * 10)
        if done.all():
            break
    return point


def _apart(workers: Floats, levels: Floats, root: Floats, point: Floats) -> Floats:
    """Weighted residuals, shape (sets, m)."""
    apart: Floats = levels - np.log(usl_speedup(workers, point[:, :1], point[:, 1:]))
    weighted: Floats = apart @ root.T
    return weighted


def _slopes(workers: Floats, root: Floats, point: Floats) -> Floats:
    """Derivatives of the weighted residuals by both coefficients, shape (2, sets, m)."""
    share = usl_speedup(workers, point[:, :1], point[:, 1:]) / workers
    return np.stack([share * (workers - 1) @ root.T, share * workers * (workers - 1) @ root.T])


def _step(slopes: Floats, residual: Floats, damping: Floats, bounds: tuple[Floats, Floats]) -> Floats:
    """The damped step of each set, shape (sets, 2)."""
    point, highest = bounds
    gradient = np.einsum("isk,sk->si", slopes, residual)
    held = (point <= 0) & (gradient >= 0) | (point >= highest) & (gradient <= 0)
    first, second, both = (np.einsum("sk,sk->s", slopes[i], slopes[j]) for i, j in ((0, 0), (1, 1), (0, 1)))
    first = np.where(held[:, 0], 1.0, first * (1 + damping))
    second = np.where(held[:, 1], 1.0, second * (1 + damping))
    both = np.where(held.any(1), 0.0, both)
    gradient = np.where(held, 0.0, gradient)
    size = np.maximum(first * second - both**2, np.finfo(float).tiny)
    one = second * gradient[:, 0] - both * gradient[:, 1]
    other = first * gradient[:, 1] - both * gradient[:, 0]
    step: Floats = -np.stack([one, other], 1) / size[:, None]
    return step
