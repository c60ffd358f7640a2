"""The batched searches: the best pair of offsets of many searches at once, from numpy or torch.

Between breakpoints, the offsets at which a day's trade is entered or its exit is reached, profit is linear in both
offsets, so its optimum lies at breakpoints. ``exact`` tries all pairs of them; ``grid`` tries a grid that shrinks
twice.
"""

from collections.abc import Callable
from types import ModuleType

from engine.workloads.maxdiff.profit import BOUND, TIE, Array, Policy, Trades, profit, surface

NUDGE = 1e-7
"""How far to either side of a breakpoint pairs are tried as well: entries are strict comparisons, so the best pair is
beside the breakpoint and not at it."""

LEVELS, SHRINK = (33, 17, 9), 0.25
"""Points per axis of each level of the grid, and how wide a level is beside the one before; it lies around its best."""

Pair = tuple[Array, Array]
"""Offset of the high and offset of the low, each [searches]."""


def exact(xp: ModuleType, trades: Trades, policy: Policy) -> Pair:
    """Return the optimum, within 1e-6 of the supremum, of each search: [searches]."""
    return _best(xp, trades, policy, *candidate_axes(xp, trades))


def grid(xp: ModuleType, trades: Trades, policy: Policy) -> Pair:
    """Return the best pair of the shrinking grid of each search: [searches]."""
    middle, half = xp.zeros_like(trades.close[:, 0]), BOUND
    pair = middle, middle
    for points in LEVELS:
        high, low = pair
        pair = _best(xp, trades, policy, level(xp, high, half, points), level(xp, low, half, points))
        half *= SHRINK
    return pair


METHODS: dict[str, Callable[[ModuleType, Trades, Policy], Pair]] = {"grid": grid, "exact": exact}
"""The methods that can be batched."""


def points_of(method: str, days: int) -> int:
    """Return the points per axis of the largest surface a method makes."""
    return LEVELS[0] if method == "grid" else 3 + 4 * days


def evaluations_of(method: str, days: int) -> int:
    """Return how many pairs a method tries."""
    return sum(points**2 for points in LEVELS) if method == "grid" else points_of(method, days) ** 2


def candidate_axes(xp: ModuleType, trades: Trades) -> Pair:
    """Return the offsets of the high and of the low that can be optimal, each [searches, 3 + 4 * days].

    0 and both bounds; for each day the offset at which forecast and outcome meet and its two neighbours, and the one
    that moves the forecast to the previous close, where it is clamped. 0 comes first: of equal pairs the first wins.
    """
    return (
        _candidates(xp, trades.predicted_high, trades.high),
        _candidates(xp, trades.predicted_low, trades.low),
    )


def _candidates(xp: ModuleType, predicted: Array, actual: Array) -> Array:
    meeting = actual - predicted
    corners = xp.asarray((0.0, -BOUND, BOUND), dtype=xp.float64, device=predicted.device)
    corners = xp.broadcast_to(corners, (len(predicted), 3))
    offsets = xp.concatenate((corners, meeting, meeting - NUDGE, meeting + NUDGE, -predicted), 1)
    return xp.clip(offsets, -BOUND, BOUND)


def level(xp: ModuleType, middle: Array, half: float, points: int) -> Array:
    """Return the points of one level of the grid within the bounds: [searches, points]; ``middle`` is [searches]."""
    steps = xp.arange(points, dtype=xp.float64, device=middle.device) * (2.0 / (points - 1)) - 1.0
    return xp.clip(middle[:, None] + half * steps, -BOUND, BOUND)


def _best(xp: ModuleType, trades: Trades, policy: Policy, highs: Array, lows: Array) -> Pair:
    profits = surface(xp, trades, policy, highs, lows)
    count, points, width = profits.shape
    flat = profits.reshape(count, points * width)
    position = xp.arange(points * width, device=flat.device)
    least = xp.amax(flat, 1)[:, None] - TIE
    first = xp.amin(xp.where(flat >= least, position, points * width), 1)
    search = xp.arange(count, device=flat.device)
    return highs[search, first // width], lows[search, first % width]


def useful(xp: ModuleType, trades: Trades, policy: Policy, pair: Pair) -> Pair:
    """Return the pairs, (0, 0) in place of those that earn no more than no offsets do: each [searches]."""
    high, low = pair
    gain = profit(xp, trades, policy, high[:, None], low[:, None]) - profit(xp, trades, policy, 0.0, 0.0)
    return xp.where(gain > TIE, high, 0.0), xp.where(gain > TIE, low, 0.0)


def tuned(xp: ModuleType, trades: Trades, policy: Policy, method: str, memory: int) -> Pair:
    """Return the pair each search ends with, in blocks whose surfaces take ``memory`` bytes: each [searches]."""
    count, days = trades.close.shape
    block = max(1, memory // (8 * points_of(method, days) ** 2))
    pairs = []
    for start in range(0, max(count, 1), block):
        some = trades.at(slice(start, start + block))
        pairs.append(useful(xp, some, policy, METHODS[method](xp, some, policy)))
    highs, lows = zip(*pairs, strict=True)
    return xp.concatenate(highs), xp.concatenate(lows)
