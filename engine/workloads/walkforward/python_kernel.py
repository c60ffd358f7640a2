"""The naive kernel: day by day and asset by asset, the way it is written first.

Every fold reads its prices, looks at every day of its windows from scratch, and fits all models anew after every tenth
trade although only the last ones are used.
"""

from dataclasses import dataclass, field

import numpy as np

from engine.workload import Tasks
from engine.workloads.prices import FloatArray
from engine.workloads.walkforward.data import WalkData
from engine.workloads.walkforward.formats import open_bars, prepare_reading
from engine.workloads.walkforward.history import Day, History, history_of, look, mean
from engine.workloads.walkforward.learner import Model, explorations, fit_models, inputs_of, last_refit
from engine.workloads.walkforward.names import STRATEGIES
from engine.workloads.walkforward.result import Answers, FoldRun, answers
from engine.workloads.walkforward.trading import (
    NO_STRATEGY,
    Account,
    Window,
    bought_at,
    profit_percent,
    sold_at,
    stop_of,
    trade_window,
)

Days = list[list[Day]]
"""[days][assets]"""


@dataclass
class Learner:
    """Closed trades so far, and the models of the last refit; it begins empty in every fold."""

    kind: str
    strategies: list[int] = field(default_factory=list)
    inputs: list[FloatArray] = field(default_factory=list)
    profits: list[float] = field(default_factory=list)
    models: dict[int, Model] = field(default_factory=dict)

    def learn(self, strategy: int, inputs: FloatArray, profit: float) -> None:
        """Add one closed trade; refit if it is time."""
        self.strategies.append(strategy)
        self.inputs.append(inputs)
        self.profits.append(profit)
        if last_refit(len(self.profits)) == len(self.profits):
            trades = np.array(self.strategies), np.array(self.inputs), np.array(self.profits)
            self.models = fit_models(self.kind, *trades)

    def predict(self, strategy: int, day: Day) -> float:
        """Return the predicted profit in percent; -inf for a strategy without a model."""
        if strategy not in self.models:
            return -np.inf
        return float(self.models[strategy].predict(_inputs(strategy, day)[None, :])[0])


@dataclass
class Lane:
    """One strategy trading one asset in the training window."""

    strategy: int
    order: str = ""
    """What the next open fills: ``buy``, ``sell`` or nothing."""
    price: float = 0.0
    """Of the entry; 0: flat."""
    inputs: FloatArray | None = None
    """Of the decision to enter."""

    def step(self, day: Day, learner: Learner) -> None:
        """Fill the order at the open and decide at the close."""
        if self.order == "buy":
            self.price = bought_at(day.open)
        elif self.order == "sell":
            assert self.inputs is not None
            learner.learn(self.strategy, self.inputs, profit_percent(self.price, sold_at(day.open)))
            self.price = 0.0
        self.order = ""
        if self.price and (not day.long[self.strategy] or day.close <= stop_of(self.price)):
            self.order = "sell"
        elif not self.price and day.long[self.strategy]:
            self.order, self.inputs = "buy", _inputs(self.strategy, day)


def _inputs(strategy: int, day: Day) -> FloatArray:
    return inputs_of(np.array(strategy), np.array(day.regime), np.array(day.numbers))


def prepare(data: WalkData, device: str) -> WalkData:
    """Import what reading the prices needs."""
    prepare_reading(data.prices)
    return data


def evaluate(data: WalkData, tasks: Tasks) -> Answers:
    """Return the result of each task: [tasks, columns] or, for ``rows=trades``, a tuple of trades each."""
    return answers([run_fold(data, int(task)) for task in tasks], data.rows)


def run_fold(data: WalkData, fold: int) -> FoldRun:
    """Train and test one fold."""
    bars, dates = open_bars(data.prices), data.folds[fold]
    train, test = bars.rows(dates[0], dates[1]), bars.rows(dates[2], dates[3])
    past = bars.until(test.stop)
    histories = [history_of(past, asset) for asset in range(len(past.close))]
    learner = _trained(data, _look_at(histories, train, data))
    days = _look_at(histories, test, data)
    account = _traded(learner, days, explorations(data.seed, fold, len(days), len(histories)).tolist())
    strength = mean([day.trend for row in days for day in row]) if days else float("nan")
    return FoldRun(dates, bars.days[test], len(learner.profits), learner.models, account, strength)


def _look_at(histories: list[History], window: slice, data: WalkData) -> Days:
    rows = range(window.start, window.stop)
    return [[look(history, row, data.refit_days) for history in histories] for row in rows]


def _trained(data: WalkData, days: Days) -> Learner:
    learner = Learner(data.model)
    lanes = [[Lane(strategy) for strategy in range(len(STRATEGIES))] for _ in (days[0] if days else ())]
    for row in days:
        for day, of_asset in zip(row, lanes, strict=True):
            for lane in of_asset:
                lane.step(day, learner)
    return learner


def _traded(learner: Learner, days: Days, drawn: list[list[int]]) -> Account:
    def choose(row: int, asset: int) -> int:
        day, strategy = days[row][asset], drawn[row][asset]
        if strategy == NO_STRATEGY:
            predicted = [learner.predict(strategy, day) for strategy in range(len(STRATEGIES))]
            strategy = predicted.index(max(predicted)) if max(predicted) > 0.0 else NO_STRATEGY
        return strategy if strategy != NO_STRATEGY and day.long[strategy] else NO_STRATEGY

    return trade_window(_window(days), choose)


def _window(days: Days) -> Window:
    return Window(
        opens=[[day.open for day in row] for row in days],
        closes=[[day.close for day in row] for row in days],
        regimes=[[day.regime for day in row] for row in days],
        long=[[day.long for day in row] for row in days],
    )
