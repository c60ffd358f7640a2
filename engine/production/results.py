"""Writing the results of a run: .parquet or .npy, whole or not at all."""

import io
import pickle
from pathlib import Path
from typing import Any

from engine.errors import RequestError, WorkFailed
from engine.files import write_atomically

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


def write_results(results: Any, out: Path) -> None:
    """Write results by the ending of the file; what it cannot hold is kept beside it, pickled. Raises WorkFailed."""
    try:
        content = _parquet(results) if out.suffix == ".parquet" else _npy(results)
    except (ValueError, TypeError) as error:
        rescue = out.with_suffix(".pickle")
        write_atomically(rescue, pickle.dumps(results, protocol=5))
        raise WorkFailed(
            f"{out}: {out.suffix} cannot hold these results ({error}); they are kept in {rescue}"
        ) from None
    write_atomically(out, content)


def _parquet(results: Any) -> bytes:
    """One row per task: its position and its result; an array result is a fixed-size list in row-major order."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    if isinstance(results, np.ndarray):
        flat = pa.array(np.ascontiguousarray(results).reshape(-1))
        width = int(np.prod(results.shape[1:]))
        column = pa.FixedSizeListArray.from_arrays(flat, width) if results.ndim > 1 else flat
    else:
        column = pa.array(results)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"task": np.arange(len(results)), "result": column}), sink)
    return bytes(sink.getvalue())


def _npy(results: Any) -> bytes:
    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, np.asarray(results), allow_pickle=False)
    return buffer.getvalue()
