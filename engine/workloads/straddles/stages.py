"""Stages 1 to 5 of the naive kernel: from a task to a table with a row per day.

Written the way the origin writes them: rows are lists, prices stay text, a missing price is ``none``, a column is found
by its name.
"""

from dataclasses import dataclass
from typing import Any

from engine.workloads.straddles.assets import Book, hedge_tickers, vol_ticker
from engine.workloads.straddles.calendar import days_between_months
from engine.workloads.straddles.data import Caches
from engine.workloads.straddles.layouts import Prices

Cell = str | float
"""Text as it came from the price table, ``none`` for a missing price, ``-`` for a value that is not there, or a
computed number."""

Row = list[Any]
"""One cell per column."""


@dataclass
class Table:
    """Rows with named columns."""

    columns: list[str]
    rows: list[Row]


def filter_tickers(book: Book, task: tuple[str, int, int, int], caches: Caches | None) -> Table:
    """Stage 1: expand the schedule, pick the straddle and find the ticker of its vol and of every hedge.

    ``task`` is (asset, expiry year, expiry month, component).
    """
    asset, year, month, component = task
    straddles = expand_schedule(book, asset, year, month, caches)
    straddle = straddles[component % len(straddles)]
    ntrc = straddle.split("|")[3]
    rows = []
    for row in asset_tickers(book, asset, year, month, caches):
        param, source, ticker, field = row
        if param.startswith("vol"):
            if param != f"vol_{ntrc}":
                continue
            param = "vol"
        rows.append([asset, straddle, param, source, ticker, field])
    return Table(["asset", "straddle", "param", "source", "ticker", "field"], rows)


def expand_schedule(book: Book, asset: str, year: int, month: int, caches: Caches | None) -> list[str]:
    """Return the straddles of an asset that expire in a month."""
    key = f"{asset}|{year}-{month:02d}"
    if caches is not None and key in caches.schedules:
        return caches.schedules[key]
    straddles = [component.straddle(year, month) for component in book.components(asset)]
    if caches is not None:
        caches.schedules[key] = straddles
    return straddles


def asset_tickers(book: Book, asset: str, year: int, month: int, caches: Caches | None) -> list[Row]:
    """Return (param, source, ticker, field) of both vols and of every hedge; futures under the ticker in use today."""
    key = f"{asset}|{year}-{month:02d}"
    if caches is not None and key in caches.tickers:
        return caches.tickers[key]
    definition = book.assets[asset]
    rows = []
    for ntrc in ("N", "F"):
        vol = vol_ticker(definition, ntrc, year, month)
        if vol is not None:
            rows.append([f"vol_{ntrc}", definition.vol.source, vol[0], vol[1]])
    for param, ticker, field in hedge_tickers(definition, year, month):
        actual = book.actual.get(ticker)
        source = "nBBG" if definition.hedge.source == "fut" and actual is None else "BBG"
        rows.append([param, source, actual or ticker, field])
    if caches is not None:
        caches.tickers[key] = rows
    return rows


def straddle_days(straddle: str, caches: Caches | None) -> list[str]:
    """Stage 2: return every calendar day from the first of the entry month to the last of the expiry month."""
    months = straddle[1:16]
    if caches is not None and months in caches.days:
        return caches.days[months]
    _, entry, expiry, *_ = straddle.split("|")
    days = [day.isoformat() for day in days_between_months(entry, expiry)]
    if caches is not None:
        caches.days[months] = days
    return days


def build_ticker_map(tickers: Table, book: Book) -> dict[str, tuple[str, str]]:
    """Stage 3: return param -> (ticker, field), with futures under the normalised ticker that prices are kept under."""
    param, ticker, field = (tickers.columns.index(name) for name in ("param", "ticker", "field"))
    ticker_map = {}
    for row in tickers.rows:
        normalised = book.normalised.get(row[ticker])
        ticker_map[row[param]] = (row[ticker] if normalised is None else normalised, row[field])
    return ticker_map


def lookup_straddle_prices(
    days: list[str], ticker_map: dict[str, tuple[str, str]], prices: Prices
) -> dict[tuple[str, str], dict[str, str]]:
    """Stage 4: return the prices there are, (ticker, field) -> day -> price."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for ticker, field in ticker_map.values():
        found[(ticker, field)] = {}
        for day in days:
            value = prices.get(f"{ticker}|{field}|{day}", "none")
            if value != "none" and value is not None:
                found[(ticker, field)][day] = value
    return found


def build_prices_table(
    tickers: Table,
    days: list[str],
    ticker_map: dict[str, tuple[str, str]],
    prices: dict[tuple[str, str], dict[str, str]],
) -> Table:
    """Stage 5: return a row per day: asset, straddle, date, and the price of every param or ``none``."""
    asset, straddle = tickers.rows[0][:2]
    rows = []
    for day in days:
        row = [asset, straddle, day]
        for ticker_field in ticker_map.values():
            row.append(prices[ticker_field].get(day, "none"))
        rows.append(row)
    return Table(["asset", "straddle", "date", *ticker_map], rows)
