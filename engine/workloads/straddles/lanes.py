"""All string work of the vector kernels, done once: small integer tables by asset and month that say where a straddle's
prices are."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.workloads.prices import FloatArray, IntArray
from engine.workloads.straddles.assets import Asset, Book, hedge_tickers, vol_ticker
from engine.workloads.straddles.calendar import LONGEST, day_number, month_starts, year_month
from engine.workloads.straddles.data import StraddleData
from engine.workloads.straddles.layouts import ColumnPrices
from engine.workloads.straddles.pricing import MODELS, model_es

_MOST_MONTHS_BEFORE = 2
_HEDGES = 4
"""Most hedges an asset can have."""

NONE = -1
"""A row or an anchor that does not exist."""


@dataclass(frozen=True, eq=False)
class Lanes:
    """Prices and lookup tables; a straddle is a lane. Indices: asset, component, month (from ``first_month`` on)."""

    prices: FloatArray
    """[rows, days]"""
    first_day: int
    """Day number of the first column of ``prices``."""
    first_month: int
    """Month number of index 0 along every month axis."""
    starts: IntArray
    """[months + 1] column of the first day of each month."""
    vol_row: IntArray
    """[assets, 2, months] row of the near and the far vol for an expiry month; NONE: there is none."""
    hedge_row: IntArray
    """[assets, hedges, months] row of each hedge; the first one is the hedge of the delta. Assets with fewer repeat
    their first."""
    anchor: IntArray
    """[assets, components, months] column of the month's anchor; NONE: the month has none."""
    terms: IntArray
    """[assets, components, 3]: months from entry to expiry, days from anchor to entry, 0 for near or 1 for far."""
    components: IntArray
    """[assets] components of each asset's schedule."""
    priced: np.ndarray
    """[assets] bool: the asset's model gives values."""
    table: bool
    """Return tables rather than summaries."""


@dataclass(frozen=True, eq=False)
class Places:
    """Where the straddles of a chunk are: one number each, all [lanes]. Offsets count days from the first of the entry
    month."""

    start: IntArray
    """Column of the first day of the entry month."""
    days: IntArray
    """Calendar days of the straddle, at most 92."""
    entry_days: IntArray
    """Calendar days of the entry month."""
    target: IntArray
    """Offset of the earliest entry; LONGEST: no anchor."""
    anchor: IntArray
    """Offset of the earliest expiry; LONGEST: no anchor."""
    has_entry_anchor: np.ndarray
    """bool"""
    vol_row: IntArray
    hedge_rows: IntArray
    """[hedges, lanes]"""
    priced: np.ndarray
    """bool"""


def lanes(data: StraddleData) -> Lanes:
    """Resolve every ticker and anchor the tasks can ask for."""
    assert isinstance(data.prices, ColumnPrices)  # the kernels require layout=columns
    expiries = data.task_table[:, 1] * 12 + data.task_table[:, 2] - 1
    first, last = (int(expiries.min()) - _MOST_MONTHS_BEFORE, int(expiries.max())) if len(expiries) else (0, 0)
    months = range(first, last + 1)
    assets = [data.book.assets[name] for name in data.names]
    anchor, terms, components = _schedules(data.book, data.names, months, data.prices.first_day)
    hedge_row = np.array([_hedge_rows(asset, data.prices, months) for asset in assets], dtype=np.int64).reshape(
        -1, _HEDGES, len(months)
    )
    return Lanes(
        prices=data.prices.values,
        first_day=data.prices.first_day,
        first_month=first,
        starts=month_starts(first, len(months) + 1) - data.prices.first_day,
        vol_row=np.array([_vol_rows(asset, data.prices, months) for asset in assets], dtype=np.int64).reshape(
            -1, 2, len(months)
        ),
        hedge_row=hedge_row[:, : _hedge_count(hedge_row)],
        anchor=anchor,
        terms=terms,
        components=components,
        priced=np.array([MODELS.get(asset.model) is model_es for asset in assets], dtype=bool),
        table=data.rows == "table",
    )


def _hedge_count(hedge_row: IntArray) -> int:
    """Hedges until only repetitions of the first follow."""
    differs = (hedge_row != hedge_row[:, :1]).any(axis=(0, 2))
    return 1 + int(np.flatnonzero(differs).max(initial=0))


def _row(prices: ColumnPrices, found: tuple[str, str] | None) -> int:
    return NONE if found is None else prices.index.get(found, NONE)


def _vol_rows(asset: Asset, prices: ColumnPrices, months: range) -> list[list[int]]:
    return [[_row(prices, vol_ticker(asset, ntrc, *year_month(month))) for month in months] for ntrc in ("N", "F")]


def _hedge_rows(asset: Asset, prices: ColumnPrices, months: range) -> list[list[int]]:
    by_month = []
    for month in months:
        rows = [_row(prices, (ticker, field)) for _, ticker, field in hedge_tickers(asset, *year_month(month))]
        by_month.append(rows + [rows[0]] * (_HEDGES - len(rows)))
    return [list(rows) for rows in zip(*by_month, strict=True)]


def _schedules(
    book: Book, names: tuple[str, ...], months: range, first_day: int
) -> tuple[IntArray, IntArray, IntArray]:
    """Anchors, terms and number of components of every asset."""
    schedules = [book.components(name) for name in names]
    counts = np.array([len(schedule) for schedule in schedules], dtype=np.int64)
    most = int(counts.max(initial=1))
    anchor = np.full((len(names), most, len(months)), NONE, dtype=np.int64)
    terms = np.zeros((len(names), most, 3), dtype=np.int64)
    for a, (name, schedule) in enumerate(zip(names, schedules, strict=True)):
        known: dict[tuple[str, str], list[int]] = {}
        for c, component in enumerate(schedule):
            rule = (component.xprc, component.xprv)
            if rule not in known:
                known[rule] = [_column(book.anchor(name, component, month), first_day) for month in months]
            anchor[a, c] = known[rule]
            terms[a, c] = component.months_before, component.delay, component.ntrc == "F"
    return anchor, terms, counts


def _column(day: str | None, first_day: int) -> int:
    return NONE if day is None else day_number(date.fromisoformat(day)) - first_day


def places(lanes: Lanes, tasks: IntArray) -> Places:
    """Return where the straddles of a chunk are, from tables alone."""
    asset, year, month, component = tasks.T.astype(np.int64)
    component %= lanes.components[asset]
    before, delay, far = lanes.terms[asset, component].T
    expiry = year * 12 + month - 1 - lanes.first_month
    entry = expiry - before
    start = lanes.starts[entry]
    entry_anchor, expiry_anchor = lanes.anchor[asset, component, entry], lanes.anchor[asset, component, expiry]
    return Places(
        start=start,
        days=lanes.starts[expiry + 1] - start,
        entry_days=lanes.starts[entry + 1] - start,
        target=np.where(entry_anchor == NONE, LONGEST, entry_anchor + delay - start),
        anchor=np.where(expiry_anchor == NONE, LONGEST, expiry_anchor - start),
        has_entry_anchor=entry_anchor != NONE,
        vol_row=lanes.vol_row[asset, far, expiry],
        hedge_rows=lanes.hedge_row[asset, :, expiry].T,
        priced=lanes.priced[asset],
    )
