"""The torch kernel: a chunk of straddles at once on a device, in double precision.

Every lane is a row of 92 days and every step works on the whole [lanes, 92] grid: a device prefers that to laying days
end to end.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import Lacking
from engine.workload import Tasks
from engine.workloads.prices import FloatArray
from engine.workloads.straddles.calendar import LONGEST
from engine.workloads.straddles.data import StraddleData
from engine.workloads.straddles.lanes import NONE, Lanes, lanes, places
from engine.workloads.straddles.pricing import ROOT_HALF, TINY
from engine.workloads.straddles.result import ENTRY, EXPIRY

if TYPE_CHECKING:
    from torch import Tensor

_GRIDS = 28
"""Arrays of [lanes, 92] doubles alive at the same time, without the result."""

BYTES_PER_TASK = 8 * LONGEST * (12 + _GRIDS)


@dataclass(frozen=True, eq=False)
class DeviceLanes:
    """The lookup tables, and the prices on the device."""

    lanes: Lanes
    prices: "Tensor"
    """[rows * days]"""


@dataclass(frozen=True, eq=False)
class Grid:
    """Where the straddles of a chunk are, on the device: like Places, each [lanes, 1], plus the day offsets [1, 92]."""

    offsets: "Tensor"
    start: "Tensor"
    days: "Tensor"
    entry_days: "Tensor"
    target: "Tensor"
    anchor: "Tensor"
    has_entry_anchor: "Tensor"
    vol_row: "Tensor"
    hedge_rows: "Tensor"
    """[hedges, lanes, 1]"""
    priced: "Tensor"

    @property
    def inside(self) -> "Tensor":
        """[lanes, 92] bool: the day belongs to the straddle."""
        return self.offsets < self.days


def prepare(data: StraddleData, device: str) -> DeviceLanes:
    """Resolve tickers and anchors, and copy the prices to the device. Raises Lacking on a device without double
    precision."""
    import torch

    if device == "mps":
        raise Lacking(
            "the torch kernel of straddles computes in double precision, which mps lacks; use --device cpu or cuda"
        )
    tables = lanes(data)
    return DeviceLanes(tables, torch.tensor(tables.prices.reshape(-1), dtype=torch.float64, device=device))


def evaluate(data: DeviceLanes, tasks: Tasks) -> FloatArray:
    """Return the result of each task: [tasks, 92, 12] or, for ``rows=summary``, [tasks, 9]."""
    import torch

    with torch.inference_mode():
        grid = _grid(data, np.asarray(tasks))
        vol, hedge, good = _gather(data, grid)
        entry, expiry = _find_days(grid, good)
        live = _between(grid, entry, expiry) & (expiry != NONE)
        strike, strike_vol = _at(hedge, entry), _at(vol, entry)
        values = _values(grid, (_rolled(hedge), strike, _rolled(vol)), (entry, expiry), live)
        first_day = grid.start + data.lanes.first_day
        if data.lanes.table:
            result = _table(grid, first_day, (vol, hedge), (strike_vol, strike), (entry, expiry), values)
        else:
            result = _summary(grid, first_day, (strike, strike_vol), (entry, expiry), values)
        numbers: FloatArray = result.masked_fill(result.isnan(), float("nan")).cpu().numpy()
    return numbers


def _grid(data: DeviceLanes, tasks: np.ndarray) -> Grid:
    import torch

    device = data.prices.device
    where = places(data.lanes, tasks)
    columns = {name: torch.tensor(value[..., None], device=device) for name, value in vars(where).items()}
    return Grid(offsets=torch.arange(LONGEST, device=device)[None, :], **columns)


def _gather(data: DeviceLanes, grid: Grid) -> tuple["Tensor", "Tensor", "Tensor"]:
    """Vol, first hedge and good days, each [lanes, 92]; NaN past the last day."""
    import torch

    vol, *hedges = (_take(data, row, grid) for row in (grid.vol_row, *grid.hedge_rows))
    good = torch.isfinite(vol)
    for hedge in hedges:
        good = good & torch.isfinite(hedge)
    return vol, hedges[0], good


def _take(data: DeviceLanes, row: "Tensor", grid: Grid) -> "Tensor":
    width = data.lanes.prices.shape[1]
    cells = row * width + grid.start + grid.offsets
    taken = data.prices[cells.clamp(0, len(data.prices) - 1)]
    return taken.masked_fill(~grid.inside | (row == NONE), float("nan"))


def _find_days(grid: Grid, good: "Tensor") -> tuple["Tensor", "Tensor"]:
    """Offsets of entry and expiry, each [lanes, 1], or NONE."""
    month = good & (grid.offsets < grid.entry_days)
    last = month.mul(grid.offsets + 1).amax(dim=1, keepdim=True) - 1
    entry = _first(grid, month & (grid.offsets >= grid.target))
    entry = entry.where(entry != NONE, last)
    return entry.masked_fill(~grid.has_entry_anchor, NONE), _first(grid, good & (grid.offsets >= grid.anchor))


def _first(grid: Grid, marked: "Tensor") -> "Tensor":
    """Offset of the first marked day, [lanes, 1], or NONE."""
    found = grid.offsets.where(marked, LONGEST).amin(dim=1, keepdim=True)
    return found.masked_fill(found == LONGEST, NONE)


def _at(values: "Tensor", offset: "Tensor") -> "Tensor":
    """The value of each lane at an offset, [lanes, 1]; NaN where that is NONE."""
    return values.gather(1, offset.clamp(min=0)).masked_fill(offset == NONE, float("nan"))


def _between(grid: Grid, entry: "Tensor", expiry: "Tensor") -> "Tensor":
    """[lanes, 92] bool: from entry to expiry, or to the end where there is no expiry."""
    until = expiry.where(expiry != NONE, grid.days - 1)
    return (entry != NONE) & (grid.offsets >= entry) & (grid.offsets <= until)


def _rolled(values: "Tensor") -> "Tensor":
    """The values with a missing one replaced by the last before it."""
    import torch

    offsets = torch.arange(LONGEST, device=values.device).expand_as(values)
    latest = offsets.masked_fill(values.isnan(), 0).cummax(dim=1).values
    return values.gather(1, latest)


def _values(
    grid: Grid, inputs: tuple["Tensor", "Tensor", "Tensor"], found: tuple["Tensor", "Tensor"], live: "Tensor"
) -> tuple["Tensor", ...]:
    """mv, delta, opnl, hpnl, pnl, each [lanes, 92]; NaN outside the live days. ``inputs``: spot, strike, vol;
    ``found``: entry, expiry."""
    nan = float("nan")
    spot, strike, _ = inputs
    entry, expiry = found
    mv, delta = model_es(*inputs, expiry - grid.offsets)
    mv, delta = (value.masked_fill(~grid.priced, nan) for value in (mv, delta))
    opnl, hpnl = mv.new_full(mv.shape, nan), mv.new_full(mv.shape, nan)
    opnl[:, 1:] = mv[:, 1:] - mv[:, :-1]
    hpnl[:, 1:] = -delta[:, :-1] * (spot[:, 1:] - spot[:, :-1]) / strike
    opnl, hpnl = (value.masked_fill(grid.offsets == entry, 0.0) for value in (opnl, hpnl))
    return tuple(value.masked_fill(~live, nan) for value in (mv, delta, opnl, hpnl, opnl + hpnl))


def model_es(spot: "Tensor", strike: "Tensor", vol: "Tensor", days: "Tensor") -> tuple["Tensor", "Tensor"]:
    """Return mv and delta of model ES, the formula of ``pricing.model_es``; NaN where that returns None."""
    import torch

    # whole numbers divide into single precision unless told otherwise
    tv = vol / 100 * torch.sqrt(days.clamp(min=0).double() / 365)
    d1 = torch.log(spot / strike) / tv + 0.5 * tv
    twice_n1, twice_n2 = torch.special.erfc(-d1 * ROOT_HALF), torch.special.erfc(-(d1 - tv) * ROOT_HALF)
    mv = (spot * twice_n1 - strike * twice_n2 + strike - spot) / strike
    now = days == 0
    mv = mv.where(~now, (spot - strike).abs() / strike)
    delta = (twice_n1 - 1.0).where(~now, (spot >= strike).to(mv.dtype) * 2.0 - 1.0)
    valued = (spot > TINY) & (strike > TINY) & (vol > TINY) & (days >= 0)
    return mv.where(valued, float("nan")), delta.where(valued, float("nan"))


Pair = tuple["Tensor", "Tensor"]


def _table(
    grid: Grid, first_day: "Tensor", prices: Pair, strikes: Pair, found: Pair, values: tuple["Tensor", ...]
) -> "Tensor":
    """[lanes, 92, 12]"""
    import torch

    nan = float("nan")
    entry, expiry = found
    shown = _between(grid, entry, expiry)
    action = (grid.offsets == entry).double() * ENTRY + (grid.offsets == expiry).double() * EXPIRY
    expires = (first_day + expiry).double().masked_fill(expiry == NONE, nan)
    columns = (
        (first_day + grid.offsets).double().masked_fill(~grid.inside, nan),
        *prices,
        action.masked_fill(~grid.inside, nan),
        *(value.expand_as(shown).masked_fill(~shown, nan) for value in (*strikes, expires)),
        *values,
    )
    return torch.stack(columns, dim=2)


def _summary(grid: Grid, first_day: "Tensor", strikes: Pair, found: Pair, values: tuple["Tensor", ...]) -> "Tensor":
    """[lanes, 9]"""
    import torch

    entry, expiry = found
    valued = (entry != NONE) & (expiry != NONE)
    mv, _, *profits = values
    days = [(first_day + offset).double().masked_fill(offset == NONE, float("nan")) for offset in found]
    sums = [profit.nansum(dim=1, keepdim=True).masked_fill(~valued, float("nan")) for profit in profits]
    return torch.cat([grid.days.double(), *days, *strikes, _at(mv, entry), *sums], dim=1)
