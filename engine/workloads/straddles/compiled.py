"""The machine code of the numba kernel: one straddle after the other, in double precision and without the GIL.

Only ``numba_kernel`` imports this, and only when it computes: numba is not in the core install. Numba keeps what it
compiled beside this file, and notices when the file changes but not when a constant it imports does.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np

from engine.workloads.prices import FloatArray, IntArray
from engine.workloads.straddles.calendar import LONGEST
from engine.workloads.straddles.lanes import NONE
from engine.workloads.straddles.pricing import ROOT_HALF, TINY
from engine.workloads.straddles.result import ENTRY, EXPIRY

F = TypeVar("F", bound=Callable[..., Any])

_YEARS_ROOT = np.sqrt(np.arange(367) / 365)
"""sqrt(days / 365) for every number of days up to a year."""


def _compiled(function: F) -> F:
    """Compile on the first call, or take what an earlier process compiled; division by zero gives what NumPy gives."""
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


class Tables(NamedTuple):
    """What the code reads of ``Lanes``.

    Arrays are C-contiguous and ``prices`` is read-only, so that there is one form of them to compile for.
    """

    prices: FloatArray
    first_day: int
    first_month: int
    starts: IntArray
    vol_row: IntArray
    hedge_row: IntArray
    anchor: IntArray
    terms: IntArray
    components: IntArray
    priced: np.ndarray


class Place(NamedTuple):
    """Where one straddle is, as in ``lanes.Places``; offsets count days from the first of the entry month."""

    asset: int
    month: int
    """Index of the expiry month."""
    vol_row: int
    start: int
    days: int
    entry_days: int
    """Days of the entry month; 0: it has no anchor, so nothing is entered."""
    target: int
    anchor: int


class Live(NamedTuple):
    """The days from entry to expiry of one straddle, the entry day first; the rest of each array has no meaning."""

    spot: FloatArray
    vol: FloatArray
    d1: FloatArray
    d2: FloatArray
    mv: FloatArray
    delta: FloatArray
    opnl: FloatArray
    hpnl: FloatArray


@_compiled
def fill_tables(tables: Tables, tasks: IntArray, results: FloatArray) -> None:
    """Write the table of each task into ``results``, [tasks, 92, 12]. Raises IndexError for a task that is not of these
    tables."""
    live = new_live(LONGEST)
    for lane in range(len(tasks)):
        place = _locate(tables, tasks[lane])
        entry, expiry = _entry(tables, place), _expiry(tables, place)
        table = results[lane]
        _write_market(tables, place, table)
        if expiry != NONE:
            table[expiry, 3] = EXPIRY
        if entry != NONE:
            table[entry, 3] = ENTRY
            _write_strikes(tables, place, entry, expiry, table)
            if expiry != NONE:
                _value(tables, place, entry, expiry, live)
                _write_values(live, entry, expiry, table)


@_compiled
def fill_summaries(tables: Tables, tasks: IntArray, results: FloatArray) -> None:
    """Write the summary of each task into ``results``, [tasks, 9]. Raises IndexError for a task that is not of these
    tables."""
    live = new_live(LONGEST)
    for lane in range(len(tasks)):
        place = _locate(tables, tasks[lane])
        entry, expiry = _entry(tables, place), _expiry(tables, place)
        first_day, summary = tables.first_day + place.start, results[lane]
        summary[:] = math.nan
        summary[0] = place.days
        if expiry != NONE:
            summary[2] = first_day + expiry
        if entry != NONE:
            summary[1] = first_day + entry
            summary[3] = tables.prices[_hedge_row(tables, place), place.start + entry]
            summary[4] = tables.prices[place.vol_row, place.start + entry]
            if expiry != NONE:
                _value(tables, place, entry, expiry, live)
                _write_sums(live, expiry - entry + 1, summary)


@_compiled
def new_live(days: int) -> Live:
    """Return arrays for so many days."""
    return Live(
        np.empty(days),
        np.empty(days),
        np.empty(days),
        np.empty(days),
        np.empty(days),
        np.empty(days),
        np.empty(days),
        np.empty(days),
    )


@_compiled
def _locate(tables: Tables, task: IntArray) -> Place:
    """Return where a straddle is, as ``lanes.places`` does."""
    asset, month = task[0], task[1] * 12 + task[2] - 1 - tables.first_month
    if not (0 <= asset < len(tables.components) and 0 <= month < len(tables.starts) - 1):
        raise IndexError("the task asks for an asset or a month that the data do not have")
    component = task[3] % tables.components[asset]
    entry = month - tables.terms[asset, component, 0]
    if entry < 0 or tables.starts[entry] < 0 or tables.starts[month + 1] > tables.prices.shape[1]:
        raise IndexError("the task asks for days that the data do not have")
    start = tables.starts[entry]
    entry_anchor, anchor = tables.anchor[asset, component, entry], tables.anchor[asset, component, month]
    return Place(
        asset,
        month,
        tables.vol_row[asset, tables.terms[asset, component, 2], month],
        start,
        tables.starts[month + 1] - start,
        0 if entry_anchor == NONE else tables.starts[entry + 1] - start,
        max(0, entry_anchor + tables.terms[asset, component, 1] - start),
        LONGEST if anchor == NONE else max(0, anchor - start),
    )


@_compiled
def _hedge_row(tables: Tables, place: Place) -> int:
    """Row of the first hedge."""
    row: int = tables.hedge_row[place.asset, 0, place.month]
    return row


@_compiled
def _price(tables: Tables, row: int, column: int) -> float:
    price: float = math.nan if row == NONE else tables.prices[row, column]
    return price


@_compiled
def _is_good(tables: Tables, place: Place, day: int) -> bool:
    """Whether vol and every hedge have a price on that day."""
    if math.isnan(_price(tables, place.vol_row, place.start + day)):
        return False
    for hedge in range(tables.hedge_row.shape[1]):
        row = tables.hedge_row[place.asset, hedge, place.month]
        if math.isnan(_price(tables, row, place.start + day)):
            return False
    return True


@_compiled
def _entry(tables: Tables, place: Place) -> int:
    """Offset of the first good day of the entry month from the target on, otherwise of its last good day, or NONE."""
    for day in range(place.target, place.entry_days):
        if _is_good(tables, place, day):
            return day
    for day in range(min(place.target, place.entry_days) - 1, -1, -1):
        if _is_good(tables, place, day):
            return day
    return NONE


@_compiled
def _expiry(tables: Tables, place: Place) -> int:
    """Offset of the first good day from the anchor on, or NONE."""
    for day in range(place.anchor, place.days):
        if _is_good(tables, place, day):
            return day
    return NONE


@_compiled
def _value(tables: Tables, place: Place, entry: int, expiry: int, live: Live) -> None:
    """Compute mv, delta, opnl and hpnl of the days from entry to expiry."""
    count, column, row = expiry - entry + 1, place.start + entry, _hedge_row(tables, place)
    _roll(tables.prices[row, column : column + count], live.spot)
    _roll(tables.prices[place.vol_row, column : column + count], live.vol)
    strike = live.spot[0]
    if tables.priced[place.asset]:
        model_es(live, count, strike)
    else:
        live.mv[:count] = math.nan
        live.delta[:count] = math.nan
    live.opnl[0] = live.hpnl[0] = 0.0
    for day in range(1, count):
        live.opnl[day] = live.mv[day] - live.mv[day - 1]
        live.hpnl[day] = -live.delta[day - 1] * (live.spot[day] - live.spot[day - 1]) / strike


@_compiled
def _roll(prices: FloatArray, rolled: FloatArray) -> None:
    """Copy prices, a missing one replaced by the last before it; the first is never missing."""
    last = math.nan
    for day in range(len(prices)):
        if not math.isnan(prices[day]):
            last = prices[day]
        rolled[day] = last


@_compiled
def model_es(live: Live, count: int, strike: float) -> None:
    """Write mv and delta of model ES, the formula of ``pricing.model_es``, of the ``count`` days up to the expiry; NaN
    where that returns None.

    ``count`` must lie between 1 and 367. One short loop per step: those that call no function become vector code.
    """
    last = count - 1
    for day in range(last):
        live.d1[day] = math.log(live.spot[day] / strike)
    for day in range(last):
        tv = live.vol[day] / 100 * _YEARS_ROOT[last - day]
        live.d1[day] = live.d1[day] / tv + 0.5 * tv
        live.d2[day] = live.d1[day] - tv
    twice_normal_cdf(live.d1[:last], live.delta)
    twice_normal_cdf(live.d2[:last], live.mv)
    for day in range(last):
        spot, twice_n1 = live.spot[day], live.delta[day]
        live.mv[day] = (spot * twice_n1 - strike * live.mv[day] + strike - spot) / strike
        live.delta[day] = twice_n1 - 1.0
    live.mv[last] = abs(live.spot[last] - strike) / strike
    live.delta[last] = 1.0 if live.spot[last] >= strike else -1.0
    for day in range(count):
        if live.spot[day] <= TINY or strike <= TINY or live.vol[day] <= TINY:
            live.mv[day] = live.delta[day] = math.nan


@_compiled
def twice_normal_cdf(d: FloatArray, twice_n: FloatArray) -> None:
    """Write 2 N(d) = erfc(-d / sqrt 2) for every d: the C library's erfc, which keeps its digits in both tails."""
    for k in range(len(d)):
        twice_n[k] = math.erfc(-d[k] * ROOT_HALF)


