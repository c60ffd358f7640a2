"""The kernels that run in the worker itself: one context per inference, as people write it, and many at once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from engine.workload import Tasks
from engine.workloads.prices import FloatArray
from engine.workloads.symbols.data import VALIDATION, SymbolData, contexts, moves
from engine.workloads.symbols.network import CONTEXT, Float32Array, infer, inputs
from engine.workloads.symbols.result import COLUMNS, summarise
from engine.workloads.symbols.scoring import best_profits, days_of

Infer = Callable[[Float32Array], Float32Array]
"""The forecaster with its weights: inputs [contexts, 512] -> forecasts [contexts, 96]."""


@dataclass(frozen=True, eq=False)
class Ready:
    """The data, and the forecaster all threads of a worker share."""

    data: SymbolData
    infer: Infer


def prepare_python(data: SymbolData, device: str) -> Ready:
    """Bind the forecaster to its weights and warm it up for single contexts."""
    return warmed_up(Ready(data, partial(infer, data.weights)), 1)


def prepare_numpy(data: SymbolData, device: str) -> Ready:
    """Bind the forecaster to its weights and warm it up."""
    return warmed_up(Ready(data, partial(infer, data.weights)), data.contexts)


def warmed_up(ready: Ready, count: int) -> Ready:
    """Return the same after one inference of the shape that ``warm_up`` asks for; ``count``: contexts of the real one.

    Set-up limits threads before it calls this. A compiled forecaster is made for one shape and one number of threads,
    so warming up before that, or on another shape, leaves the first run to compile again.
    """
    if ready.data.warm_up != "none":
        ready.infer(np.zeros((count if ready.data.warm_up == "real" else 1, CONTEXT), np.float32))
    return ready


def evaluate_python(ready: Ready, tasks: Tasks) -> FloatArray:
    """Return the result of each symbol, [symbols, 8]: one context after the other, one simulation after the other."""
    return _results([_one_by_one(ready, int(symbol)) for symbol in tasks])


def evaluate(ready: Ready, tasks: Tasks) -> FloatArray:
    """Return the result of each symbol, [symbols, 8]: all simulations of a symbol together."""
    return _results([_together(ready, int(symbol)) for symbol in tasks])


def _results(rows: list[FloatArray]) -> FloatArray:
    return np.array(rows).reshape(len(rows), len(COLUMNS))


def _one_by_one(ready: Ready, symbol: int) -> FloatArray:
    history, simulations = ready.data.ohlc[symbol], ready.data.simulations
    actual, profits = moves(history, simulations), []
    predicted = np.empty_like(actual)
    for k, four in enumerate(contexts(history, simulations)):
        for series, context in enumerate(four):
            predicted[k, series] = ready.infer(inputs(context[None]))[0, :VALIDATION]
        profits.append(best_profits(np, days_of(actual[k : k + 1], predicted[k : k + 1])))
    return summarise(np.concatenate(profits), actual, predicted)


def _together(ready: Ready, symbol: int) -> FloatArray:
    history, simulations = ready.data.ohlc[symbol], ready.data.simulations
    actual = moves(history, simulations)
    forecasts = _in_batches(ready, inputs(contexts(history, simulations)).reshape(-1, CONTEXT))
    predicted = forecasts[:, :VALIDATION].astype(np.float64).reshape(actual.shape)
    return summarise(best_profits(np, days_of(actual, predicted)), actual, predicted)


def _in_batches(ready: Ready, everything: Float32Array) -> Float32Array:
    """Infer so many contexts at a time as asked for; the last batch is filled up, since another shape would have to be
    compiled anew."""
    count, size = len(everything), ready.data.contexts
    filled = np.zeros((-(-count // size) * size, CONTEXT), np.float32)
    filled[:count] = everything
    return np.concatenate([ready.infer(filled[at : at + size]) for at in range(0, len(filled), size)])[:count]
