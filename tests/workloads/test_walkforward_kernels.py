"""Folds: both kernels agree, a fold depends on nothing but its own past, and how prices are kept changes nothing."""

import sys
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.measure.results import difference
from engine.tune.space import check_settings
from engine.workloads.walkforward import WALKFORWARD, numpy_kernel, python_kernel
from engine.workloads.walkforward.bars import FIELDS, Bars, made_up
from engine.workloads.walkforward.data import load
from engine.workloads.walkforward.formats import FORMATS, formatted, open_bars
from engine.workloads.walkforward.learner import EXPLORATION, explorations, fit_models, fit_ridge, inputs_of, last_refit
from engine.workloads.walkforward.names import INPUTS, NUMBERS, STRATEGIES
from engine.workloads.walkforward.result import COLUMNS, FACTS, TRADE_COLUMNS

COLUMN = {name: position for position, name in enumerate(COLUMNS)}
QUICK = {"refit_days": 1}


@pytest.fixture(scope="module", autouse=True)
def arrow_has_read():
    """Arrow's CSV reader keeps a pipe for signals from its first use on."""
    open_bars(formatted(made_up(1, 0, 30, 0), "csv"))


@cache
def data_of(size="small", **changes):
    return load(size, **check_settings(WALKFORWARD, QUICK | changes))


def naive(data, tasks=None):
    return python_kernel.evaluate(
        python_kernel.prepare(data, "cpu"), WALKFORWARD.tasks(data) if tasks is None else tasks
    )


def fast(data, tasks=None):
    return numpy_kernel.evaluate(numpy_kernel.prepare(data, "cpu"), WALKFORWARD.tasks(data) if tasks is None else tasks)


def same(left, right):
    return np.array_equal(left, right, equal_nan=True)


def assert_kernels_agree(data):
    slow, quick = naive(data), fast(data)
    assert difference(slow, quick) < 1e-9
    exact = [position for name, position in COLUMN.items() if name != "trend_strength"]
    assert same(slow[:, exact], quick[:, exact])


def test_both_kernels_agree_and_all_but_the_trend_to_the_bit():
    assert_kernels_agree(data_of())


@pytest.mark.parametrize(
    "changes",
    [
        {"fold": 90, "step": 330, "gap": 10, "assets": 2},
        {"fold": 252, "step": 300, "history": 75, "assets": 3, "seed": 8},
        {"fold": 1, "step": 365, "assets": 1},
        {"fold": 730, "step": 9, "assets": 1},
        {"fold": 400, "step": 329, "assets": 1, "seed": 4},
    ],
    ids=str,
)
def test_kernels_agree_whatever_the_windows(changes):
    assert_kernels_agree(data_of(**changes))


def test_both_kernels_make_the_same_trades():
    data = data_of(rows="trades", step=252)
    slow, quick = naive(data), fast(data)
    assert slow == quick
    assert sum(map(len, quick)) > 50
    first, last = data.folds[0, 2:]
    for trade in quick[0]:
        named = dict(zip(TRADE_COLUMNS, trade, strict=True))
        assert first < named["entry_day"] < named["exit_day"] <= last


def test_the_two_ways_to_report_a_fold_agree():
    rows, trades = fast(data_of()), fast(data_of(rows="trades"))
    assert rows[:, COLUMN["trades"]].tolist() == [len(of_fold) for of_fold in trades]
    wins = [np.mean([trade[-1] > 0 for trade in of_fold]) for of_fold in trades]
    assert rows[:, COLUMN["win_rate"]].tolist() == pytest.approx(wins)
    assert WALKFORWARD.score is not None
    assert WALKFORWARD.score(rows) == pytest.approx(100 * rows[:, COLUMN["return"]].mean())
    percents = [trade[-1] for of_fold in trades for trade in of_fold]
    assert WALKFORWARD.score(trades) == pytest.approx(np.mean(percents))
    assert WALKFORWARD.score([(), ()]) == 0.0


@settings(deadline=None, max_examples=10)
@given(st.permutations(range(4)))
def test_a_fold_does_not_depend_on_the_folds_before_it(order):
    data = numpy_kernel.prepare(data_of(), "cpu")
    whole = fast(data_of())
    parts = {fold: numpy_kernel.evaluate(data, [fold])[0] for fold in order}
    assert all(same(parts[fold], whole[fold]) for fold in range(4))
    assert same(numpy_kernel.evaluate(data, list(order)), whole[list(order)])


def test_the_naive_kernel_gives_a_fold_alone_what_it_gives_among_others():
    data = data_of(assets=1, step=200)
    whole = naive(data)
    assert same(whole[::-1], naive(data, [2, 1, 0]))
    assert same(whole[1:2], naive(data, [np.int64(1)]))


