"""The laws of scaling as formulas: Amdahl's, Gunther's (USL) and Gustafson's. Workers are counts of at least 1."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Law:
    """The universal scalability law with its three coefficients; without coherency it is Amdahl's law, whose serial
    fraction is the contention.

    Gunther, Guerrilla Capacity Planning, 2007, chapter 4; the third coefficient: Schwartz, Practical Scalability
    Analysis with the Universal Scalability Law, 2015.
    """

    contention: float
    """What queues for something shared, 0 to 1."""
    coherency: float
    """What every worker spends on every other one, at least 0."""
    throughput_at_one: float
    """Of one worker, per second."""

    def speedup(self, workers: float) -> float:
        """Return the speedup of so many workers against one."""
        return float(usl_speedup(workers, self.contention, self.coherency))

    def throughput(self, workers: float) -> float:
        """Return what so many workers do per second."""
        return self.throughput_at_one * self.speedup(workers)

    @property
    def peak_workers(self) -> float:
        """Workers beyond which more make it slower, at least 1; infinite where there is no such number."""
        return float(peaks(np.array([self.contention]), np.array([self.coherency]))[0])


def usl_speedup(workers: ArrayLike, contention: ArrayLike, coherency: ArrayLike) -> Floats:
    """Return N / (1 + contention (N - 1) + coherency N (N - 1)); the arrays broadcast."""
    count = np.asarray(workers, dtype=np.float64)
    queueing = np.asarray(contention) * (count - 1)
    speedup: Floats = count / (1 + queueing + np.asarray(coherency) * count * (count - 1))
    return speedup


def amdahl_speedup(workers: ArrayLike, serial_fraction: ArrayLike) -> Floats:
    """Return 1 / (s + (1 - s) / N); the arrays broadcast.

    Amdahl, Validity of the single processor approach, AFIPS 1967.
    """
    return usl_speedup(workers, serial_fraction, 0.0)


def gustafson_speedup(workers: ArrayLike, serial_fraction: ArrayLike) -> Floats:
    """Return the scaled speedup N - s (N - 1), where the work grows with the workers; the arrays broadcast.

    Gustafson, Reevaluating Amdahl's law, CACM 31(5), 1988.
    """
    count = np.asarray(workers, dtype=np.float64)
    speedup: Floats = count - np.asarray(serial_fraction) * (count - 1)
    return speedup


def peaks(contention: Floats, coherency: Floats) -> Floats:
    """Return sqrt((1 - contention) / coherency), at least 1; infinite where coherency is 0. The shapes are equal."""
    found: Floats = np.full(contention.shape, np.inf)
    some = coherency > 0
    found[some] = np.sqrt(np.maximum(1 - contention[some], 0.0) / coherency[some])
    found[found < 1] = 1.0
    return found
