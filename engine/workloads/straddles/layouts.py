"""The layouts of the same price table: a flat dict of strings, columns of numbers with an index, and a LookupTable."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import compress

import numpy as np

from engine.lookup import LookupTable
from engine.workloads.prices import FloatArray, IntArray, business_days
from engine.workloads.straddles.calendar import EPOCH, day_texts, month_starts

Key = tuple[str, str]
"""(ticker, field) of one row of the table."""


@dataclass(frozen=True, eq=False)
class ColumnPrices:
    """A price table by rows of (ticker, field), read like the dict it stands for; holds the arrays, never a copy."""

    values: FloatArray
    """[rows, days] one column per calendar day; NaN: no price."""
    index: dict[Key, int]
    """(ticker, field) -> row of ``values``."""
    first_day: int
    """Day number of the first column."""

    def get(self, key: str, default: str | None = None) -> str | None:
        """Return the price under ``ticker|field|YYYY-MM-DD`` as a decimal string, as the dict layout would."""
        ticker, name, day = key.rsplit("|", 2)
        row = self.index.get((ticker, name))
        column = date.fromisoformat(day).toordinal() - EPOCH - self.first_day
        if row is None or not 0 <= column < self.values.shape[1]:
            return default
        value = float(self.values[row, column])
        return repr(value) if value == value else default

    def __len__(self) -> int:
        """Number of prices, as in the dict layout."""
        return int(np.count_nonzero(~np.isnan(self.values)))


Prices = dict[str, str] | ColumnPrices | LookupTable
"""Any layout; all have ``get(key, default)`` and ``len()``. A LookupTable gives the number where the others give its
``repr``."""


def laid_out(table: ColumnPrices, layout: str) -> Prices:
    """Return the table as ``columns``, as ``dict``, or as ``lookup``: a LookupTable of the dict, as a user would do."""
    if layout == "columns":
        return table
    prices = to_dict(table)
    return LookupTable(prices) if layout == "lookup" else prices


def to_dict(table: ColumnPrices) -> dict[str, str]:
    """Return the flat dict of a table: ``ticker|field|YYYY-MM-DD`` -> ``repr`` of the price; missing prices are
    absent."""
    texts = day_texts(table.first_day, table.values.shape[1])
    prices: dict[str, str] = {}
    for (ticker, name), row in table.index.items():
        values = table.values[row]
        present = ~np.isnan(values)
        keys = map(f"{ticker}|{name}|".__add__, compress(texts, present.tolist()))
        prices.update(zip(keys, _texts(values[present]), strict=True))
    return prices


_FRACTIONS = [repr(cents / 100)[1:] for cents in range(100)]
_MOST_CENTS = 10**8


def _texts(values: FloatArray) -> Iterable[str]:
    """Return ``repr`` of every number.

    Whole cents are put together from two halves, in a third of the time: the table of the large size has 8 million.
    """
    cents = np.rint(np.minimum(values, _MOST_CENTS) * 100)
    if not np.array_equal(cents / 100, values) or values.min(initial=0.0) < 0.0:
        return map(float.__repr__, values.tolist())
    whole, fraction = np.divmod(cents.astype(np.int64), 100)
    return map(str.__add__, map(str, whole.tolist()), map(_FRACTIONS.__getitem__, fraction.tolist()))


def padded(table: ColumnPrices, entries: int, seed: int) -> ColumnPrices:
    """Return the table with rows of unused tickers added until it holds exactly ``entries`` prices, or as it is if it
    holds more.

    A padding row has a price on every business day; the last one stops early to hit the number.
    """
    lacking = entries - len(table)
    if lacking <= 0:
        return table
    width = table.values.shape[1]
    columns = _business_columns(table.first_day, width)
    rows = -(-lacking // len(columns))
    extra = np.full((rows, width), np.nan)
    extra[:, columns] = _walks(rows, len(columns), seed)
    extra[-1, columns[lacking - (rows - 1) * len(columns) :]] = np.nan
    first = len(table.values)
    index = table.index | {(f"UNUSED{row:05d} Index", "PX_LAST"): first + row for row in range(rows)}
    return ColumnPrices(np.concatenate((table.values, extra)), index, table.first_day)


def _business_columns(first_day: int, width: int) -> IntArray:
    bounds = (date.fromordinal(EPOCH + first_day), date.fromordinal(EPOCH + first_day + width - 1))
    columns: IntArray = business_days(*bounds) - first_day
    return columns


def _walks(rows: int, count: int, seed: int) -> FloatArray:
    steps = np.random.default_rng([seed, 1_000_000]).standard_normal((rows, count), dtype=np.float32)
    walk = np.cumsum(steps, axis=1, dtype=np.float64)
    result: FloatArray = np.round(100.0 * np.exp(np.clip(0.01 * walk, -3.0, 3.0)), 2)
    return result


def whole_months(first: int, last: int) -> tuple[int, int]:
    """Return first day number and number of days of month numbers ``first`` to ``last``."""
    starts = month_starts(first, last - first + 2)
    return int(starts[0]), int(starts[-1] - starts[0])


def month_of_day(day: int) -> int:
    """Return the month number a day number falls in."""
    when = date.fromordinal(EPOCH + day)
    return when.year * 12 + when.month - 1
