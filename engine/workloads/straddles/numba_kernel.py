"""The numba kernel: machine code for one straddle after the other, which releases the GIL."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.workload import Tasks
from engine.workloads.prices import FloatArray, IntArray
from engine.workloads.straddles.calendar import LONGEST
from engine.workloads.straddles.data import StraddleData
from engine.workloads.straddles.lanes import lanes
from engine.workloads.straddles.result import SUMMARY_SHAPE, TABLE_SHAPE

if TYPE_CHECKING:
    from engine.workloads.straddles.compiled import Tables

BYTES_PER_TASK = 8 * LONGEST * 12
"""The result; a straddle is computed in a few kilobytes that all straddles share."""


@dataclass(frozen=True, eq=False)
class CompiledLanes:
    """The lookup tables, and the code that computes what is wanted from them."""

    tables: "Tables"
    fill: Callable[["Tables", IntArray, FloatArray], None]
    shape: tuple[int, ...]
    """Of one task's result."""


def prepare(data: StraddleData, device: str) -> CompiledLanes:
    """Resolve tickers and anchors, and compile; the prices are used where they are."""
    from engine.workloads.straddles import compiled

    found = lanes(data)
    prices = np.ascontiguousarray(found.prices).view()
    prices.flags.writeable = False
    tables = compiled.Tables(
        prices,
        found.first_day,
        found.first_month,
        found.starts,
        found.vol_row,
        np.ascontiguousarray(found.hedge_row),
        found.anchor,
        found.terms,
        found.components,
        found.priced,
    )
    fill, shape = (compiled.fill_tables, TABLE_SHAPE) if found.table else (compiled.fill_summaries, SUMMARY_SHAPE)
    ready = CompiledLanes(tables, fill, shape)
    evaluate(ready, [])
    return ready


def evaluate(data: CompiledLanes, tasks: Tasks) -> FloatArray:
    """Return the result of each task: [tasks, 92, 12] or, for ``rows=summary``, [tasks, 9]."""
    chunk = np.array(tasks, dtype=np.int64, order="C").reshape(-1, 4)
    results = np.empty((len(chunk), *data.shape))
    data.fill(data.tables, chunk, results)
    return results
