"""What predicts the profit of a trade: a ridge regression or a random forest for each strategy.

Every fold starts without any model and nothing is kept after it, so the folds can be computed in any order. Features
are scaled for fitting and for predicting alike.
"""

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from engine.errors import Lacking
from engine.workloads.prices import FloatArray, IntArray
from engine.workloads.walkforward.names import INPUTS, NUMBERS, REGIMES, STRATEGIES

ALPHA = 1.0
"""Weight of the ridge penalty."""

REFIT, FEWEST_TRADES, FEWEST_OF_STRATEGY = 10, 50, 10
"""The models are fitted anew after every 10th closed trade, from the 50th on, for each strategy with 10 of them."""

EXPLORATION = 0.2
"""Share of the decisions in which a strategy is drawn at random."""


class Model(Protocol):
    """Predicts the profit of trades of one strategy, in percent."""

    def predict(self, inputs: FloatArray) -> FloatArray:
        """[..., 18] -> [...]; the prediction of a row does not depend on the others, to the bit."""

    def coefficients(self) -> FloatArray:
        """Return the intercept and the 18 coefficients of the scaled inputs; NaN for a model that has none."""


Models = Mapping[int, Model]
"""By strategy; those with too few trades have none."""


@dataclass(frozen=True, eq=False)
class Ridge:
    """Linear regression with a squared penalty on the coefficients of the standardised inputs (Hoerl and Kennard
    1970); the intercept has none."""

    mean: FloatArray
    scale: FloatArray
    slopes: FloatArray
    intercept: float

    def predict(self, inputs: FloatArray) -> FloatArray:
        """Return the predictions, added up input by input: a matrix product may round a row by its neighbours."""
        total = np.full(inputs.shape[:-1], self.intercept)
        for column, slope in enumerate(self.slopes):
            total += slope * ((inputs[..., column] - self.mean[column]) / self.scale[column])
        return total

    def coefficients(self) -> FloatArray:
        """Return intercept and slopes."""
        return np.concatenate([[self.intercept], self.slopes])


def fit_ridge(inputs: FloatArray, profits: FloatArray) -> Ridge:
    """Fit on inputs [trades, 18] and profits [trades]; an input that never changes gets a slope of zero."""
    mean = inputs.mean(axis=0)
    spread = inputs.std(axis=0)
    scale = np.where(spread > 0.0, spread, 1.0)
    scaled = (inputs - mean) / scale
    intercept = float(profits.mean())
    # einsum adds up in one order; BLAS would choose its own by the number of threads
    gram = np.einsum("ij,ik->jk", scaled, scaled) + ALPHA * np.eye(inputs.shape[1])
    slopes = np.linalg.solve(gram, np.einsum("ij,i->j", scaled, profits - intercept))
    return Ridge(mean, scale, slopes, intercept)


@dataclass(frozen=True, eq=False)
class Forest:
    """A random forest of scikit-learn: 100 trees, depth 10, seed 42, one thread."""

    regressor: Any

    def predict(self, inputs: FloatArray) -> FloatArray:
        """Return the means over the trees."""
        flat = np.ascontiguousarray(inputs).reshape(-1, inputs.shape[-1])
        predicted: FloatArray = self.regressor.predict(flat).reshape(inputs.shape[:-1])
        return predicted

    def coefficients(self) -> FloatArray:
        """Return NaN: a forest has no coefficients."""
        return np.full(len(INPUTS) + 1, np.nan)


def fit_forest(inputs: FloatArray, profits: FloatArray) -> Forest:
    """Fit on inputs [trades, 18] and profits [trades]. Standardising would change no split, so it is left out."""
    ensemble = importlib.import_module("sklearn.ensemble")
    regressor = ensemble.RandomForestRegressor(n_estimators=100, max_depth=10, random_state=42, n_jobs=1)
    return Forest(regressor.fit(inputs, profits))


FITS: Mapping[str, Callable[[FloatArray, FloatArray], Model]] = {"ridge": fit_ridge, "forest": fit_forest}
"""By name; the values of the knob ``model``."""


def check_model(kind: str) -> None:
    """Raise Lacking if the library of this model is not installed."""
    if kind == "forest" and importlib.util.find_spec("sklearn") is None:
        raise Lacking("model=forest needs scikit-learn: pip install 'workbench[forest]', or take model=ridge")


def fit_models(kind: str, strategies: IntArray, inputs: FloatArray, profits: FloatArray) -> dict[int, Model]:
    """Return a model for every strategy with enough trades; [trades], [trades, 18], [trades]."""
    models: dict[int, Model] = {}
    for strategy in range(len(STRATEGIES)):
        chosen = strategies == strategy
        if chosen.sum() >= FEWEST_OF_STRATEGY:
            models[strategy] = FITS[kind](inputs[chosen], profits[chosen])
    return models


def last_refit(trades: int) -> int:
    """Return how many trades the models of a fold with that many were last fitted on; 0: none were."""
    return trades // REFIT * REFIT if trades >= FEWEST_TRADES else 0


def inputs_of(strategy: IntArray, regime: IntArray, numbers: FloatArray) -> FloatArray:
    """Return the learner's inputs: [...], [...], [..., 10] -> [..., 18]."""
    parts = (np.eye(len(STRATEGIES))[strategy], np.eye(len(REGIMES))[regime], numbers)
    assert numbers.shape[-1] == len(NUMBERS)
    return np.concatenate(parts, axis=-1)


def explorations(seed: int, fold: int, days: int, assets: int) -> IntArray:
    """Return the strategies drawn at random in a fold's test window, [days, assets]; -1: none.

    Drawn from ``default_rng([seed, fold])`` in the order of dates and assets, for positions held or not, so that a draw
    depends on nothing but its place.
    """
    rng = np.random.default_rng([seed, fold])
    exploring = rng.random((days, assets)) < EXPLORATION
    drawn: IntArray = np.where(exploring, rng.integers(len(STRATEGIES), size=(days, assets)), -1)
    return drawn
