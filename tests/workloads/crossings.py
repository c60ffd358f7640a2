"""Small data for the crossover tests: the bars whose answers are known, and random ones that tie often."""

from functools import cache

import numpy as np
import pytest

from engine.workloads.crossover import CROSSOVER, numba_kernel, numpy_kernel, python_kernel, torch_kernel
from engine.workloads.crossover.data import Series, build, opens_of
from engine.workloads.crossover.result import COLUMNS

COLUMN = {name: position for position, name in enumerate(COLUMNS)}


def series(closes, name="a"):
    closes = np.asarray(closes, dtype=np.float64)
    return Series(name, opens_of(closes), closes)


def data_of(closes, family="sma", fill="next-open", windows=1):
    return build([series(closes)], family, fill, windows)


@cache
def known_bars():
    """Bars without a tie, whose answers other engines have confirmed: every close is a formula of its position."""
    t = np.arange(1000)
    return (10_000 + 37 * (t**2 % 101) - 25 * (t % 64)) / 100


def random_closes(seed, count=600, step=3):
    """A walk in cents that visits few levels, so that averages tie and equity comes back to its very peak."""
    rng = np.random.default_rng(seed)
    return np.maximum(1000 + np.cumsum(rng.integers(-step, step + 1, count)), 5) / 100


def tasks_for(*combinations):
    """The tasks of these combinations in the first window."""
    return np.array([[0, *combination] for combination in combinations])


def by_python(data, tasks=None):
    return python_kernel.evaluate(data, CROSSOVER.tasks(data) if tasks is None else tasks)


def by_numpy(data, tasks=None):
    return numpy_kernel.evaluate(numpy_kernel.prepare(data, "cpu"), CROSSOVER.tasks(data) if tasks is None else tasks)


def by_numba(data, tasks=None):
    pytest.importorskip("numba")
    return numba_kernel.evaluate(numba_kernel.prepare(data, "cpu"), CROSSOVER.tasks(data) if tasks is None else tasks)


def by_torch(data, tasks=None):
    pytest.importorskip("torch")
    return torch_kernel.evaluate(torch_kernel.prepare(data, "cpu"), CROSSOVER.tasks(data) if tasks is None else tasks)


BATCHED = [by_numpy, by_numba, by_torch]
KERNELS = [by_python, *BATCHED]


def assert_same(left, right, tolerance=1e-9):
    np.testing.assert_allclose(left, right, rtol=tolerance, atol=tolerance, equal_nan=True)