@_compiled
def _write_market(tables: Tables, place: Place, table: FloatArray) -> None:
    """Date, vol, hedge and action of every day, and nothing in the other cells."""
    first_day = tables.first_day + place.start
    for day in range(place.days):
        table[day, 0] = first_day + day
        table[day, 3] = 0.0
        for column in range(4, 12):
            table[day, column] = math.nan
    for day in range(place.days, LONGEST):
        for column in range(12):
            table[day, column] = math.nan
    _write_prices(tables, place, place.vol_row, table[:, 1])
    _write_prices(tables, place, _hedge_row(tables, place), table[:, 2])


@_compiled
def _write_prices(tables: Tables, place: Place, row: int, cells: FloatArray) -> None:
    if row == NONE:
        cells[: place.days] = math.nan
        return
    prices = tables.prices[row, place.start : place.start + place.days]
    for day in range(len(prices)):
        cells[day] = prices[day]


@_compiled
def _write_strikes(tables: Tables, place: Place, entry: int, expiry: int, table: FloatArray) -> None:
    """Strikes and expiry from the entry to the expiry, to the end if there is none."""
    expires = math.nan if expiry == NONE else float(tables.first_day + place.start + expiry)
    strike_vol, strike = table[entry, 1], table[entry, 2]
    for day in range(entry, place.days if expiry == NONE else expiry + 1):
        table[day, 4] = strike_vol
        table[day, 5] = strike
        table[day, 6] = expires


