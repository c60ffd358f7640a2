"""The built-in universe: seeded prices for base-metal futures and for spot instruments whose ticker changed once."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.workloads.prices import FloatArray, business_days, realised_vol, synthetic
from engine.workloads.straddles.assets import FIRST_EXPIRY, LAST_EXPIRY, Asset, Hedge, Vol, future_ticker, split_ticker
from engine.workloads.straddles.calendar import EPOCH, month_starts, month_text, year_month
from engine.workloads.straddles.layouts import ColumnPrices, Key, whole_months

NEAR, FAR = "1ST_MTH_IMPVOL_100.0%MNY_DF", "2ND_MTH_IMPVOL_100.0%MNY_DF"
"""Fields of the near and the far implied vol."""

FIRST_MONTH, LAST_MONTH = 2000 * 12, LAST_EXPIRY
"""The price table covers January 2000 to December 2024: 9,132 calendar days."""

_LISTED_MONTHS = 15
"""Months before its own month from which a contract has prices."""

_MISSING = 0.004
"""Share of business days without a price, in each row on its own."""

_SWITCH = 2012 * 12 + 5
"""June 2012: from this month number on the spot assets have their new ticker."""


def assets(count: int) -> list[Asset]:
    """Return the first ``count`` assets.

    The first two are the origin's: aluminium with the near and far vol of the generic contract, and with a vol ticker
    per contract. The others have a split hedge ticker: a futures chain for each of them would make the table of the
    large size ten times what it is.
    """
    metal = Hedge("fut", code="LA")
    first = [
        Asset("LA Comdty", Vol("BBG", "LA1 Comdty", NEAR, FAR), metal),
        Asset("LA Comdty TKRZ", Vol("BBG_LMEVOL"), metal),
    ]
    return (first + [_spot(number) for number in range(2, count)])[:count]


def _spot(number: int) -> Asset:
    name = f"S{number:03d} Index"
    hedge = Hedge("nonfut", ticker=f"S{number:03d} OLD Index:{month_text(_SWITCH)}:{name}")
    return Asset(name, Vol("BBG", name, NEAR, FAR), hedge)


@dataclass
class _Rows:
    """Rows of the table while it is being filled."""

    values: FloatArray
    index: dict[Key, int]

    def add(self, ticker: str, name: str, row: FloatArray) -> None:
        self.values[len(self.index)] = row
        self.index[(ticker, name)] = len(self.index)


def table(universe: list[Asset], seed: int) -> ColumnPrices:
    """Return the prices of the universe: a row per (ticker, field), a column per calendar day."""
    first_day, width = whole_months(FIRST_MONTH, LAST_MONTH)
    days = business_days(date.fromordinal(EPOCH + first_day), date.fromordinal(EPOCH + first_day + width - 1))
    spots = synthetic([asset.name for asset in universe], days, seed).values
    columns = days - first_day
    rows = _Rows(np.empty((_row_count(universe), width)), {})
    for asset, prices in zip(universe, spots, strict=True):
        spot, near, far = (_on_calendar(row, columns, width) for row in _with_vols(prices))
        if asset.hedge.source == "nonfut":
            _add_spot(rows, asset, spot, first_day)
        elif asset.vol.source == "BBG":
            _add_contracts(rows, asset.hedge, "", spot, first_day)
        else:
            _add_contracts(rows, asset.hedge, "R", near, first_day)
        if asset.vol.source == "BBG":
            rows.add(asset.vol.ticker, NEAR, near)
            rows.add(asset.vol.ticker, FAR, far)
    _lose_days(rows.values, seed)
    return ColumnPrices(rows.values, rows.index, first_day)


def _row_count(universe: list[Asset]) -> int:
    hedges = {"nonfut": 2, "fut": LAST_EXPIRY - FIRST_EXPIRY + 1}
    metals = {"BBG": hedges["fut"] + 2, "BBG_LMEVOL": hedges["fut"]}
    return sum(metals[asset.vol.source] if asset.hedge.source == "fut" else hedges["nonfut"] + 2 for asset in universe)


def _with_vols(prices: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """A path and its near and far implied vol: what was realised, half a percent dearer, never below 4 percent."""
    return prices, _implied(prices, 21), _implied(prices, 63)


def _implied(prices: FloatArray, window: int) -> FloatArray:
    dearer = np.maximum(realised_vol(prices, window) + 0.5, 4.0)
    return np.asarray(np.round(dearer, 3), dtype=np.float64)


def _on_calendar(row: FloatArray, columns: np.ndarray, width: int) -> FloatArray:
    spread = np.full(width, np.nan)
    spread[columns] = row
    return spread


def _add_spot(rows: _Rows, asset: Asset, spot: FloatArray, first_day: int) -> None:
    """The old ticker has prices until a month after the switch, the new one from a year before it."""
    old, new = (split_ticker(asset.hedge.ticker, *year_month(month)) for month in (FIRST_MONTH, LAST_MONTH))
    switch = int(month_starts(_SWITCH, 1)[0]) - first_day
    days = np.arange(len(spot))
    rows.add(old, "PX_LAST", np.where(days < switch + 31, spot, np.nan))
    rows.add(new, "PX_LAST", np.where(days >= switch - 366, spot, np.nan))


def _add_contracts(rows: _Rows, hedge: Hedge, qualifier: str, generic: FloatArray, first_day: int) -> None:
    """A row per contract: the generic row, dearer with the time left, while the contract is listed."""
    days = np.arange(len(generic)) + first_day
    for month in range(FIRST_EXPIRY, LAST_EXPIRY + 1):
        start, end = month_starts(month - _LISTED_MONTHS, _LISTED_MONTHS + 2)[[0, -1]]
        listed = (days >= start) & (days < end)
        carry = 1.0 + 0.03 * (end - days) / 365
        prices = np.where(listed, np.round(generic * carry, 2), np.nan)
        rows.add(future_ticker(hedge, qualifier, *year_month(month)), "PX_LAST", prices)


def _lose_days(values: FloatArray, seed: int) -> None:
    lost = np.random.default_rng([seed, 2_000_000]).random(values.shape, dtype=np.float32) < _MISSING
    values[lost] = np.nan
