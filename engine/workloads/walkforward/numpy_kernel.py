"""The numpy kernel: features of all assets and days at once, each training trade in one step, and a lean loop over the
days of the test window.

What a flat asset would enter with on a day depends on nothing the portfolio does, so it is worked out beforehand. There
is no torch kernel: folds are few, and their loops over days are short and branch on every day, so a device would wait
for its own launches.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.workload import Tasks
from engine.workloads.prices import FloatArray, IntArray
from engine.workloads.walkforward.bars import Bars
from engine.workloads.walkforward.data import WalkData
from engine.workloads.walkforward.features import BoolArray, Features, features_of
from engine.workloads.walkforward.formats import open_bars, prepare_reading
from engine.workloads.walkforward.learner import Models, explorations, fit_models, inputs_of, last_refit
from engine.workloads.walkforward.names import STRATEGIES
from engine.workloads.walkforward.result import Answers, FoldRun, answers
from engine.workloads.walkforward.trading import (
    NO_STRATEGY,
    Window,
    bought_at,
    profit_percent,
    sold_at,
    stop_of,
    trade_window,
)

TrainingTrade = tuple[int, int, int, int, float]
"""Row of the exit, asset, strategy, row of the decision to enter, profit in percent; sorted, they are in the order in
which the learner sees them."""


def prepare(data: WalkData, device: str) -> WalkData:
    """Work out the features, if that is to be done in set-up."""
    prepare_reading(data.prices)
    return replace(data, features=features_of(open_bars(data.prices))) if data.early else data


def evaluate(data: WalkData, tasks: Tasks) -> Answers:
    """Return the result of each task: [tasks, columns] or, for ``rows=trades``, a tuple of trades each."""
    return answers([run_fold(data, int(task)) for task in tasks], data.rows)


def run_fold(data: WalkData, fold: int) -> FoldRun:
    """Train and test one fold."""
    bars, dates = open_bars(data.prices), data.folds[fold]
    train, test = bars.rows(dates[0], dates[1]), bars.rows(dates[2], dates[3])
    features = data.features or features_of(bars.until(test.stop))
    trades = training_trades(bars, features, train)
    models = _fitted(data.model, features, train, trades)
    choices = _choices(features, test, models, explorations(data.seed, fold, test.stop - test.start, len(bars.close)))
    account = trade_window(_window(bars, features, test), lambda row, asset: choices[row][asset])
    trend = features.trend[:, test]
    strength = float(trend.mean()) if trend.size else float("nan")
    return FoldRun(dates, bars.days[test], len(trades), models, account, strength)


def training_trades(bars: Bars, features: Features, train: slice) -> list[TrainingTrade]:
    """Return the trades that each strategy would have closed on each asset in the training window, in the order of
    exit, asset and strategy; rows count from the start of the window."""
    opens, closes = bars.open[:, train].tolist(), bars.close[:, train]
    long = features.long[:, train]
    turns = _turns(long).tolist(), _turns(~long).tolist()
    found = []
    for asset in range(len(opens)):
        for strategy in range(len(STRATEGIES)):
            on, off = (turn[asset][strategy] for turn in turns)
            for enter, leave, percent in _lane(opens[asset], closes[asset], on, off):
                found.append((leave, asset, strategy, enter, percent))
    return sorted(found)


def _turns(marked: BoolArray) -> IntArray:
    """The next marked day from each day on, or the number of days: [assets, days, 5] -> [assets, 5, days]."""
    days = marked.shape[1]
    places = np.where(marked.transpose(0, 2, 1), np.arange(days), days)
    return np.minimum.accumulate(places[..., ::-1], axis=-1)[..., ::-1]


def _lane(opens: list[float], closes: FloatArray, on: list[int], off: list[int]) -> Iterator[tuple[int, int, float]]:
    """The closed trades of one strategy on one asset, a step each: decision, exit and profit."""
    last = len(opens) - 2  # of the days on which a decision is still filled
    row = 0
    while row <= last and (enter := on[row]) <= last:
        price = bought_at(opens[enter + 1])
        turn = off[enter + 1]
        stops = closes[enter + 1 : turn] <= stop_of(price)
        leave = enter + 1 + int(stops.argmax()) if stops.any() else turn
        if leave > last:
            return
        yield enter, leave + 1, profit_percent(price, sold_at(opens[leave + 1]))
        row = leave + 1


def _fitted(kind: str, features: Features, train: slice, trades: list[TrainingTrade]) -> Models:
    """The models after the last refit of the fold; no earlier one decides anything."""
    if not (count := last_refit(len(trades))):
        return {}
    _, assets, strategies, rows, percents = (np.array(column) for column in zip(*trades[:count], strict=True))
    days = rows + train.start
    inputs = inputs_of(strategies, features.regime[assets, days], features.numbers[assets, days])
    return fit_models(kind, strategies, inputs, percents)


def _choices(features: Features, test: slice, models: Models, drawn: IntArray) -> list[list[int]]:
    """What each asset would enter with on each day of the test window: [days][assets]."""
    numbers, regime, long = (_by_day(values, test) for values in (features.numbers, features.regime, features.long))
    predicted = np.full((len(STRATEGIES), *regime.shape), -np.inf)
    for strategy, model in models.items():
        if regime.size:
            predicted[strategy] = model.predict(inputs_of(np.full(regime.shape, strategy), regime, numbers))
    best = predicted.argmax(axis=0)
    wanted = np.where(predicted.max(axis=0) > 0.0, best, NO_STRATEGY)
    wanted = np.where(drawn == NO_STRATEGY, wanted, drawn)
    enters = np.take_along_axis(long, wanted[..., None], axis=-1)[..., 0]
    choices: list[list[int]] = np.where(enters, wanted, NO_STRATEGY).tolist()
    return choices


def _window(bars: Bars, features: Features, test: slice) -> Window:
    columns = (bars.open, bars.close, features.regime, features.long)
    return Window(*(_by_day(values, test).tolist() for values in columns))


def _by_day(values: NDArray[Any], window: slice) -> NDArray[Any]:
    """The days of a window: [assets, days, ...] -> [window, assets, ...]."""
    return values[:, window].swapaxes(0, 1)
