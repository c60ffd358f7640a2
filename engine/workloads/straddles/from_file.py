"""A universe made of the price columns of the user's file: each column becomes an asset hedged with itself."""

from datetime import date

import numpy as np

from engine.errors import FileProblem
from engine.workloads.prices import PriceColumns, read, realised_vol
from engine.workloads.straddles.assets import Asset, Book, Hedge, Vol, make_book
from engine.workloads.straddles.calendar import EPOCH
from engine.workloads.straddles.layouts import ColumnPrices, month_of_day, whole_months
from engine.workloads.straddles.schedule import MONTHS_BEFORE, SCHEDULES
from engine.workloads.straddles.task_table import TaskArray, task_array

NEAR, FAR = "VOL_21D", "VOL_63D"
"""Fields of the near and the far vol: what was realised over 21 and over 63 trading days."""

_WINDOWS = {NEAR: 21, FAR: 63}
_SCHEDULE = "third-friday"

MOST_TASKS = {"small": 2_304, "medium": 23_040, "large": 230_400}
"""Most tasks by size: those of the built-in universe. A longer file gives its most recent expiry months."""


def file_universe(path: str, columns: str, size: str) -> tuple[ColumnPrices, Book, TaskArray]:
    """Return prices, book and tasks of a file.

    The tasks are every asset x expiry month x component whose entry month lies in the file, at most MOST_TASKS of them:
    whole months, the most recent ones.
    """
    found = read(path, columns, need=_WINDOWS[FAR] + 1)
    first, last = month_of_day(int(found.days[0])), month_of_day(int(found.days[-1]))
    expiries = range(first + max(MONTHS_BEFORE.values()), last + 1)
    if not expiries:
        span = f"{_text(found.days[0])} to {_text(found.days[-1])}"
        raise FileProblem(path, None, f"covers {span}; straddles need at least 3 calendar months")
    each = len(found.names) * len(SCHEDULES[_SCHEDULE])
    months = expiries[-max(1, MOST_TASKS[size] // each) :]
    tasks = task_array(range(len(found.names)), months)[: MOST_TASKS[size]]
    return _table(found, first, last), make_book([_asset(name) for name in found.names], first, last), tasks


def _text(day: np.int64) -> str:
    return date.fromordinal(int(day) + EPOCH).isoformat()


def _asset(name: str) -> Asset:
    return Asset(name, Vol("BBG", name, NEAR, FAR), Hedge("nonfut", ticker=name), _SCHEDULE)


def _table(found: PriceColumns, first: int, last: int) -> ColumnPrices:
    first_day, width = whole_months(first, last)
    columns = found.days - first_day
    values = np.full((3 * len(found.names), width), np.nan)
    index = {}
    for position, (name, prices) in enumerate(zip(found.names, found.values, strict=True)):
        rows = {"PX_LAST": prices} | {field: realised_vol(prices, window) for field, window in _WINDOWS.items()}
        for step, (field, row) in enumerate(rows.items()):
            index[(name, field)] = 3 * position + step
            values[3 * position + step, columns] = row
    return ColumnPrices(values, index, first_day)
