"""``workbench run``: the work itself, with a tuned config."""

import pickle
import time
import warnings
from pathlib import Path
from typing import Any

import click

from engine.errors import RequestError, WorkFailed
from engine.files import write_atomically
from workbench.commands.options import check_folder
from workbench.completing import files
from workbench.numbers import seconds as in_words

FORMATS = (".parquet", ".npy")


@click.command()
@click.option(
    "--config",
    "path",
    required=True,
    metavar="FILE",
    shell_complete=files,
    help="tuned config, from `workbench sweep --save-config`",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="write the results: .parquet or .npy")
def run(path: str, out: Path | None) -> int:
    """Run a workload with a tuned config.

    \b
    workbench run --config tuned.toml --out results.parquet

    On another machine than the config was made on, it says what differs and uses a safe plan.
    """
    check_folder(out, "--out")
    if out is not None and out.suffix not in FORMATS:
        raise RequestError(f"--out: {out}: the format is chosen by the ending; use one of {', '.join(FORMATS)}")
    from engine.plan import describe
    from engine.production import load_config
    from engine.production import run as run_config
    from engine.production.run import choose

    config = load_config(path)
    begun = time.perf_counter()
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        results = run_config(config)
    for note in notes:
        click.echo(f"workbench: {note.message}", err=True)
    took = in_words(time.perf_counter() - begun)
    plan = choose(config).plan
    click.echo(f"{len(results)} results of {config.workload} ({describe(plan)}) in {took}", err=True)
    if out is not None:
        write_results(results, out)
        click.echo(f"wrote {out}", err=True)
    return 0


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
    import io

    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, np.asarray(results), allow_pickle=False)
    return buffer.getvalue()
