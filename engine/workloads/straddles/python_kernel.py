"""The naive kernel: one straddle at a time through seven stages that build lists of rows of strings, the way the origin
does it."""

from dataclasses import replace
from datetime import date

import numpy as np

from engine.workload import Tasks
from engine.workloads.prices import FloatArray
from engine.workloads.straddles.actions import actions
from engine.workloads.straddles.calendar import EPOCH
from engine.workloads.straddles.data import Caches, StraddleData
from engine.workloads.straddles.result import ENTRY, EXPIRY, SUMMARY_SHAPE, TABLE_COLUMNS, TABLE_SHAPE
from engine.workloads.straddles.stages import (
    Cell,
    Row,
    Table,
    build_prices_table,
    build_ticker_map,
    filter_tickers,
    lookup_straddle_prices,
    straddle_days,
)
from engine.workloads.straddles.valuation import get_straddle_valuation_full

_ACTIONS = {"-": 0.0, "ntry": ENTRY, "xpry": EXPIRY}
_BLANK = ("-", "none")
_NAN = float("nan")
_PLAIN_COLUMNS = [name for name in TABLE_COLUMNS if name not in ("date", "action", "expiry")]


def prepare(data: StraddleData, device: str) -> StraddleData:
    """Return the data with empty caches of its own, if the naive kernel may remember."""
    return replace(data, caches=Caches()) if data.memoise else data


def evaluate(data: StraddleData, tasks: Tasks) -> FloatArray:
    """Return the result of each task: [tasks, 92, 12] or, for ``rows=summary``, [tasks, 9]."""
    results = np.full((len(tasks), *(TABLE_SHAPE if data.rows == "table" else SUMMARY_SHAPE)), _NAN)
    for result, (asset, year, month, component) in zip(results, tasks, strict=True):
        table = straddle_table(data, (data.names[asset], int(year), int(month), int(component)))
        if data.rows == "table":
            result[: len(table.rows)].T[:] = table_numbers(table)
        else:
            result[:] = summary_numbers(table)
    return results


def straddle_table(data: StraddleData, task: tuple[str, int, int, int]) -> Table:
    """Return the table of one straddle as the origin shows it: a row of text per day, 15 columns for an asset with one
    hedge."""
    tickers = filter_tickers(data.book, task, data.caches)
    days = straddle_days(tickers.rows[0][1], data.caches)
    ticker_map = build_ticker_map(tickers, data.book)
    prices = lookup_straddle_prices(days, ticker_map, data.prices)
    table = build_prices_table(tickers, days, ticker_map, prices)
    table = actions(table, data.book)
    return get_straddle_valuation_full(table)


def table_numbers(table: Table) -> list[list[float]]:
    """Return the rows as numbers, in the columns of TABLE_COLUMNS."""
    cells = dict(zip(table.columns, zip(*table.rows, strict=True), strict=True))
    cells["hedge"] = cells[first_hedge(table)]
    first = _day(cells["date"][0])
    blank = ["-"] * len(table.rows)
    numbers = {
        name: [_NAN if cell in _BLANK else float(cell) for cell in cells.get(name, blank)] for name in _PLAIN_COLUMNS
    }
    numbers["date"] = [first + step for step in range(len(table.rows))]
    numbers["action"] = [_ACTIONS[cell] for cell in cells["action"]]
    expiry = _day(next((cell for cell in cells["expiry"] if cell != "-"), "-"))
    numbers["expiry"] = [_NAN if cell == "-" else expiry for cell in cells["expiry"]]
    return [numbers[name] for name in TABLE_COLUMNS]


def summary_numbers(table: Table) -> list[float]:
    """Return the nine numbers of SUMMARY_COLUMNS."""
    marks = {row[_column(table, "action")]: row for row in table.rows}
    entry, expiry = marks.get("ntry"), marks.get("xpry")
    return [
        float(len(table.rows)),
        _day(entry[2]) if entry else _NAN,
        _day(expiry[2]) if expiry else _NAN,
        *(_number(entry[_column(table, name)]) if entry else _NAN for name in ("strike", "strike_vol", "mv")),
        *(_sum([row[_column(table, name)] for row in table.rows]) for name in ("opnl", "hpnl", "pnl")),
    ]


def first_hedge(table: Table) -> str:
    """Return the name of the column of the first hedge: ``hedge``, or ``hedge1`` for a computed swap."""
    return next(name for name in table.columns if name.startswith("hedge"))


def _sum(cells: Row) -> float:
    shown = [cell for cell in cells if cell != "-"]
    return sum(shown) if shown else _NAN


def _column(table: Table, name: str) -> int:
    return table.columns.index(name)


def _number(cell: Cell) -> float:
    return _NAN if cell in _BLANK else float(cell)


def _day(cell: str) -> float:
    return _NAN if cell == "-" else float(date.fromisoformat(cell).toordinal() - EPOCH)