@pytest.mark.parametrize("features", ["set-up", "fold"])
@pytest.mark.parametrize("form", FORMATS)
def test_how_prices_are_kept_and_when_features_are_computed_change_nothing(form, features):
    data = data_of(prices_format=form, features=features)
    assert (numpy_kernel.prepare(data, "cpu").features is not None) == (features == "set-up")
    assert same(fast(data), fast(data_of()))


@pytest.mark.parametrize("form", FORMATS)
def test_the_naive_kernel_reads_every_format(form):
    changes = {"assets": 1, "fold": 100, "step": 500}
    assert same(naive(data_of(prices_format=form, **changes)), naive(data_of(**changes)))


def bumped(data, after):
    """The data with all bars after a day changed."""
    bars = open_bars(data.prices)
    changed = [getattr(bars, field).copy() for field in FIELDS]
    for values in changed:
        values[:, bars.days > after] *= np.linspace(1.5, 0.5, int((bars.days > after).sum()))
    return replace(data, prices=Bars(bars.days, *changed))


TRAINED = [COLUMN["training_trades"], *range(len(FACTS), len(COLUMNS))]


@pytest.mark.parametrize("kernel", [naive, fast])
def test_no_bar_after_training_reaches_the_models(kernel):
    data = data_of(assets=2, fold=380, step=350)
    before, after = kernel(data, [0])[0], kernel(bumped(data, data.folds[0, 1]), [0])[0]
    assert same(before[TRAINED], after[TRAINED])
    assert np.isfinite(before[TRAINED]).sum() > 19
    assert before[COLUMN["return"]] != after[COLUMN["return"]]


@pytest.mark.parametrize("kernel", [naive, fast])
def test_no_bar_after_a_fold_reaches_it(kernel):
    data = data_of(assets=1, step=240)
    assert same(kernel(data, [0]), kernel(bumped(data, data.folds[0, 3]), [0]))


def test_bumping_only_the_final_bar_changes_only_the_last_fold():
    data = data_of()
    last = int(open_bars(data.prices).days[-1])
    before, after = fast(data), fast(bumped(data, last - 1))
    assert same(before[:-1], after[:-1])
    assert not same(before[-1], after[-1])
    assert same(before[-1, TRAINED], after[-1, TRAINED])


@pytest.mark.parametrize("kernel", [naive, fast])
def test_no_kernel_writes_into_the_data(kernel):
    data = data_of(assets=1, fold=100, step=500)
    bars = open_bars(data.prices)
    frozen = Bars(bars.days.copy(), *(getattr(bars, field).copy() for field in FIELDS))
    for array in vars(frozen).values():
        array.flags.writeable = False
    assert same(kernel(replace(data, prices=frozen)), kernel(data))


def test_kernels_take_no_tasks_at_all():
    for kernel in (naive, fast):
        assert kernel(data_of(assets=1, fold=100, step=500), []).shape == (0, len(COLUMNS))


def test_a_seed_gives_other_answers():
    assert not same(fast(data_of()), fast(data_of(seed=2)))


def test_the_equity_is_the_capital_and_its_return():
    rows = fast(data_of("medium"))
    assert rows[:, COLUMN["final_equity"]] == pytest.approx(100_000 * (1 + rows[:, COLUMN["return"]]))
    assert ((rows[:, COLUMN["max_drawdown"]] >= 0) & (rows[:, COLUMN["max_drawdown"]] < 0.35)).all()
    assert (rows[:, COLUMN["training_trades"]] >= 50).all()
    assert same(rows[:, :4], data_of("medium").folds)


# the learner


def some_trades(count=80, seed=0):
    rng = np.random.default_rng(seed)
    strategies = rng.integers(5, size=count)
    inputs = inputs_of(strategies, rng.integers(3, size=count), rng.normal(size=(count, len(NUMBERS))))
    return strategies, inputs, inputs @ rng.normal(size=len(INPUTS)) + 0.1 * rng.normal(size=count)


def test_the_inputs_are_one_hot_strategy_one_hot_regime_and_numbers():
    inputs = inputs_of(np.array([2]), np.array([1]), np.arange(10.0)[None])
    assert inputs[0].tolist() == [0, 0, 1, 0, 0, 0, 1, 0, *range(10)]