@_compiled
def _write_values(live: Live, entry: int, expiry: int, table: FloatArray) -> None:
    for day in range(expiry - entry + 1):
        row = entry + day
        table[row, 7] = live.mv[day]
        table[row, 8] = live.delta[day]
        table[row, 9] = _plain(live.opnl[day])
        table[row, 10] = _plain(live.hpnl[day])
        table[row, 11] = _plain(live.opnl[day] + live.hpnl[day])


@_compiled
def _plain(value: float) -> float:
    """Return the value; a NaN without the sign its computation gave it, since answers are compared byte by byte."""
    return math.nan if math.isnan(value) else value


@_compiled
def _write_sums(live: Live, count: int, summary: FloatArray) -> None:
    """mv on the entry day, and the sums of opnl, hpnl and pnl over the days that have them (the entry day always
    has)."""
    opnl_sum = hpnl_sum = pnl_sum = 0.0
    for day in range(count):
        opnl, hpnl = live.opnl[day], live.hpnl[day]
        opnl_sum += 0.0 if math.isnan(opnl) else opnl
        hpnl_sum += 0.0 if math.isnan(hpnl) else hpnl
        pnl_sum += 0.0 if math.isnan(opnl + hpnl) else opnl + hpnl
    summary[5], summary[6], summary[7], summary[8] = live.mv[0], opnl_sum, hpnl_sum, pnl_sum
