"""Stage 6 of the naive kernel: on which day a straddle is entered, on which it expires, and its strikes."""

from datetime import date, timedelta

from engine.workloads.straddles.assets import Book
from engine.workloads.straddles.calendar import last_of_month
from engine.workloads.straddles.schedule import Component
from engine.workloads.straddles.stages import Row, Table


def actions(table: Table, book: Book) -> Table:
    """Return the table with action, model, strike_vol, a strike per hedge, and expiry."""
    asset, straddle = table.rows[0][:2]
    entry, expiry = find_days(table, book, asset, straddle)
    model = book.assets[asset].model
    columns = [*table.columns, "action", "model"]
    rows = []
    for position, row in enumerate(table.rows):
        action = "ntry" if position == entry else "xpry" if position == expiry else "-"
        rows.append([*row, action, model])
    return add_strikes(Table(columns, rows), entry, expiry)


def find_days(table: Table, book: Book, asset: str, straddle: str) -> tuple[int | None, int | None]:
    """Return the rows of entry and expiry; None where there is none.

    Entry: the first good day from (anchor of the entry month + ntrv days) on within that month, otherwise its last good
    day. Expiry: the first good day from the anchor of the expiry month on within that month. (specparser
    docs/entry_exit_convention.md)
    """
    _, entry_month, expiry_month, ntrc, ntrv, xprc, xprv, weight, _ = straddle.split("|")
    component = Component(ntrc, ntrv, xprc, xprv, weight)
    good = good_days(table)
    entry_anchor, expiry_anchor = (_anchor(book, asset, component, month) for month in (entry_month, expiry_month))
    entry = expiry = None
    if entry_anchor is not None:
        target = (date.fromisoformat(entry_anchor) + timedelta(days=component.delay)).isoformat()
        last = _last_day(entry_month)
        entry = first_good(good, target, last)
        if entry is None:
            entry = last_good(good, last)
    if expiry_anchor is not None:
        expiry = first_good(good, expiry_anchor, _last_day(expiry_month))
    return entry, expiry


def _anchor(book: Book, asset: str, component: Component, month: str) -> str | None:
    return book.anchor(asset, component, int(month[:4]) * 12 + int(month[5:7]) - 1)


def _last_day(month: str) -> str:
    return last_of_month(int(month[:4]), int(month[5:7])).isoformat()


def good_days(table: Table) -> list[tuple[int, str]]:
    """Return (row, date) of the days on which vol and every hedge, the columns after the date, have a price."""
    if "vol" not in table.columns:
        return []
    day = table.columns.index("date")
    good = []
    for position, row in enumerate(table.rows):
        if "none" not in row[day + 1 :]:
            good.append((position, row[day]))
    return good


def first_good(good: list[tuple[int, str]], first: str, last: str) -> int | None:
    """Return the row of the first good day from ``first`` to ``last``."""
    for position, day in good:
        if first <= day <= last:
            return position
    return None


def last_good(good: list[tuple[int, str]], last: str) -> int | None:
    """Return the row of the last good day up to ``last``."""
    found = None
    for position, day in good:
        if day <= last:
            found = position
    return found


def add_strikes(table: Table, entry: int | None, expiry: int | None) -> Table:
    """Return the table with the prices of the entry day as strikes, shown from entry to expiry (to the end if there is
    none)."""
    hedges = [position for position, name in enumerate(table.columns) if name.startswith("hedge")]
    strikes = _strikes(table, entry, hedges)
    names = ["strike_vol", *("strike" if k == 0 else f"strike{k}" for k in range(len(hedges))), "expiry"]
    expires = table.rows[expiry][table.columns.index("date")] if expiry is not None else "-"
    rows: list[Row] = []
    for position, row in enumerate(table.rows):
        if entry is not None and position >= entry and (expiry is None or position <= expiry):
            rows.append([*row, *strikes, expires])
        else:
            rows.append([*row, *["-"] * len(names)])
    return Table([*table.columns, *names], rows)


def _strikes(table: Table, entry: int | None, hedges: list[int]) -> Row:
    if entry is None:
        return ["-"] * (len(hedges) + 1)
    return [table.rows[entry][table.columns.index("vol")], *(table.rows[entry][column] for column in hedges)]