def test_the_ridge_is_the_least_squares_solution_with_a_row_for_each_penalty():
    """Ridge is ordinary least squares with sqrt(alpha) times the unit matrix appended, on centred data."""
    _, inputs, profits = some_trades()
    model = fit_ridge(inputs, profits)
    spread = inputs.std(axis=0)
    scaled = (inputs - inputs.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    tall = np.vstack([scaled, np.eye(18)])
    slopes = np.linalg.lstsq(tall, np.concatenate([profits - profits.mean(), np.zeros(18)]), rcond=None)[0]
    assert model.coefficients() == pytest.approx([profits.mean(), *slopes], abs=1e-10)
    assert model.predict(inputs) == pytest.approx(profits.mean() + scaled @ slopes, abs=1e-10)


def test_an_input_that_never_changes_has_no_say():
    strategies, inputs, profits = some_trades()
    chosen = strategies == 3
    model = fit_ridge(inputs[chosen], profits[chosen])
    assert (model.slopes[:5] == 0.0).all()
    assert (model.slopes[8:] != 0.0).all()


def test_a_prediction_does_not_depend_on_its_neighbours():
    _, inputs, profits = some_trades()
    model = fit_ridge(inputs, profits)
    together = model.predict(inputs)
    assert [model.predict(row[None])[0] for row in inputs] == together.tolist()
    assert model.predict(inputs.reshape(8, 10, 18)).ravel().tolist() == together.tolist()


def test_only_strategies_with_ten_trades_have_a_model():
    _, inputs, profits = some_trades(60)
    strategies = np.array([0] * 30 + [1] * 10 + [2] * 9 + [4] * 11)
    assert sorted(fit_models("ridge", strategies, inputs, profits)) == [0, 1, 4]


@pytest.mark.parametrize(("trades", "fitted"), [(0, 0), (49, 0), (50, 50), (59, 50), (60, 60), (123, 120)])
def test_models_are_refitted_after_every_tenth_trade_from_the_fiftieth_on(trades, fitted):
    assert last_refit(trades) == fitted


def test_exploration_is_drawn_by_seed_and_fold():
    drawn = explorations(1, 3, 400, 5)
    assert np.array_equal(drawn, explorations(1, 3, 400, 5))
    assert not np.array_equal(drawn, explorations(1, 4, 400, 5))
    assert (drawn >= 0).mean() == pytest.approx(EXPLORATION, abs=0.03)
    assert set(np.unique(drawn)) == {-1, *range(len(STRATEGIES))}


class FakeForest:
    """Predicts the mean of what it was fitted on, wherever the first number is positive."""

    made: list[dict[str, int]] = []

    def __init__(self, **options):
        self.made.append(options)

    def fit(self, inputs, profits):
        self.mean = profits.mean()
        return self

    def predict(self, inputs):
        return np.where(inputs[:, 9] > 0.5, self.mean, -1.0)


def test_a_forest_is_fitted_with_the_published_settings_and_used_by_both_kernels(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", SimpleNamespace(RandomForestRegressor=FakeForest))
    monkeypatch.setitem(sys.modules, "sklearn", SimpleNamespace(__spec__=object()))
    data = data_of(assets=2, fold=380, step=350, model="forest")
    slow, quick = naive(data, [0]), fast(data, [0])
    assert difference(slow, quick) < 1e-9
    assert FakeForest.made[0] == {"n_estimators": 100, "max_depth": 10, "random_state": 42, "n_jobs": 1}
    assert np.isnan(quick[0, len(FACTS) :]).all()
    ridge = fast(data_of(assets=2, fold=380, step=350), [0])
    assert quick[0, COLUMN["return"]] != ridge[0, COLUMN["return"]]


def test_a_real_forest_gives_both_kernels_the_same():
    pytest.importorskip("sklearn")
    data = data_of(assets=1, fold=380, step=350, model="forest")
    assert difference(naive(data, [0]), fast(data, [0])) < 1e-9


def test_the_built_in_folds_keep_their_answers():
    """Golden numbers of the small size: they change only if a rule, a convention or the made-up prices change."""
    rows = fast(data_of())
    for name, expected in GOLDEN.items():
        assert rows[:, COLUMN[name]].tolist() == pytest.approx(expected, rel=1e-9), name


GOLDEN = {
    "training_trades": [171, 189, 207, 186],
    "trades": [28, 20, 18, 20],
    "open_positions": [0, 3, 5, 4],
    "final_equity": [95460.57323969653, 97253.32956138466, 101393.8638171663, 100341.06628803414],
    "sharpe": [-1.4724434286968553, -1.2250847300174443, 0.5930399807617492, 0.1945531778721907],
    "max_drawdown": [0.051158833431799944, 0.03330934801053709, 0.059147047281739695, 0.041232417591371084],
    "fees": [1094.922146710038, 849.7084190609692, 801.7163236162562, 870.4008208058845],
    "trend_strength": [0.0025801033752633983, -0.04085841689303756, 0.041375446436593424, 0.027937128705931725],
}
