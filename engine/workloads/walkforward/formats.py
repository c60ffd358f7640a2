"""Prices in one of four formats, so that what reading them in every fold costs is measured.

Only decoding is measured: the bytes of a CSV, Parquet or Arrow file are held as one array, which workers share like
any other, as they would share the page cache. In the format ``arrow`` the columns are used where they are, as with a
memory-mapped file; nothing is written to disc, so nothing needs to be removed.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.workloads.walkforward.bars import FIELDS, Bars

FORMATS = ("memory", "arrow", "parquet", "csv")


@dataclass(frozen=True, eq=False)
class FormattedPrices:
    """A file of bars: a row per asset and day, all days of the first asset first."""

    format: str
    content: NDArray[np.uint8]
    """The bytes of the file."""
    assets: int


Prices = Bars | FormattedPrices


def formatted(bars: Bars, form: str) -> Prices:
    """Return the bars in a format; for ``memory`` the bars themselves."""
    if form == "memory":
        return bars
    from pyarrow import csv, ipc, parquet

    table, file = _table(bars), BytesIO()
    if form == "csv":
        csv.write_csv(table, file)
    elif form == "parquet":
        parquet.write_table(table, file)
    else:
        with ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
    return FormattedPrices(form, np.frombuffer(file.getvalue(), dtype=np.uint8), len(bars.close))


def open_bars(prices: Prices) -> Bars:
    """Return the bars, decoding them anew unless they are in memory; the numbers are the same in every format."""
    if isinstance(prices, Bars):
        return prices
    import pyarrow as pa

    table = _decoded(prices)
    days = table.column("date").slice(0, table.num_rows // prices.assets).cast(pa.int32()).to_numpy()
    return Bars(days.astype(np.int64), *(_column(table, name).reshape(prices.assets, -1) for name in FIELDS))


def prepare_reading(prices: Prices) -> None:
    """Import what ``open_bars`` needs, so that set-up pays for it and not the first run."""
    if not isinstance(prices, Bars):
        open_bars(prices)


def _table(bars: Bars) -> Any:
    import pyarrow as pa

    assets = np.repeat([f"asset {asset}" for asset in range(len(bars.close))], len(bars.days))
    dates = np.tile(bars.days.astype("datetime64[D]"), len(bars.close))
    return pa.table({"asset": assets, "date": dates} | {name: getattr(bars, name).reshape(-1) for name in FIELDS})


def _decoded(prices: FormattedPrices) -> Any:
    import pyarrow as pa
    from pyarrow import csv, ipc, parquet

    source = pa.py_buffer(prices.content)
    if prices.format == "arrow":
        return ipc.open_file(source).read_all()
    if prices.format == "parquet":
        return parquet.read_table(pa.BufferReader(source), use_threads=False)
    types = {"date": pa.date32()} | dict.fromkeys(FIELDS, pa.float64())
    return csv.read_csv(
        pa.BufferReader(source),
        read_options=csv.ReadOptions(use_threads=False),
        convert_options=csv.ConvertOptions(column_types=types),
    )


def _column(table: Any, name: str) -> Any:
    """A column as an array, without a copy where it lies in one piece."""
    column = table.column(name)
    if column.num_chunks == 1:
        return column.chunk(0).to_numpy(zero_copy_only=True)
    return column.combine_chunks().to_numpy(zero_copy_only=False)
