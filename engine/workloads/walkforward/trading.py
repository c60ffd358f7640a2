"""Trading a test window with one portfolio: orders, fills, costs and limits.

Long or flat. What is decided at the close of a bar is filled at the open of the next; a decision on the last bar is
dropped, and a position that is then open is marked at the last close.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

CAPITAL = 100_000.0
LARGEST_POSITION = 0.2
"""Of the equity at the close that decides."""
STOP_LOSS = 0.08
"""A position is left when a close lies this much below its entry price."""
LARGEST_DRAWDOWN = 0.2
"""Everything is left, and nothing entered any more, once the equity closes this much below its peak."""
SLIPPAGE, FEE = 0.0005, 0.001
"""Of the open, and of the traded value on both sides."""
SMALLEST_ORDER = 1.0
"""What an entry must be worth at least; costs leave a little less than a fifth of the capital for the last one."""

NO_STRATEGY = -1


def bought_at(price: float) -> float:
    """Return the fill of a buy at this open."""
    return price * (1.0 + SLIPPAGE)


def sold_at(price: float) -> float:
    """Return the fill of a sale at this open."""
    return price * (1.0 - SLIPPAGE)


def stop_of(entry: float) -> float:
    """Return the highest close at which a position entered at this fill is stopped."""
    return entry * (1.0 - STOP_LOSS)


def profit_percent(entry: float, leave: float) -> float:
    """Return the profit between two fills, after both fees, in percent of what was paid."""
    return 100.0 * (leave * (1.0 - FEE) / (entry * (1.0 + FEE)) - 1.0)


@dataclass(frozen=True)
class Window:
    """A test window; the outer lists have a row for each day, the inner ones an entry for each asset."""

    opens: list[list[float]]
    closes: list[list[float]]
    regimes: list[list[int]]
    long: list[list[list[bool]]]
    """The wish of each strategy: [days][assets][5]."""


@dataclass(frozen=True)
class Trade:
    """A closed position. Rows count the days of the window; prices are fills."""

    asset: int
    strategy: int
    regime: int
    """On the day of the decision to enter."""
    entry: int
    leave: int
    units: float
    entry_price: float
    leave_price: float
    percent: float
    """Profit after fees, of what was paid."""


@dataclass(frozen=True)
class Position:
    """An open position."""

    strategy: int
    regime: int
    entry: int
    units: float
    price: float


@dataclass
class Account:
    """Cash, positions and what happened to them."""

    positions: list[Position | None]
    """By asset."""
    cash: float = CAPITAL
    fees: float = 0.0
    peak: float = CAPITAL
    halted: bool = False
    equity: list[float] = field(default_factory=list)
    """At each close."""
    trades: list[Trade] = field(default_factory=list)
    """In the order of exit date and asset."""
    orders: list[tuple[int, int, int, float]] = field(default_factory=list)
    """Asset, strategy, regime and value of the entries decided on; NO_STRATEGY: leave."""

    def fill(self, row: int, opens: list[float]) -> None:
        """Fill the orders at the open: first what is left, then what is entered, in the order of assets."""
        for asset, strategy, _, _ in self.orders:
            if strategy == NO_STRATEGY:
                self._leave(row, asset, sold_at(opens[asset]))
        for asset, strategy, regime, value in self.orders:
            if strategy != NO_STRATEGY and min(value, self.cash) >= SMALLEST_ORDER:
                price = bought_at(opens[asset])
                units = min(value, self.cash) / (price * (1.0 + FEE))
                self._pay(-units * price)
                self.positions[asset] = Position(strategy, regime, row, units, price)
        self.orders.clear()

    def _leave(self, row: int, asset: int, price: float) -> None:
        held = self.positions[asset]
        assert held
        self._pay(held.units * price)
        self.positions[asset] = None
        percent = profit_percent(held.price, price)
        trade = (held.strategy, held.regime, held.entry, row, held.units, held.price, price, percent)
        self.trades.append(Trade(asset, *trade))

    def _pay(self, value: float) -> None:
        fee = abs(value) * FEE
        self.cash += value - fee
        self.fees += fee

    def mark(self, closes: list[float]) -> None:
        """Value everything at the close."""
        equity = self.cash
        for held, close in zip(self.positions, closes, strict=True):
            if held:
                equity += held.units * close
        self.equity.append(equity)
        self.peak = max(self.peak, equity)
        self.halted = self.halted or equity < self.peak * (1.0 - LARGEST_DRAWDOWN)


def trade_window(window: Window, choose: Callable[[int, int], int]) -> Account:
    """Trade the window and return the account after its last close.

    ``choose(row, asset)`` is asked for every flat asset and day but the last; it returns the strategy to enter with, or
    NO_STRATEGY. A position is left when its strategy wants to be flat, at its stop, or when trading is halted.
    """
    days = len(window.opens)
    account = Account([None] * (len(window.opens[0]) if days else 0))
    for row in range(days):
        account.fill(row, window.opens[row])
        account.mark(window.closes[row])
        if row + 1 < days:
            _decide(account, window, row, choose)
    return account


def _decide(account: Account, window: Window, row: int, choose: Callable[[int, int], int]) -> None:
    value = LARGEST_POSITION * account.equity[-1]
    for asset, held in enumerate(account.positions):
        if held:
            stay = window.long[row][asset][held.strategy] and window.closes[row][asset] > stop_of(held.price)
            if account.halted or not stay:
                account.orders.append((asset, NO_STRATEGY, held.regime, 0.0))
        elif not account.halted and (strategy := choose(row, asset)) != NO_STRATEGY:
            account.orders.append((asset, strategy, window.regimes[row][asset], value))
