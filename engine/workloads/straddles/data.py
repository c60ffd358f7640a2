"""What the straddles workload computes on: prices in one of three layouts, the book of assets, and the tasks."""

from dataclasses import dataclass, field
from typing import cast

from engine.knob import Scalar
from engine.workload import Tasks
from engine.workloads.straddles import universe
from engine.workloads.straddles.assets import FIRST_EXPIRY, LAST_EXPIRY, Book, make_book
from engine.workloads.straddles.from_file import file_universe
from engine.workloads.straddles.layouts import ColumnPrices, Prices, laid_out, padded
from engine.workloads.straddles.task_table import TaskArray, task_array

ASSETS = {"small": 2, "medium": 20, "large": 200}
"""Assets of the built-in universe by size; each has 4 components x 24 years x 12 months = 1,152 tasks."""

ENTRIES = {"small": 1_030_000, "medium": 8_220_000, "large": 8_220_000}
"""Prices in the padded table by size: as many as in the origin's, so that shipping them does not depend on the number
of tasks."""

_LISTED = 24
"""Months before the end of the data from which a contract is still in the futures chain."""


@dataclass(frozen=True, eq=False)
class StraddleData:
    """The data of the workload, the same for every kernel."""

    prices: Prices
    book: Book
    names: tuple[str, ...]
    """Assets in the order of the first column of the tasks."""
    task_table: TaskArray
    """[tasks, 4]: asset (position in ``names``), expiry year, expiry month, component (taken modulo the asset's
    components)."""
    rows: str
    """``table`` or ``summary``: what a task returns."""
    memoise: bool
    """Whether the naive kernel may keep what it worked out before."""
    caches: "Caches | None" = None
    """Filled by the naive kernel's ``prepare``, once per worker."""


@dataclass(eq=False)
class Caches:
    """What the naive kernel remembers; tied to one data object, so it can never answer for another."""

    schedules: dict[str, list[str]] = field(default_factory=dict)
    tickers: dict[str, list[list[str]]] = field(default_factory=dict)
    days: dict[str, list[str]] = field(default_factory=dict)


def load(size: str, **settings: Scalar) -> StraddleData:
    """Return the data of a size; ``settings`` has a value for every knob."""
    if settings["prices"]:
        table, book, tasks = file_universe(str(settings["prices"]), str(settings["columns"]), size)
    else:
        table, book, tasks = built_in(ASSETS[size], int(settings["seed"]))
    entries = int(settings["entries"]) or (0 if settings["prices"] else ENTRIES[size])
    table = padded(table, entries, int(settings["seed"]))
    prices = laid_out(table, str(settings["layout"]))
    return StraddleData(prices, book, tuple(book.assets), tasks, str(settings["rows"]), bool(settings["memoise"]))


def built_in(count: int, seed: int) -> tuple[ColumnPrices, Book, TaskArray]:
    """Return prices, book and tasks of the first ``count`` assets of the built-in universe."""
    chosen = universe.assets(count)
    book = make_book(chosen, universe.FIRST_MONTH, LAST_EXPIRY, listed_from=LAST_EXPIRY - _LISTED + 1)
    return universe.table(chosen, seed), book, task_array(range(count), range(FIRST_EXPIRY, LAST_EXPIRY + 1))


def tasks(data: StraddleData) -> Tasks:
    """Return the tasks, an array [tasks, 4]."""
    return cast(Tasks, data.task_table)
