"""Small markets for the straddles tests: every kind of asset and schedule, on prices with holes."""

from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np

from engine.knob import Settings
from engine.workloads.prices import business_days
from engine.workloads.straddles import STRADDLES
from engine.workloads.straddles.assets import Asset, Book, Hedge, Vol, hedge_tickers, make_book, vol_ticker
from engine.workloads.straddles.calendar import month_number, year_month
from engine.workloads.straddles.data import StraddleData
from engine.workloads.straddles.layouts import ColumnPrices, to_dict, whole_months
from engine.workloads.straddles.task_table import task_array

FIRST, LAST = month_number(2019, 1), month_number(2020, 4)

METAL = Hedge("fut", code="LA", months="HHHMMMUUUZZZ")
ASSETS = [
    Asset("metal", Vol("BBG", "LA1 Comdty", "NEAR", "FAR"), METAL),
    Asset("metal by contract", Vol("BBG_LMEVOL"), METAL, "schedule1"),
    Asset("split", Vol("BBG", "I", "NEAR", "FAR"), Hedge("nonfut", ticker="OLD:2019-08:NEW"), "schedule2"),
    Asset("credit", Vol("CV", near="CREDIT.VOL", far="NONE"), Hedge("cds", "C:2019-09:D", ticker1="R"), model="CDS_ES"),
    Asset("swap", Vol("BBG", "SW", "NEAR", "FAR"), Hedge("calc", code="USD", tenor="10"), "schedule7", "NS"),
    Asset("odd days", Vol("BBG", "I", "NEAR", "FAR"), Hedge("nonfut", ticker="NEW"), "odd"),
    Asset("no prices", Vol("BBG", "NOTHING", "NEAR", "FAR"), Hedge("nonfut", ticker="NOTHING")),
]  # fmt: skip
SCHEDULES: dict[str, tuple[str, ...]] = {"odd": ("N0_F5_25", "N3_R2_25", "F40_W4_25", "F1_BD23_25", "N0_XX1_25")}


def settings(**changes) -> Settings:
    """A value for every knob; no padding unless asked for."""
    return {knob.name: knob.default for knob in STRADDLES.knobs} | {"entries": 1} | changes


@cache
def small(layout: str = "dict", rows: str = "table") -> StraddleData:
    """The small size without padding."""
    data: StraddleData = STRADDLES.load("small", **settings(layout=layout, rows=rows))
    return data


def book(assets: list[Asset]) -> Book:
    """The book of these assets, with the odd schedule among its schedules and the last months in the futures chain."""
    known = make_book([replace(asset, schedule="schedule7") for asset in assets], FIRST, LAST, listed_from=LAST - 4)
    return replace(known, assets={asset.name: asset for asset in assets}, schedules=known.schedules | SCHEDULES)


def market(seed: int, missing: float = 0.1, wrong: float = 0.002, assets: list[Asset] = ASSETS) -> StraddleData:
    """Random prices for the assets, with missing days and with some prices that are zero or negative."""
    rng = np.random.default_rng(seed)
    first_day, width = whole_months(FIRST, LAST)
    index = {key: row for row, key in enumerate(sorted(_keys(assets)))}
    values = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.02, (len(index), width)), axis=1))
    values[rng.random(values.shape) < wrong] *= -1.0
    values[rng.random(values.shape) < wrong] = 0.0
    values[rng.random(values.shape) < missing] = np.nan
    table = ColumnPrices(values, index, first_day)
    return with_prices(table, assets)


def with_prices(table: ColumnPrices, assets: list[Asset]) -> StraddleData:
    """The data of a table in the columns layout: every expiry month that can be, and six components."""
    tasks = task_array(range(len(assets)), range(FIRST + 2, LAST + 1), components=6)
    return StraddleData(table, book(assets), tuple(asset.name for asset in assets), tasks, "table", True)


def weekday_market(asset: Asset, holidays: tuple[str, ...] = ()) -> StraddleData:
    """Prices on every day from Monday to Friday but the holidays."""
    first_day, width = whole_months(FIRST, LAST)
    index = {key: row for row, key in enumerate(sorted(_keys([asset])))}
    values = np.full((len(index), width), np.nan)
    values[:, business_days(date(2019, 1, 1), date(2020, 4, 30)) - first_day] = 50.0
    for holiday in holidays:
        values[:, date.fromisoformat(holiday).toordinal() - date(1970, 1, 1).toordinal() - first_day] = np.nan
    return with_prices(ColumnPrices(values, index, first_day), [asset])


def as_dict(data: StraddleData) -> StraddleData:
    """The same data in the dict layout."""
    assert isinstance(data.prices, ColumnPrices)
    return replace(data, prices=to_dict(data.prices))


def _keys(assets: list[Asset]) -> set[tuple[str, str]]:
    keys = set()
    for asset in assets:
        if asset.name == "no prices":
            continue
        for month in range(FIRST, LAST + 1):
            when = year_month(month)
            keys |= {(ticker, field) for _, ticker, field in hedge_tickers(asset, *when)}
            keys |= {found for ntrc in ("N", "F") if (found := vol_ticker(asset, ntrc, *when))}
    return keys
