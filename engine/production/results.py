"""Writing the results of a run: .parquet or .npy, whole or not at all."""

import io
import pickle
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.chunks import describe_task
from engine.errors import RequestError, WorkFailed
from engine.files import write_atomically
from engine.workload import Tasks

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = (".parquet", ".npy")


def check_out(out: Path, where: str = "") -> None:
    """Find out before the work that results cannot be written after it; ``where``: what named the file.

    Raises RequestError.
    """
    prefix = f"{where}: " if where else ""
    if not out.resolve().parent.is_dir():
        raise RequestError(f"{prefix}there is no folder {out.parent}")
    if out.is_dir():
        raise RequestError(f"{prefix}{out} is a folder")
    if out.suffix not in FORMATS:
        raise RequestError(f"{prefix}{out}: the format is chosen by the ending; use one of {', '.join(FORMATS)}")


def write_results(results: Any, tasks: Tasks, out: Path) -> None:
    """Write results by the ending of the file, one for each task; what it cannot hold is kept beside it, pickled.

    Raises WorkFailed.
    """
    try:
        content = _parquet(results, tasks) if out.suffix == ".parquet" else _npy(results)
    except (ValueError, TypeError) as error:
        rescue = out.with_suffix(".pickle")
        write_atomically(rescue, pickle.dumps(results, protocol=5))
        raise WorkFailed(
            f"{out}: {out.suffix} cannot hold these results ({error}); they are kept in {rescue}"
        ) from None
    write_atomically(out, content)


def _parquet(results: Any, tasks: Tasks) -> bytes:
    """One row per task: its position, its parameters and its result."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {"task": pa.array(range(len(tasks))), "parameters": _parameters(tasks), "result": _column(results)}
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())


def _column(values: Any) -> "pa.Array":
    """Values as Arrow has them; rows of an array are fixed-size lists in row-major order."""
    import numpy as np
    import pyarrow as pa

    if not isinstance(values, np.ndarray):
        return pa.array(values)
    flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, int(np.prod(values.shape[1:]))) if values.ndim > 1 else flat


def _parameters(tasks: Any) -> "pa.Array":
    """Tasks as numbers, text, lists, or structs where their parts have names; as messages have them where Arrow has no
    type for them all."""
    import numpy as np

    try:
        return _column(tasks if isinstance(tasks, np.ndarray) else [_named(task) for task in tasks])
    except (ValueError, TypeError, NotImplementedError, OverflowError):
        return _column([describe_task(task) for task in tasks])


def _named(task: Any) -> Any:
    """A task as a dict where its parts have names."""
    if is_dataclass(task):
        return {field.name: getattr(task, field.name) for field in fields(task)}
    return task._asdict() if isinstance(task, tuple) and hasattr(task, "_asdict") else task


def _npy(results: Any) -> bytes:
    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, np.asarray(results), allow_pickle=False)
    return buffer.getvalue()
