"""One row for each plan and block with the raw samples, so that anyone can repeat the statistics."""

import json
from collections.abc import Sequence
from statistics import median
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from engine.exports.base import Export, knob_columns, measurements
from engine.report import Measurement, Noise, SweepReport

_SENSORS: dict[str, Any] = {
    "stolen": pa.float64(),
    "others": pa.float64(),
    "throttled": pa.float64(),
    "pressure": pa.float64(),
    "switches": pa.float64(),
    "megahertz": pa.float64(),
    "reasons": pa.list_(pa.string()),
}
"""The fields of Noise."""


def render(report: SweepReport) -> bytes:
    """Return the table as a Parquet file: knobs, ``block``, ``setup``, ``first_run``, ``steady`` (every steady run),
    ``seconds`` (their median), ``counted``, and ``noise.NAME``. Seconds throughout. Host, workload and the seconds of
    the control are JSON in the metadata of the file, under the key ``workbench``."""
    sink = pa.BufferOutputStream()
    pq.write_table(table_of(report), sink)
    return bytes(sink.getvalue())


def table_of(report: SweepReport) -> Any:
    """Return the same as an Arrow table."""
    rows = [(index, each) for index, trial in enumerate(report.trials) for each in measurements(trial)]
    columns = {name: _knob([values[index] for index, _ in rows]) for name, values in knob_columns(report)}
    columns |= _samples([each for _, each in rows])
    facts = {
        "schema": report.schema,
        "created": report.created,
        "workbench": report.workbench,
        "host": msgspec.to_builtins(report.host),
        "workload": msgspec.to_builtins(report.workload),
        "control_seconds": report.control_seconds,
    }
    return pa.table(columns).replace_schema_metadata({"workbench": json.dumps(facts)})


def _samples(rows: Sequence[Measurement]) -> dict[str, Any]:
    noise = [each.noise or Noise() for each in rows]
    times: dict[str, Any] = {
        "block": pa.array([each.block for each in rows], pa.int64()),
        "setup": pa.array([each.setup for each in rows], pa.float64(), from_pandas=True),  # unknown: null, not NaN
        "first_run": pa.array([each.first_run for each in rows], pa.float64(), from_pandas=True),
        "steady": pa.array([each.steady for each in rows], pa.list_(pa.float64())),
        "seconds": pa.array([median(each.steady) if each.steady else None for each in rows], pa.float64()),
        "counted": pa.array([not each.reasons for each in noise], pa.bool_()),
    }
    sensed = [each.noise is not None for each in rows]
    for name, kind in _SENSORS.items():
        values = [getattr(each, name) if known else None for each, known in zip(noise, sensed, strict=True)]
        times[f"noise.{name}"] = pa.array(values, kind)
    return times


def _knob(values: Sequence[object]) -> Any:
    """A column of one type: text where the values are of several, such as ``auto`` and 64."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return pa.array([None if value is None else float(str(value)) for value in values], pa.float64())
    if len(kinds) > 1:
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    return pa.array(values) if kinds else pa.nulls(len(values), pa.string())


PARQUET = Export("parquet", ".parquet", "one row for each plan and block, with the raw samples", render, text=False)
