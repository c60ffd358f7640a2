"""What the symbols workload computes on: the OHLC history of every symbol, and the weights of the forecaster."""

from dataclasses import dataclass
from datetime import date
from typing import cast

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from engine.errors import RequestError
from engine.knob import Scalar
from engine.workload import Tasks
from engine.workloads.prices import FloatArray, IntArray, business_days, synthetic
from engine.workloads.symbols.network import CONTEXT, Weights, make_weights

OPEN, HIGH, LOW, CLOSE = range(4)
"""The four series of a symbol."""

DAYS = 1_024
"""Days of history."""

VALIDATION = 7
"""Days each simulation is scored on."""

SIZES = {"small": (6, 10), "medium": (30, 70), "large": (120, 70)}
"""Symbols and simulations by size."""

MOST_SIMULATIONS = DAYS - CONTEXT - VALIDATION
"""A later simulation would have no full context left."""


@dataclass(frozen=True, eq=False)
class SymbolData:
    """The data of the workload, the same for every kernel."""

    names: tuple[str, ...]
    """Ascending, so that the order of the tasks is that of the names."""
    ohlc: FloatArray
    """[symbols, 4, 1024] daily prices, whole cents."""
    weights: Weights
    simulations: int
    """Simulations of a symbol."""
    contexts: int
    """Contexts in one inference of a kernel that takes several."""
    warm_up: str
    """``none``, ``dummy`` or ``real``."""
    compiled: str
    """``auto`` or ``eager``."""


def load(size: str, **settings: Scalar) -> SymbolData:
    """Return the data of a size; ``settings`` has a value for every knob. Raises RequestError for more simulations than
    the history has room for."""
    symbols, simulations = SIZES[size]
    symbols, simulations = int(settings["symbols"]) or symbols, int(settings["simulations"]) or simulations
    if simulations > MOST_SIMULATIONS:
        raise RequestError(
            f"--set simulations: {DAYS:,} days of history allow at most {MOST_SIMULATIONS}, got {simulations}"
        )
    names = tuple(f"S{number:04d}" for number in range(symbols))
    return SymbolData(
        names=names,
        ohlc=market(names, int(settings["seed"])),
        weights=make_weights(),
        simulations=simulations,
        contexts=int(settings["contexts"]) or 4 * simulations,
        warm_up=str(settings["warm_up"]),
        compiled=str(settings["compiled"]),
    )


def market(names: tuple[str, ...], seed: int) -> FloatArray:
    """Return made-up daily bars [symbols, 4, 1024] in whole cents.

    Closes are those of ``prices.synthetic``. A day opens near the close before it, and its high and low lie around open
    and close. Symbol k depends on its own generators alone, so adding symbols changes none.
    """
    days = business_days(date(2020, 1, 1), date(2024, 12, 31))[-DAYS:]
    closes = synthetic(names, days, seed).values
    return np.stack([_bars(close, np.random.default_rng([seed, k, 1])) for k, close in enumerate(closes)])


def _bars(close: FloatArray, rng: np.random.Generator) -> FloatArray:
    gap, above, below = rng.normal(0.0, (0.003, 0.008, 0.008), (DAYS, 3)).T
    opening = np.concatenate((close[:1], close[:-1])) * np.exp(gap)
    high = np.maximum(opening, close) * np.exp(np.abs(above))
    low = np.minimum(opening, close) * np.exp(-np.abs(below))
    return np.stack([np.maximum(np.round(series, 2), 0.01) for series in (opening, high, low, close)])


def tasks(data: SymbolData) -> Tasks:
    """Return the positions of the symbols, an array."""
    return cast(Tasks, np.arange(len(data.names)))


def contexts(history: FloatArray, simulations: int) -> FloatArray:
    """Return what the forecaster sees of one symbol: [4, 1024] -> [simulations, 4, 512].

    Simulation k leaves out the last k + 1 days. Of what is left the last 7 days are to be predicted, and the 512 before
    them are the context, so that no forecast sees a day it is scored on.
    """
    return np.ascontiguousarray(
        sliding_window_view(history, CONTEXT, axis=1)[:, first_days(simulations)].swapaxes(0, 1)
    )


def first_days(simulations: int) -> IntArray:
    """Return the first day of the context of each simulation, [simulations]."""
    return np.arange(MOST_SIMULATIONS - 1, MOST_SIMULATIONS - 1 - simulations, -1)


def moves(history: FloatArray, simulations: int) -> FloatArray:
    """Return the moves of the days to be predicted, as fractions of the close before them: [4, 1024] -> [simulations,
    4, 7]."""
    relative = history[:, 1:] / history[CLOSE, :-1] - 1.0
    # one day shorter than the history: the window at position t holds the moves of days t + 1 to t + 7
    windows = sliding_window_view(relative, VALIDATION, axis=1)[:, first_days(simulations) + CONTEXT - 1]
    return np.ascontiguousarray(windows.swapaxes(0, 1))
