"""The naive kernel from the inside: indicators, orders, money and metrics."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.workloads.crossover import tracks
from engine.workloads.crossover.families import FAMILIES, LOOK_BACK
from engine.workloads.crossover.python_kernel import Ledger, Order, backtest, drawdowns, metrics, profits, simulate
from engine.workloads.crossover.result import COLUMNS
from engine.workloads.crossover.signals import BUY, SELL, ema, ema_rsi_signals, rsi, sma_signals
from tests.workloads.crossings import COLUMN, KERNELS, data_of, known_bars, random_closes, tasks_for

RANDOM = settings(deadline=None, max_examples=25)
COMBINATIONS = {"ema-rsi": (10, 50, 7, 35, 65), "sma": (3, 7)}

ledgers = st.builds(
    lambda seed, family, fill: (
        data_of(random_closes(seed, 800, 12), family, fill),
        tasks_for(COMBINATIONS[family])[0],
    ),
    st.integers(0, 10**6),
    st.sampled_from(sorted(COMBINATIONS)),
    st.sampled_from(["next-open", "same-close"]),
)


# money


@RANDOM
@given(ledgers)
def test_cash_and_position_are_the_equity_on_every_bar(given):
    data, task = given
    ledger = backtest(data, task)
    window = data.windows[0]
    closes = data.closes[window.first : window.stop]
    assert len(ledger.equity) == len(closes)
    np.testing.assert_allclose(ledger.equity, np.array(ledger.cash) + np.array(ledger.units) * closes, rtol=1e-15)


@RANDOM
@given(ledgers)
def test_trades_sum_to_the_change_of_equity(given):
    data, task = given
    ledger, cash = backtest(data, task), data.rules.cash
    change = sum(profits(ledger))
    if len(ledger.orders) % 2:
        last = ledger.orders[-1]
        change += last.units * (data.closes[-1] - last.price) - last.fee
    assert ledger.equity[-1] - cash == pytest.approx(change, abs=1e-9 * cash)


@RANDOM
@given(ledgers)
def test_position_and_cash_change_by_orders_alone(given):
    data, task = given
    ledger = backtest(data, task)
    units, cash = np.zeros(len(ledger.units)), np.full(len(ledger.units), data.rules.cash)
    for order in ledger.orders:
        units[order.bar :] += order.units
        cash[order.bar :] -= order.units * order.price + order.fee
        assert order.fee == pytest.approx(data.rules.fee * abs(order.units) * order.price)
    np.testing.assert_allclose(ledger.units, units, atol=1e-12)
    np.testing.assert_allclose(ledger.cash, cash, atol=1e-9 * data.rules.cash)


@RANDOM
@given(ledgers)
def test_orders_alternate_and_every_sale_closes_its_purchase(given):
    ledger = backtest(*given)
    bars = [order.bar for order in ledger.orders]
    assert bars == sorted(set(bars))
    for purchase, sale in zip(ledger.orders[::2], ledger.orders[1::2], strict=False):
        assert purchase.units > 0
        assert sale.units == -purchase.units


def test_without_a_signal_nothing_happens():
    ledger = simulate(FAMILIES["sma"], [0, SELL, 0, 0], [1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0])
    assert ledger.equity == [1e6] * 4
    assert ledger.orders == []
    figures = dict(zip(COLUMNS, metrics(ledger, 1e6, 252.0), strict=True))
    assert [figures[name] for name in ("entries", "trades", "return", "volatility", "fees")] == [0] * 5
    for name in ("sharpe", "sortino", "calmar", "profit_factor", "win_rate"):
        assert math.isnan(figures[name]), name


def test_orders_pay_slippage_and_fees_on_both_sides():
    rules = FAMILIES["ema-rsi"]
    ledger = simulate(rules, [BUY, 0, SELL], [100.0, 101.0, 110.0], [101.0, 102.0, 111.0])
    bought = 1000 / (100.0 * 1.0005 * 1.001)
    assert ledger.units == [bought, bought, 0.0]
    assert ledger.cash[0] == pytest.approx(0.0, abs=1e-9)
    assert ledger.equity[1] == pytest.approx(bought * 102.0)
    assert ledger.equity[2] == pytest.approx(bought * 110.0 * 0.9995 * 0.999)


def test_a_second_signal_of_a_kind_changes_nothing():
    fills = closes = [10.0, 11.0, 12.0, 13.0, 14.0, 15.0]
    once = simulate(FAMILIES["sma"], [0, BUY, 0, 0, SELL, 0], fills, closes)
    again = simulate(FAMILIES["sma"], [SELL, BUY, BUY, 0, SELL, SELL], fills, closes)
    assert once == again


@pytest.mark.parametrize("family", ["ema-rsi", "sma"])
def test_next_open_fills_at_the_open_behind_the_signal_and_drops_the_last(family):
    data = data_of(random_closes(1, 800, 12), family)
    task = tasks_for(COMBINATIONS[family])[0]
    window = data.windows[0]
    ledger = backtest(data, task)
    signal = {"ema-rsi": ema_rsi_signals, "sma": sma_signals}[family]
    signals = signal(data.closes.tolist(), window.decimals, list(COMBINATIONS[family]))[window.first :]
    assert ledger.orders
    for order in ledger.orders:
        side = 1 if order.units > 0 else -1
        assert signals[order.bar - 1] == side
        open_price = data.opens[window.first + order.bar]
        assert order.price == pytest.approx(open_price * (1 + side * data.rules.slippage))
    first_buy = signals.index(BUY)
    shorter = data_of(data.closes[: window.first + first_buy + 1], family)
    assert backtest(shorter, task).orders == []
    assert backtest(data_of(shorter.closes, family, "same-close"), task).orders[0].bar == first_buy


@pytest.mark.parametrize("family", ["ema-rsi", "sma"])
def test_the_future_changes_nothing_before_it(family):
    closes = random_closes(4, 800, 12)
    task = tasks_for(COMBINATIONS[family])[0]
    known = backtest(data_of(closes, family), task)
    for bar in (500, 700):
        other = closes.copy()
        other[bar:] *= 3.0
        changed = backtest(data_of(np.round(other, 2), family), task)
        until = bar - data_of(closes, family).windows[0].first
        assert changed.equity[:until] == known.equity[:until]
    assert backtest(data_of(closes[::-1].copy(), family), task).equity != known.equity


def test_there_is_no_signal_in_the_lead_in():
    data = data_of(known_bars(), "ema-rsi")
    assert data.windows[0].first == 400
    early = data_of(known_bars()[:430], "ema-rsi", "same-close")
    signals = ema_rsi_signals(early.closes.tolist(), 2, [10, 50, 7, 35, 65])
    assert any(signals[:400])
    assert len(backtest(early, tasks_for((10, 50, 7, 35, 65))[0]).equity) == 30


# metrics


def test_the_metrics_of_a_path_worked_out_by_hand():
    ledger = Ledger(
        cash=[0.0] * 4,
        units=[0.0] * 4,
        equity=[1100.0, 990.0, 990.0, 1188.0],
        profit=[100.0, -10.0, -10.0, 188.0],
        orders=[Order(0, 10, 100, 1), Order(1, -10, 90, 1), Order(2, 10, 90, 1), Order(3, -10, 110, 1)],
    )
    figures = dict(zip(COLUMNS, metrics(ledger, 1000.0, 8.0), strict=True))
    returns = [0.1, -0.1, 0.0, 0.2]
    deviation = math.sqrt(sum((each - 0.05) ** 2 for each in returns) / 3)
    assert figures == pytest.approx(
        {
            "entries": 2,
            "trades": 2,
            "final_equity": 1188.0,
            "return": 0.188,
            "cagr": 1.188**2 - 1,
            "volatility": deviation * math.sqrt(8),
            "sharpe": 0.05 / deviation * math.sqrt(8),
            "sortino": 0.05 / math.sqrt(0.01 / 4) * math.sqrt(8),
            "max_drawdown": 0.1,
            "max_drawdown_bars": 2,
            "calmar": (1.188**2 - 1) / 0.1,
            "profit_factor": 198 / 102,
            "win_rate": 0.5,
            "fees": 4,
        }
    )


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_trade_that_comes_out_even_neither_won_nor_lost(kernel):
    """Ten shares bought at 99.90 and sold at 100.10 earn 2.00 and cost 2.00 in fees."""
    closes = [*[99.00] * 110, 98.50, 99.90, 99.60, 100.10, *[99.00] * 12]
    found = kernel(data_of(closes, "sma", "same-close"), tasks_for((2, 3)))[0]
    assert found[COLUMN["trades"]] == 1
    assert found[COLUMN["final_equity"]] == pytest.approx(1e6, abs=1e-6)
    assert found[COLUMN["win_rate"]] == 0
    assert math.isnan(found[COLUMN["profit_factor"]])


def test_a_drawdown_ends_where_the_peak_is_touched_again():
    assert drawdowns(np.array([10.0, 9.0, 8.0, 10.0, 9.5, 9.9, 9.9, 9.9, 11.0]), 0.0) == pytest.approx((0.2, 4))
    assert drawdowns(np.array([0.0, -1.0, -1e-12, -1.0, -2.0]), 10.0) == pytest.approx((0.2, 2))
    assert drawdowns(np.array([0.0, 1.0, 2.0]), 1.0) == (0.0, 0)


# indicators


def test_the_ema_starts_at_the_first_price():
    assert ema([10.0, 20.0, 20.0], 3) == [10.0, 15.0, 17.5]


def test_the_rsi_of_a_few_moves_worked_out_by_hand():
    assert rsi([10.0, 11.0, 10.0, 12.0], 2) == pytest.approx([100.0, 50.0, 100 - 100 / (1 + 1.25 / 0.25)])


def test_without_losses_the_rsi_is_100_and_without_moves_50():
    assert rsi([1.0, 2.0, 3.0], 14) == [100.0, 100.0]
    assert rsi([2.0, 2.0, 2.0], 14) == [50.0, 50.0]
    assert rsi([2.0, 1.0, 0.5], 14) == [0.0, 0.0]


@given(st.integers(0, 10**6), st.integers(2, 200))
def test_the_indicators_of_all_kernels_are_the_same_to_the_bit(seed, period):
    closes = random_closes(seed, 300)
    assert tracks.ema(closes, period).tolist() == ema(closes.tolist(), period)
    assert tracks.rsi(closes, period)[1:].tolist() == rsi(closes.tolist(), period)


@given(st.integers(0, 10**6), st.integers(2, 98))
def test_window_sums_are_exact(seed, period):
    ticks = np.random.default_rng(seed).integers(1, 2**39, 150).astype(np.float64)
    sums = tracks.window_sums(ticks, range(period, period + 1))[0]
    assert np.isnan(sums[: period - 1]).all()
    whole = [int(tick) for tick in ticks]
    assert [int(total) for total in sums[period - 1 :]] == [
        sum(whole[end - period : end]) for end in range(period, len(whole) + 1)
    ]


def test_a_cross_counts_for_as_long_as_the_look_back_reaches():
    """One oversold bar, then ever higher prices: the cross counts until LOOK_BACK bars include that bar no more."""
    closes = [100.0 - 0.5 * t for t in range(60)] + [70.0 + 0.4 * t for t in range(200)]
    for level, period in ((25, 7), (30, 14)):
        strengths = [50.0, *rsi(closes, period)]
        signals = ema_rsi_signals(closes, 2, [10, 50, period, level, 70])
        last_low = max(bar for bar, strength in enumerate(strengths) if strength < level)
        crosses = [
            bar
            for bar in range(1, len(closes))
            if ema(closes, 10)[bar - 1] < ema(closes, 50)[bar - 1] and ema(closes, 10)[bar] > ema(closes, 50)[bar]
        ]
        assert len(crosses) == 1
        assert (signals[crosses[0]] == BUY) == (crosses[0] - last_low < LOOK_BACK)
