"""The account of a test window: costs, limits, and what must hold on every bar."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.workloads.walkforward.result import max_drawdown, sharpe, win_rate
from engine.workloads.walkforward.trading import CAPITAL, FEE, NO_STRATEGY, Account, Window, trade_window


def window(opens, closes, long=True):
    """A window of one asset whose five strategies all want the same; regimes are those of the rows modulo three."""
    wishes = [long] * len(opens) if isinstance(long, bool) else long
    return Window(
        opens=[[float(price)] for price in opens],
        closes=[[float(price)] for price in closes],
        regimes=[[row % 3] for row in range(len(opens))],
        long=[[[wish] * 5] for wish in wishes],
    )


def always(row, asset):
    return 1


def never(row, asset):
    return NO_STRATEGY


def test_without_a_signal_the_equity_is_flat():
    account = trade_window(window([100, 110, 90], [110, 90, 95]), never)
    assert account.equity == [CAPITAL] * 3
    assert (account.trades, account.fees, account.cash) == ([], 0.0, CAPITAL)


def test_a_decision_fills_at_the_next_open_with_slippage_and_fees():
    wishes = [True, True, False, True, True]
    account = trade_window(window([99, 100, 101, 110, 120], [98, 100, 105, 115, 120], wishes), always)
    (trade,) = account.trades
    assert (trade.entry, trade.leave, trade.strategy, trade.regime) == (1, 3, 1, 0)
    assert (trade.entry_price, trade.leave_price) == (100 * 1.0005, 110 * 0.9995)
    assert trade.units == pytest.approx(20_000 / (100.05 * 1.001))
    paid, got = trade.units * 100.05 * 1.001, trade.units * 109.945 * 0.999
    assert trade.percent == pytest.approx(100 * (got / paid - 1))
    assert account.equity[3] == pytest.approx(CAPITAL + got - paid)
    (held,) = account.positions
    assert held is not None
    assert held.entry == 4


def test_a_decision_on_the_last_bar_is_dropped():
    account = trade_window(window([100], [100]), always)
    assert (account.positions, account.equity) == ([None], [CAPITAL])


def test_a_position_is_left_after_a_close_at_its_stop():
    closes = [100, 100, 92.1, 92.0, 95, 95]
    account = trade_window(
        window([100, 100, 95, 92, 91, 95], closes), lambda row, asset: 1 if row == 0 else NO_STRATEGY
    )
    (trade,) = account.trades
    assert (trade.entry, trade.leave) == (1, 4)
    assert trade.leave_price == 91 * 0.9995


def test_trading_ends_when_the_drawdown_is_too_large():
    assets, closes = 6, [100.0, 100.0, 70.0, 100.0, 100.0, 100.0]
    prices = [[close] * assets for close in closes]
    crash = Window(prices, prices, [[0] * assets] * 6, [[[True] * 5] * assets] * 6)
    account = trade_window(crash, always)
    assert account.halted
    assert [trade.leave for trade in account.trades] == [3] * 5
    assert account.positions == [None] * assets
    assert account.equity[3:] == [account.cash] * 3


def test_no_position_is_larger_than_a_fifth_and_nothing_is_borrowed():
    prices = [[10.0 * (asset + 1)] * 4 for asset in range(8)]
    rows = [list(row) for row in zip(*prices, strict=True)]
    account = trade_window(Window(rows, rows, [[0] * 8] * 4, [[[True] * 5] * 8] * 4), always)
    values = [held.units * held.price for held in account.positions if held]
    assert len(values) == 5
    assert max(values) <= CAPITAL / 5
    assert account.cash == pytest.approx(0.0, abs=1e-6)


def test_an_empty_window_leaves_the_capital():
    account = trade_window(Window([], [], [], []), always)
    assert (account.cash, account.equity, account.trades) == (CAPITAL, [], [])


@st.composite
def windows(draw):
    days, assets = draw(st.integers(1, 30)), draw(st.integers(1, 7))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    closes = 50.0 * np.exp(np.cumsum(rng.normal(0.0, draw(st.sampled_from([0.01, 0.1])), (days, assets)), axis=0))
    opens = closes * np.exp(rng.normal(0.0, 0.01, closes.shape))
    long = rng.random((days, assets, 5)) < 0.7
    choices = np.where(rng.random((days, assets)) < 0.6, rng.integers(5, size=(days, assets)), NO_STRATEGY)
    made = Window(opens.tolist(), closes.tolist(), rng.integers(3, size=(days, assets)).tolist(), long.tolist())
    return made, choices.tolist()


def cash_after(account, row):
    """Cash after a day, from nothing but the orders that were filled."""
    bought = [(trade.entry, trade.units * trade.entry_price) for trade in account.trades]
    bought += [(held.entry, held.units * held.price) for held in account.positions if held]
    sold = [(trade.leave, trade.units * trade.leave_price) for trade in account.trades]
    paid = sum(value * (1 + FEE) for when, value in bought if when <= row)
    return CAPITAL - paid + sum(value * (1 - FEE) for when, value in sold if when <= row)


def held_after(account, row, asset):
    """Units held after a day."""
    closed = sum(t.units for t in account.trades if t.asset == asset and t.entry <= row < t.leave)
    held = account.positions[asset]
    return closed + (held.units if held and held.entry <= row else 0.0)


@settings(deadline=None, max_examples=60)
@given(windows())
def test_cash_and_positions_are_the_equity_on_every_bar(made):
    market, choices = made
    account = trade_window(market, lambda row, asset: choices[row][asset])
    for row, closes in enumerate(market.closes):
        value = sum(held_after(account, row, asset) * close for asset, close in enumerate(closes))
        assert account.equity[row] == pytest.approx(cash_after(account, row) + value, rel=1e-12)
        assert cash_after(account, row) >= -1e-6


@settings(deadline=None, max_examples=60)
@given(windows())
def test_profits_less_fees_are_what_the_equity_changed_by(made):
    market, choices = made
    account = trade_window(market, lambda row, asset: choices[row][asset])
    gross = sum(t.units * (t.leave_price - t.entry_price) for t in account.trades)
    open_gain = sum(
        held.units * (close - held.price)
        for held, close in zip(account.positions, market.closes[-1], strict=True)
        if held
    )
    assert account.equity[-1] - CAPITAL == pytest.approx(gross + open_gain - account.fees, abs=1e-7)
    assert account.fees >= 0.0


@settings(deadline=None, max_examples=60)
@given(windows())
def test_an_asset_is_in_one_trade_at_a_time_and_every_exit_has_its_entry(made):
    market, choices = made
    account = trade_window(market, lambda row, asset: choices[row][asset])
    assert [(t.leave, t.asset) for t in account.trades] == sorted((t.leave, t.asset) for t in account.trades)
    for asset, held in enumerate(account.positions):
        spans = [(t.entry, t.leave) for t in account.trades if t.asset == asset]
        spans += [(held.entry, len(market.opens))] if held else []
        assert all(0 < entry < leave for entry, leave in spans)
        assert all(before[1] < after[0] for before, after in pairwise(spans))
    for trade in account.trades:
        assert choices[trade.entry - 1][trade.asset] == trade.strategy
        assert market.regimes[trade.entry - 1][trade.asset] == trade.regime


def test_metrics_follow_their_definitions():
    equity = np.array([100.0, 110.0, 99.0, 104.94])
    returns = np.array([0.1, -0.1, 0.06])
    assert sharpe(equity) == pytest.approx(returns.mean() / returns.std(ddof=1) * 252**0.5)
    assert max_drawdown(equity) == pytest.approx(0.1)


def test_metrics_without_a_denominator_are_not_numbers():
    assert np.isnan(sharpe(np.array([100.0, 100.0, 100.0])))
    assert np.isnan(sharpe(np.array([100.0])))
    assert max_drawdown(np.array([100.0])) == 0.0
    assert np.isnan(win_rate(Account([])))
