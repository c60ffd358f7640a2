"""The result of one symbol, and the ranking of all."""

from typing import Any

import numpy as np

from engine.knob import Settings
from engine.workload import ResultSpec
from engine.workloads.prices import FloatArray, IntArray
from engine.workloads.symbols.scoring import VARIANTS

COLUMNS = ("best", "score", *VARIANTS, "forecast_error", "simulations")
"""Columns of a result: [8]. Position of the best variant in ``VARIANTS``, its mean profit, the mean profit of each
variant over the simulations, as fractions of the money at work over 7 days; the mean absolute error of the predicted
moves; and the number of simulations."""

TOP = 10
"""Symbols the score of all results looks at."""


def result(settings: Settings) -> ResultSpec:
    """Return the form of one task's result."""
    return ResultSpec("float64", (len(COLUMNS),))


def summarise(profits: FloatArray, actual: FloatArray, predicted: FloatArray) -> FloatArray:
    """Return the result of one symbol, [8], from its profits [simulations, 4] and moves [simulations, 4, 7]."""
    means = profits.mean(axis=0)
    best = int(means.argmax())  # the first of equals
    error = float(np.abs(predicted - actual).mean())
    return np.array([best, means[best], *means, error, len(profits)])


def ranking(results: Any) -> IntArray:
    """Return the rank of each symbol by its score, from 1 on; the name that comes first wins a tie."""
    order = np.argsort(-np.asarray(results)[:, 1], kind="stable")
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(1, len(order) + 1)
    return ranks


def score(results: Any) -> float:
    """Return the mean profit of the ten symbols that rank first, or of all if there are fewer."""
    return float(np.asarray(results)[ranking(results) <= TOP, 1].mean())
