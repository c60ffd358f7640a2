"""What the crossover workload computes on: bars of each symbol, windows of them, and the tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np

from engine.errors import FileProblem, RequestError
from engine.knob import Scalar
from engine.workload import Tasks
from engine.workloads.crossover.families import FAMILIES, Family
from engine.workloads.prices import TRADING_DAYS, FloatArray, IntArray, read_bars

SYMBOLS = {"small": 1, "medium": 5, "large": 5}
WINDOWS = {"small": 1, "medium": 1, "large": 3}
BARS = {
    "ema-rsi": {"small": 17_532, "medium": 17_532, "large": 87_660},
    "sma": {"small": 2_148, "medium": 2_148, "large": 6_444},
}
"""Made-up bars per symbol by family and size: hours of two or ten years, days of eight and a half or of three times
that."""

SIGMA = 0.01
"""Standard deviation of the log return of a made-up bar."""

START = 1_000.0
"""First made-up close: high enough for a cent to stay far below a bar's move over ten years of hours."""

_FEWEST_DECIMALS, _MOST_DECIMALS = 2, 8

_MOST_TICKS = 2.0**39
"""A sum of 100 prices in ticks times a period of 100 stays below 2**53, so a float64 holds it exactly."""


@dataclass(frozen=True, eq=False)
class Series:
    """The bars of one symbol, oldest first."""

    name: str
    opens: FloatArray
    closes: FloatArray


@dataclass(frozen=True)
class Window:
    """A stretch of one symbol's bars; positions in the arrays of the data."""

    symbol: str
    start: int
    """First bar of the lead-in, on whose prices the indicators begin."""
    first: int
    """First bar on which a signal counts; the backtest's first bar."""
    stop: int
    """One past the last bar."""
    decimals: int
    """Decimals of the symbol's tick: prices times ten to this power are whole numbers."""

    @property
    def bars(self) -> int:
        """Bars of the backtest, the lead-in not among them."""
        return self.stop - self.first


@dataclass(frozen=True, eq=False)
class CrossoverData:
    """The data of the workload, the same for every kernel."""

    family: str
    fill: str
    """``next-open`` or ``same-close``."""
    opens: FloatArray
    """[bars] of all symbols, end to end."""
    closes: FloatArray
    """[bars], likewise."""
    windows: tuple[Window, ...]
    bars_per_year: float
    task_table: IntArray
    """[tasks, 1 + parameters]: window (position in ``windows``), then the parameters of the combination."""

    @property
    def rules(self) -> Family:
        """How the family trades."""
        return FAMILIES[self.family]


def load(size: str, **settings: Scalar) -> CrossoverData:
    """Return the data of a size; ``settings`` has a value for every knob.

    Raises FileProblem for a file that cannot be used and RequestError for too few bars.
    """
    name, fill = str(settings["family"]), str(settings["fill"])
    need = FAMILIES[name].lead_in + WINDOWS[size] * FAMILIES[name].least
    if settings["prices"]:
        path = str(settings["prices"])
        return build(from_file(path, str(settings["columns"]), need), name, fill, WINDOWS[size], TRADING_DAYS)
    bars = int(settings["bars"]) or BARS[name][size]
    if bars < need:
        raise RequestError(f"bars: {WINDOWS[size]} window(s) of {name} need at least {need:,} bars, got {bars:,}")
    symbols = made_up(SYMBOLS[size], bars, int(settings["seed"]))
    return build(symbols, name, fill, WINDOWS[size], FAMILIES[name].bars_per_year)


def tasks(data: CrossoverData) -> Tasks:
    """Return the tasks, an array [tasks, 1 + parameters]: window by window, in each the combinations in their order."""
    return cast(Tasks, data.task_table)


def made_up(symbols: int, bars: int, seed: int) -> list[Series]:
    """Return geometric Brownian motion without drift, in cents; symbol k depends on ``default_rng([seed, k])``."""
    return [_made_up(f"made-up {k}", np.random.default_rng([seed, k]), bars) for k in range(symbols)]


def _made_up(name: str, rng: np.random.Generator, bars: int) -> Series:
    steps = SIGMA * rng.standard_normal(bars)
    steps[0] = 0.0
    closes = np.maximum(np.round(START * np.exp(np.cumsum(steps)), 2), 0.01)
    return Series(name, opens_of(closes), closes)


def opens_of(closes: FloatArray) -> FloatArray:
    """Return the opens of bars of which only closes are known: each opens where the one before closed."""
    return np.concatenate((closes[:1], closes[:-1]))


def from_file(path: str, columns: str, need: int) -> list[Series]:
    """Return a symbol for each instrument of a file, as ``prices.read_bars`` reads them, with at least ``need`` closes.

    A day without a close is left out of that symbol and of no other. Raises FileProblem.
    """
    found = read_bars(path, columns, need)
    symbols = []
    for name, bars in zip(found.names, found.values, strict=True):
        opens, _, _, closes, _ = bars[np.isfinite(bars).all(axis=1)].T
        if closes.max() * 10.0**_FEWEST_DECIMALS > _MOST_TICKS:
            raise FileProblem(path, None, f"{name!r}: a price of {closes.max():g} is too high to count in cents")
        symbols.append(Series(name, opens, closes))
    return symbols


def build(
    symbols: Sequence[Series], family: str, fill: str, windows: int = 1, bars_per_year: float = TRADING_DAYS
) -> CrossoverData:
    """Return the data of these symbols, each cut into so many windows of equal length behind the first lead-in."""
    starts = np.cumsum([0, *(len(symbol.closes) for symbol in symbols)])
    cut = tuple(
        window
        for symbol, start in zip(symbols, starts[:-1], strict=True)
        for window in _windows(symbol, int(start), FAMILIES[family].lead_in, windows)
    )
    return CrossoverData(
        family,
        fill,
        np.concatenate([symbol.opens for symbol in symbols]),
        np.concatenate([symbol.closes for symbol in symbols]),
        cut,
        bars_per_year,
        _task_table(len(cut), FAMILIES[family].combinations),
    )


def _windows(symbol: Series, start: int, lead_in: int, count: int) -> list[Window]:
    decimals = decimals_of(symbol.closes)
    free = len(symbol.closes) - lead_in
    edges = [start + lead_in + free * k // count for k in range(count + 1)]
    return [Window(symbol.name, first - lead_in, first, stop, decimals) for first, stop in pairwise(edges)]


def decimals_of(prices: FloatArray) -> int:
    """Return the decimals of the coarsest tick, from cents on, that represents every price.

    At most eight, and fewer for prices so high that sums of ticks would no longer be exact; finer digits are rounded.
    """
    for decimals in range(_FEWEST_DECIMALS, _MOST_DECIMALS):
        finer = 10.0 ** (decimals + 1)
        if np.array_equal(np.round(prices, decimals), prices) or prices.max() * finer > _MOST_TICKS:
            return decimals
    return _MOST_DECIMALS


def ticks_of(prices: FloatArray, decimals: int) -> FloatArray:
    """Return prices as whole numbers of ticks."""
    ticks: FloatArray = np.round(prices * 10.0**decimals)
    return ticks


def _task_table(windows: int, combinations: IntArray) -> IntArray:
    positions = np.repeat(np.arange(windows, dtype=np.int64), len(combinations))
    return np.column_stack((positions, np.tile(combinations, (windows, 1))))
