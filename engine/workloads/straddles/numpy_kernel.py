"""The numpy kernel: a chunk of straddles at once.

Straddles are lanes of 92 days in blocks that fit the cache; only the days from entry to expiry, laid end to end, are
priced.
"""

from dataclasses import dataclass

import numpy as np

from engine.workload import Tasks
from engine.workloads.prices import FloatArray, IntArray
from engine.workloads.straddles.calendar import LONGEST
from engine.workloads.straddles.data import StraddleData
from engine.workloads.straddles.lanes import NONE, Lanes, Places, lanes, places
from engine.workloads.straddles.pricing import ROOT_HALF, TINY
from engine.workloads.straddles.result import ENTRY, EXPIRY, SUMMARY_SHAPE, TABLE_SHAPE

BoolArray = np.ndarray

BYTES_PER_TASK = 8 * LONGEST * 12
"""The result; everything else is bounded by the block."""

BLOCK = 256
"""Lanes worked on together; large enough to spread the cost of calling numpy, small enough for their arrays to stay in
the cache."""

_OFFSETS = np.arange(LONGEST)
_ENTRY_MONTH = _OFFSETS[:31]
_YEARS_ROOT = np.sqrt(np.arange(367) / 365)
"""sqrt(days / 365) for every number of days up to a year."""

_quietly = np.errstate(divide="ignore", invalid="ignore", over="ignore")
"""The expiry day and prices that are not positive divide by zero on the way to the NaN that replaces the result."""


@dataclass(frozen=True, eq=False)
class Live:
    """The days from entry to expiry of the lanes that have both, laid end to end; all [live days] unless said
    otherwise."""

    lane: IntArray
    cell: IntArray
    """Position in the block's [lanes * 92] cells."""
    left: IntArray
    """Days to expiry."""
    first: IntArray
    """[valued lanes] position of each lane's entry day."""
    last: IntArray
    """[valued lanes] position of each lane's expiry day."""


def prepare(data: StraddleData, device: str) -> Lanes:
    """Resolve tickers and anchors; the prices are used where they are."""
    import scipy.special  # noqa: F401  set-up pays for the import, not the first run

    return lanes(data)


def evaluate(data: Lanes, tasks: Tasks) -> FloatArray:
    """Return the result of each task: [tasks, 92, 12] or, for ``rows=summary``, [tasks, 9]."""
    chunk = np.asarray(tasks)
    results = np.empty((len(chunk), *(TABLE_SHAPE if data.table else SUMMARY_SHAPE)))
    for start in range(0, len(chunk), BLOCK):
        _evaluate_block(data, places(data, chunk[start : start + BLOCK]), results[start : start + BLOCK])
    return results


def _evaluate_block(data: Lanes, where: Places, results: FloatArray) -> None:
    vol, hedge, good = _gather(data.prices, where)
    entry, expiry = _find_days(where, good)
    live = _live_days(entry, expiry)
    results[:] = np.nan
    strike = _at(hedge, entry)
    spot = _rolled(hedge, live)
    values = _values(spot, strike[live.lane], _rolled(vol, live), live, where.priced[live.lane])
    if data.table:
        _write_table(data, where, (vol, hedge), (entry, expiry), results)
        results.reshape(-1, TABLE_SHAPE[1])[live.cell, 7:] = values.T
    else:
        _write_summary(data, where, (entry, expiry), (strike, _at(vol, entry)), results)
        _write_sums(live, values, results)


