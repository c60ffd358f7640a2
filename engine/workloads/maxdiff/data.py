"""What the maxdiff workload computes on: made-up days and forecasts for each simulation, and the exact optima."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from engine.knob import Scalar
from engine.workload import Tasks
from engine.workloads.maxdiff.methods import tuned
from engine.workloads.maxdiff.profit import Policy, Trades, profit
from engine.workloads.maxdiff.result import SEARCHES, STRATEGIES
from engine.workloads.prices import FloatArray

SIMULATIONS = {"small": 50, "medium": 350, "large": 2_100}
"""Simulations by size; large is 30 symbols with 70 each."""

FEES = {"equity": 0.0000278, "crypto": 0.008}
"""Fee of each side entered, as a fraction of the size, by market. Crypto is never sold short."""

CACHE = 1 << 19
"""Bytes of one block of surfaces on a CPU: they stay in the cache of a core."""


@dataclass(frozen=True, eq=False)
class Moves:
    """Days and forecasts, each float32 [simulations, days], as fractions of the previous close."""

    close: NDArray[np.float32]
    high: NDArray[np.float32]
    predicted_high: NDArray[np.float32]
    low: NDArray[np.float32]
    predicted_low: NDArray[np.float32]
    position: NDArray[np.float32]
    """+1 where the high is forecast farther away than the low, else -1, for crypto 0; 0 where the forecast low is not
    below the forecast high."""


@dataclass(frozen=True, eq=False)
class MaxdiffData:
    """The data of the workload, the same for every kernel."""

    moves: Moves
    """The days the offsets are tuned on."""
    later: Moves
    """Other days, for the profit out of sample."""
    exact: FloatArray
    """[simulations, 4, 2] profit of each simulation's exact optimum on its own days and on the other ones. The
    yardstick of the score, worked out here so that no task is timed with it."""
    market: str
    method: str
    maxfun: int
    sharing: int
    """Simulations that share one pair of offsets."""


def load(size: str, **settings: Scalar) -> MaxdiffData:
    """Return the data of a size; ``settings`` has a value for every knob."""
    shape = int(settings["simulations"]) or SIMULATIONS[size], int(settings["rows"])
    seed, market = int(settings["seed"]), str(settings["market"])
    moves, later = synthetic(shape, seed, market), synthetic(shape, seed + 1, market)
    method, maxfun, sharing = str(settings["method"]), int(settings["maxfun"]), int(settings["sharing"])
    return MaxdiffData(moves, later, optima(moves, later, market), market, method, maxfun, sharing)


def tasks(data: MaxdiffData) -> Tasks:
    """Return the simulation numbers, an array."""
    return cast(Tasks, np.arange(len(data.exact)))


def synthetic(shape: tuple[int, int], seed: int, market: str) -> Moves:
    """Return made-up moves of ``shape``: closes with a deviation of 2 %, highs and lows 1.2 % beyond, forecasts of
    those wrong by 0.8 %."""
    rng = np.random.default_rng(seed)
    close = rng.normal(0.0, 0.02, shape)
    high = np.maximum(close, 0.0) + np.abs(rng.normal(0.0, 0.012, shape))
    low = np.minimum(close, 0.0) - np.abs(rng.normal(0.0, 0.012, shape))
    predicted_high = np.abs(high + rng.normal(0.0, 0.008, shape))
    predicted_low = -np.abs(low + rng.normal(0.0, 0.008, shape))
    return with_positions([close, high, predicted_high, low, predicted_low], market)


def with_positions(values: Sequence[FloatArray], market: str) -> Moves:
    """Return the moves made of close, high, predicted high, low and predicted low, with the position that the forecasts
    ask for in a market."""
    close, high, predicted_high, low, predicted_low = (each.astype(np.float32) for each in values)
    down = 0.0 if market == "crypto" else -1.0
    position = np.where(np.abs(predicted_high) > np.abs(predicted_low), 1.0, down)
    position[predicted_low >= predicted_high] = 0.0
    return Moves(close, high, predicted_high, low, predicted_low, position.astype(np.float32))


def policy_of(market: str, search: int) -> Policy:
    """Return the policy of one of the four searches in a market."""
    return Policy(SEARCHES[search][1], FEES[market])


def trades_of(moves: Moves, market: str) -> tuple[Trades, ...]:
    """Return the trades of each strategy, [simulations, days] in double precision."""
    close, high, predicted_high, low, predicted_low, position = (
        values.astype(np.float64) for values in vars(moves).values()
    )
    always = (predicted_low < predicted_high).astype(np.float64)
    sizes = {
        "MaxDiff": (np.clip(position, 0.0, 10.0), np.clip(position, -10.0, 0.0)),
        "AlwaysOn": (always, always * (0.0 if market == "crypto" else -1.0)),
    }
    return tuple(Trades(close, high, predicted_high, low, predicted_low, *sizes[name]) for name in STRATEGIES)


def optima(moves: Moves, later: Moves, market: str) -> FloatArray:
    """Return the profit of each simulation's exact optimum on its own days and on later ones: [simulations, 4, 2]."""
    own, other = trades_of(moves, market), trades_of(later, market)
    profits = np.empty((len(moves.close), len(SEARCHES), 2))
    for search, (strategy, _) in enumerate(SEARCHES):
        policy, number = policy_of(market, search), STRATEGIES.index(strategy)
        high, low = tuned(np, own[number], policy, "exact", CACHE)
        for place, trades in enumerate((own[number], other[number])):
            profits[:, search, place] = profit(np, trades, policy, high[:, None], low[:, None])
    return profits
