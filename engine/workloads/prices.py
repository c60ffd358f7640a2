"""Daily prices for every workload: from a user's CSV, Parquet or Feather file, from the arch package, or made up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.workloads import pricefile
from engine.workloads.pricefile import FloatArray, IntArray

__all__ = ["FloatArray", "IntArray", "PriceBars", "PriceColumns", "business_days", "read", "read_bars", "synthetic"]

TRADING_DAYS = 252
"""Trading days in a year, for annualised figures."""


@dataclass(frozen=True)
class PriceColumns:
    """Daily prices of one or more instruments on common days."""

    names: tuple[str, ...]
    days: IntArray
    """[days] days since 1970-01-01, ascending, each once."""
    values: FloatArray
    """[columns, days]; NaN: no price on that day."""


@dataclass(frozen=True)
class PriceBars:
    """Daily bars of one or more instruments on common days."""

    names: tuple[str, ...]
    days: IntArray
    """[days] days since 1970-01-01, ascending, each once."""
    values: FloatArray
    """[instruments, days, 5] open, high, low, close, volume; NaN: no bar on that day."""


def read(path: str, columns: str = "", need: int = 1) -> PriceColumns:
    """Read the price columns of a CSV (also gzipped), Parquet or Feather file with a date column.

    A wide file has a row per day: ``columns`` names its price columns, separated by commas; header names are
    case-insensitive. Without it: the column called ``close`` if there is one, otherwise every numeric column but
    ``volume``. A long file has a row per instrument and day, told by a column called symbol, ticker, asset, instrument
    or security, and one price column. Rows may come in any order; two rows of one day are an error, and so is a price
    that is not a positive number; an empty cell is a missing price. ``arch:sp500`` and the like are series of the arch
    package. Raises FileProblem, naming line and column, also where there are fewer than ``need`` prices.
    """
    return PriceColumns(*pricefile.read_columns(path, columns, need))


def read_bars(path: str, columns: str = "", need: int = 1) -> PriceBars:
    """Read bars from a file as ``read`` does: columns open, high, low, close and volume, wide or long.

    Without a column ``close``, or where ``columns`` are named, each price column holds the closes of an instrument.
    What a bar lacks follows from the closes: the open is the one before, high and low are those of open and close, and
    the volume is 0. Raises FileProblem also for a bar whose high or low is not its highest or lowest.
    """
    return PriceBars(*pricefile.read_bars(path, columns, need))


def business_days(first: date, last: date) -> IntArray:
    """Return the day numbers of Mondays to Fridays from ``first`` to ``last``, without 1 January and 25 December."""
    days = np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + 1)
    yearly = days - days.astype("datetime64[Y]").astype("datetime64[D]")
    christmas = (days.astype("datetime64[M]").astype(np.int64) % 12 == 11) & (
        (days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) == 24
    )
    kept: IntArray = days[np.is_busday(days) & (yearly.astype(np.int64) != 0) & ~christmas].astype(np.int64)
    return kept


def synthetic(names: Sequence[str], days: IntArray, seed: int, missing: float = 0.0) -> PriceColumns:
    """Return made-up prices: geometric Brownian motion with calm and stormy regimes, jumps and missing days.

    Column k depends on ``default_rng([seed, k])`` alone, so adding columns changes none. Prices start between 20 and
    2,000 and are rounded to cents; ``missing`` is the share of days without a price, in each column on its own.
    """
    rows = [_path(np.random.default_rng([seed, column]), len(days), missing) for column in range(len(names))]
    values = np.stack(rows) if rows else np.empty((0, len(days)))
    return PriceColumns(tuple(names), days, values)


def _path(rng: np.random.Generator, count: int, missing: float) -> FloatArray:
    start = 20.0 * 100.0 ** rng.random()
    vol = _regimes(rng, count) / np.sqrt(TRADING_DAYS)
    jumps = (rng.random(count) < 1 / 125) * rng.normal(0.0, 0.04, count)
    steps = vol * rng.standard_normal(count) - vol**2 / 2 + jumps
    steps[0] = 0.0
    gaps = rng.random(count) < missing
    # a floor and a ceiling keep long paths away from prices that rounding would turn into zero
    path = np.clip(np.cumsum(steps), -3.0, 3.0)
    prices: FloatArray = np.round(start * np.exp(path), 2)
    prices[gaps] = np.nan
    return prices


def _regimes(rng: np.random.Generator, count: int) -> FloatArray:
    """Annual vol of each day: calm (8 to 20 percent) or stormy (25 to 60), each lasting 30 to 250 days."""
    lengths = rng.integers(30, 250, size=count // 30 + 1)
    stormy = rng.random(len(lengths)) < 0.25
    levels = np.where(stormy, rng.uniform(0.25, 0.60, len(lengths)), rng.uniform(0.08, 0.20, len(lengths)))
    return np.repeat(levels, lengths)[:count]


def realised_vol(prices: FloatArray, window: int) -> FloatArray:
    """Return the annualised standard deviation, in percent, of the last ``window`` daily log returns, for each price of
    one column.

    [days] -> [days]; days without a price are left out and stay NaN, and so do the first ``window`` prices. Rounded to
    1e-6 percent, because the running sums behind it carry no more.
    """
    present = np.flatnonzero(np.isfinite(prices))
    result = np.full(len(prices), np.nan)
    if len(present) <= window:
        return result
    returns = np.diff(np.log(prices[present]))
    sums = np.concatenate(([0.0], np.cumsum(returns)))
    squares = np.concatenate(([0.0], np.cumsum(returns**2)))
    mean = (sums[window:] - sums[:-window]) / window
    variance = (squares[window:] - squares[:-window] - window * mean**2) / (window - 1)
    result[present[window:]] = np.round(100.0 * np.sqrt(TRADING_DAYS * np.maximum(variance, 0.0)), 6)
    return result