def _gather(prices: FloatArray, where: Places) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Vol, first hedge and good days of every lane, each [lanes, 92]; NaN past the last day."""
    outside = where.days[:, None] <= _OFFSETS
    vol, *hedges = (_take(prices, row, where.start, outside) for row in (where.vol_row, *where.hedge_rows))
    both = vol + hedges[0]
    for hedge in hedges[1:]:
        both += hedge
    return vol, hedges[0], both == both


def _take(prices: FloatArray, row: IntArray, start: IntArray, outside: BoolArray) -> FloatArray:
    cells = (row * prices.shape[1] + start)[:, None] + _OFFSETS
    # clip: the window of the last month may reach past the table, and is then outside the lane anyway
    taken: FloatArray = prices.reshape(-1).take(cells, mode="clip")
    taken[outside] = np.nan
    if (row == NONE).any():
        taken[row == NONE] = np.nan
    return taken


def _find_days(where: Places, good: BoolArray) -> tuple[IntArray, IntArray]:
    """Offsets of entry and expiry of every lane, or NONE."""
    month = good[:, :31] & (where.entry_days[:, None] > _ENTRY_MONTH)
    last = 30 - month[:, ::-1].argmax(axis=1)
    after = month & (where.target[:, None] <= _ENTRY_MONTH)
    entry = np.where(after.any(axis=1), after.argmax(axis=1), last)
    expiring = good & (where.anchor[:, None] <= _OFFSETS)
    return (
        np.where(month.any(axis=1) & where.has_entry_anchor, entry, NONE),
        np.where(expiring.any(axis=1), expiring.argmax(axis=1), NONE),
    )


def _at(values: FloatArray, offset: IntArray) -> FloatArray:
    """The value of each lane at an offset; NaN where that is NONE."""
    return np.where(offset == NONE, np.nan, values[np.arange(len(offset)), offset])


def _live_days(entry: IntArray, expiry: IntArray) -> Live:
    valued = np.flatnonzero((entry != NONE) & (expiry != NONE))
    begin = entry[valued]
    lengths = expiry[valued] - begin + 1
    ends = np.cumsum(lengths)
    lane = np.repeat(valued, lengths)
    position = np.arange(len(lane))
    # counting down to each lane's last position gives the days left, counting up from its first the cell
    cell = position + np.repeat(valued * LONGEST + begin - (ends - lengths), lengths)
    return Live(lane, cell, np.repeat(ends - 1, lengths) - position, ends - lengths, ends - 1)


def _rolled(values: FloatArray, live: Live) -> FloatArray:
    """The values of the live days, a missing one replaced by the last before it. An entry day is good, so no lane looks
    into another."""
    chosen = values.reshape(-1).take(live.cell)
    latest = np.arange(len(chosen))
    latest[np.isnan(chosen)] = 0
    return chosen.take(np.maximum.accumulate(latest))


@_quietly
def _values(spot: FloatArray, strike: FloatArray, vol: FloatArray, live: Live, priced: BoolArray) -> FloatArray:
    """mv, delta, opnl, hpnl, pnl of the live days: [5, live days]."""
    values = np.empty((5, len(spot)))
    mv, delta, opnl, hpnl, pnl = values
    mv[:], delta[:] = model_es(spot, strike, vol, live.left)
    if not priced.all():
        values[:2, ~priced] = np.nan
    opnl[1:] = mv[1:] - mv[:-1]
    hpnl[1:] = -delta[:-1] * (spot[1:] - spot[:-1]) / strike[1:]
    values[2:4, live.first] = 0.0
    np.add(opnl, hpnl, out=pnl)
    # the sign of a computed NaN depends on its place in the array; answers are compared byte by byte
    values[np.isnan(values)] = np.nan
    return values


@_quietly
def model_es(spot: FloatArray, strike: FloatArray, vol: FloatArray, days: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return mv and delta of model ES, the formula of ``pricing.model_es`` for many straddles at once; NaN where that
    returns None.

    ``days`` must lie between 0 and 366.
    """
    from scipy.special import erfc

    tv = vol / 100
    tv *= _YEARS_ROOT.take(days)
    d1 = np.log(spot / strike)
    d1 /= tv
    tv *= 0.5
    d1 += tv
    tv *= 2.0
    d2 = d1 - tv
    d1 *= -ROOT_HALF
    d2 *= -ROOT_HALF
    twice_n1, twice_n2 = erfc(d1, out=d1), erfc(d2, out=d2)
    mv = spot * twice_n1
    twice_n2 *= strike
    mv -= twice_n2
    mv += strike
    mv -= spot
    mv /= strike
    delta = twice_n1
    delta -= 1.0
    _at_expiry(mv, delta, np.flatnonzero(days == 0), spot, strike)
    _without_value(mv, delta, (spot, strike, vol))
    return mv, delta


def _at_expiry(mv: FloatArray, delta: FloatArray, expiring: IntArray, spot: FloatArray, strike: FloatArray) -> None:
    spot, strike = spot[expiring], strike[expiring]
    mv[expiring] = np.abs(spot - strike) / strike
    delta[expiring] = np.where(spot >= strike, 1.0, -1.0)


def _without_value(mv: FloatArray, delta: FloatArray, inputs: tuple[FloatArray, ...]) -> None:
    """Remove the values of days on which a price, strike or vol is not positive."""
    if all(values.min(initial=np.inf) > TINY for values in inputs):
        return
    wrong = np.logical_or.reduce([values <= TINY for values in inputs])
    mv[wrong] = delta[wrong] = np.nan


Days = tuple[IntArray, IntArray]
"""Offsets of entry and expiry."""


def _write_table(
    data: Lanes, where: Places, prices: tuple[FloatArray, FloatArray], found: Days, table: FloatArray
) -> None:
    """Everything but the five values."""
    entry, expiry = found
    vol, hedge = prices
    inside = where.days[:, None] > _OFFSETS
    table[:, :, 0] = np.where(inside, (where.start + data.first_day)[:, None] + _OFFSETS, np.nan)
    table[:, :, 1], table[:, :, 2] = vol, hedge
    table[:, :, 3] = np.where(inside, 0.0, np.nan)
    for offset, code in ((entry, ENTRY), (expiry, EXPIRY)):
        lane = np.flatnonzero(offset != NONE)
        table[lane, offset[lane], 3] = code
    until = np.where(expiry == NONE, where.days - 1, expiry)
    shown = (entry[:, None] <= _OFFSETS) & (until[:, None] >= _OFFSETS) & (entry != NONE)[:, None]
    expires = np.where(expiry == NONE, np.nan, where.start + data.first_day + expiry)
    for column, value in ((4, _at(vol, entry)), (5, _at(hedge, entry)), (6, expires)):
        np.copyto(table[:, :, column], value[:, None], where=shown)


def _write_summary(
    data: Lanes, where: Places, found: Days, paid: tuple[FloatArray, FloatArray], summary: FloatArray
) -> None:
    """Everything but mv and the sums."""
    first = where.start + data.first_day
    summary[:, 0] = where.days
    for column, offset in enumerate(found, start=1):
        summary[:, column] = np.where(offset == NONE, np.nan, first + offset)
    summary[:, 3], summary[:, 4] = paid


def _write_sums(live: Live, values: FloatArray, summary: FloatArray) -> None:
    """mv on the entry day, and the sums of opnl, hpnl and pnl over the days that have them (the entry day always
    has)."""
    valued = live.lane[live.first]
    summary[valued, 5] = values[0, live.first]
    for column, row in enumerate(values[2:], start=6):
        # bincount adds in order, day after day, like the naive kernel
        sums = np.bincount(live.lane, weights=np.where(np.isnan(row), 0.0, row), minlength=len(summary))
        summary[valued, column] = sums[valued]
