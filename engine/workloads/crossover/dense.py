"""All bars of all lanes at once, on any array library: the sums of a backtest without a loop over bars.

Written once for NumPy and torch; ``Arrays`` names what the two spell differently. Arrays are [lanes, bars] unless said
otherwise. Rows do not mix, so the numbers of a lane do not depend on its neighbours.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.workloads.crossover.result import EVEN, TOUCH
from engine.workloads.crossover.tracks import Lanes, Rules, Track

Array = Any
"""A NumPy array or a torch tensor."""


@dataclass(frozen=True)
class Arrays:
    """An array library."""

    module: Any
    """numpy or torch: where, cumsum, cumprod, amax, stack and zeros_like are the same in both."""
    running_max: Callable[[Array], Array]
    """Largest value of each row up to each bar."""
    pick: Callable[[Array, Array], Array]
    """``pick(values, bars)``: of each row the values of these bars."""
    count: Callable[[int], Array]
    """``count(n)``: whole numbers 1 to n."""


def summed(arrays: Arrays, track: Track, lanes: Lanes, rules: Rules) -> Array:
    """Return what ``result.SUMMED`` names, [lanes, 12]."""
    xp = arrays.module
    held = _held(arrays, track, lanes, rules.delay)
    before = _shifted(xp, held, 1)
    entry, leave = held & ~before, before & ~held
    profit, previous, returns = _profit(xp, track, (held, entry, leave), rules)
    opened = arrays.pick(previous, arrays.running_max(xp.where(entry, arrays.count(held.shape[1]) - 1, 0)))
    earned = xp.where(leave, profit - opened, 0.0)
    won, lost = earned > EVEN * rules.cash, earned < -EVEN * rules.cash
    drawdown, stay = _drawdowns(arrays, profit, rules.cash)
    negative = xp.where(returns < 0.0, returns, 0.0)
    columns = (
        entry.sum(1),
        leave.sum(1),
        won.sum(1),
        xp.where(won, earned, 0.0).sum(1),
        xp.where(lost, -earned, 0.0).sum(1),
        _fees(xp, track, (entry, leave), (previous, profit), rules),
        profit[:, -1],
        returns.sum(1),
        (returns * returns).sum(1),
        (negative * negative).sum(1),
        drawdown,
        stay,
    )
    return xp.stack([column + 0.0 * profit[:, -1] for column in columns], 1)


def _held(arrays: Arrays, track: Track, lanes: Lanes, delay: int) -> Array:
    """Whether there is a position at the close of each bar: the last signal that is filled by then is to buy."""
    xp = arrays.module
    distance = (
        track.averages[lanes.fast] * lanes.fast_weight[:, None]
        - track.averages[lanes.slow] * lanes.slow_weight[:, None]
    )
    above, below = distance > 0.0, distance < 0.0
    buy = above[:, 1:] & below[:, :-1] & track.low[lanes.low]
    sell = below[:, 1:] & above[:, :-1] & track.high[lanes.high]
    # signals as growing numbers, odd ones to buy: the largest so far is the last
    bars = 2 * arrays.count(buy.shape[1])
    last = arrays.running_max(xp.where(buy, bars + 1, xp.where(sell, bars, 0)))
    return _shifted(xp, (last & 1) == 1, delay)


def _shifted(xp: Any, values: Array, by: int) -> Array:
    """Each row moved so many bars later, zeros or False before."""
    if by == 0:
        return values
    shifted = xp.zeros_like(values)
    shifted[:, by:] = values[:, :-by]
    return shifted


def _profit(xp: Any, track: Track, position: tuple[Array, Array, Array], rules: Rules) -> tuple[Array, Array, Array]:
    """Profit since the start at each close and at the close before, and the return of equity between them."""
    held, entry, leave = position
    closes, earlier = track.closes, _shifted(xp, track.closes[None, :], 1)[0]
    bought = track.fills * (1.0 + rules.slippage) * (1.0 + rules.fee)
    sold = track.fills * (1.0 - rules.slippage) * (1.0 - rules.fee)
    if rules.shares:
        moves = xp.where(entry, closes - bought, xp.where(leave, sold - earlier, xp.where(held, closes - earlier, 0.0)))
        steps = rules.shares * moves
        profit = xp.cumsum(steps, 1)
        previous = _shifted(xp, profit, 1)
        return profit, previous, steps / (rules.cash + previous)
    safe = xp.where(earlier > 0.0, earlier, 1.0)  # the first bar follows none
    ratios = xp.where(entry, closes / bought, xp.where(leave, sold / safe, xp.where(held, closes / safe, 1.0)))
    profit = rules.cash * (xp.cumprod(ratios, 1) - 1.0)
    return profit, _shifted(xp, profit, 1), ratios - 1.0


def _fees(xp: Any, track: Track, orders: tuple[Array, Array], profit: tuple[Array, Array], rules: Rules) -> Array:
    """[lanes] fees of all orders."""
    (entry, leave), (before, after) = orders, profit
    if rules.shares:
        bought = rules.shares * track.fills * (1.0 + rules.slippage)
        sold = rules.shares * track.fills * (1.0 - rules.slippage)
    else:  # all there is goes into an order, and comes back from one
        bought, sold = (rules.cash + before) / (1.0 + rules.fee), (rules.cash + after) / (1.0 - rules.fee)
    return rules.fee * xp.where(entry, bought, xp.where(leave, sold, 0.0)).sum(1)


def _drawdowns(arrays: Arrays, profit: Array, cash: float) -> tuple[Array, Array]:
    """[lanes] the largest share of a former peak that was lost, and the longest run of bars below a former peak."""
    xp = arrays.module
    peaks = arrays.running_max(profit.clip(0.0))
    losses = (peaks - profit) / (cash + peaks)
    bars = arrays.count(profit.shape[1])
    touched = arrays.running_max(xp.where(losses > TOUCH, 0, bars))
    return xp.amax(losses, 1), xp.amax(bars - touched, 1)
