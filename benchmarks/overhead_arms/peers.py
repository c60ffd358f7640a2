"""Every pool in the run, in one visible table: how it is opened, and the ways to hand it tasks.

Each peer is used as its own documentation shows, with its own default start method and nothing switched on.
"""

import contextlib
import importlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from operator import itemgetter
from typing import Any

from overhead_arms.ceiling import Copies, open_copies
from overhead_arms.work import DTYPE, SHAPE, Function

WORKERS = 2
"""Of every pool: what the smallest machine has cores for."""

CHUNK = 100
"""Tasks per chunk for those peers that leave the choice to their user; 10 to 1000 differ by little."""

OWN, AGAIN, COPIES = "engine.pool", "engine.pool again", "bare copies"

Run = Callable[[Any, Function, Sequence[int], bool], Iterable[Any]]
"""``run(pool, function, tasks, tables)``: the results of all tasks; ``tables``: each is the 76 x 20 table."""


@dataclass(frozen=True)
class Arm:
    """One way of handing tasks to a pool."""

    name: str
    run: Run
    slow: bool = False
    """A message per task, 20 to 250 µs: gets a part of the tasks where a task is nothing but dispatch."""
    ordered: bool = True
    """Results come in task order."""
    usual: bool = True
    """Taken for useful work of 5 ms and more as well, where chunks of a hundred would leave workers idle."""
    prepare: Callable[[Any, Function, Sequence[int]], None] | None = None
    """What has to be done before the clock starts."""
    fetch: Callable[[Any], list[Any]] | None = None
    """Fetches the results after the clock has stopped, where ``run`` does not return them."""
    seconds: Callable[[Any], float] | None = None
    """Tells how long the last run took, where the clock around it is not what counts."""


@dataclass(frozen=True)
class Peer:
    """A pool and the arms it is measured with."""

    name: str
    module: str
    """What has to be importable."""
    extra: str
    """Which extra of the project installs it; empty: part of Python, or ours."""
    open: Callable[[], contextlib.AbstractContextManager[Any]]
    arms: tuple[Arm, ...]

    def missing(self) -> str | None:
        """Return why it cannot take part, or None if it can."""
        try:
            importlib.import_module(self.module)
        except ImportError as error:
            return f"not installed: pip install 'workbench[{self.extra}]'" if self.extra else f"not available: {error}"
        return None

    def arm(self, name: str) -> Arm:
        """Return the arm of that name."""
        return next(arm for arm in self.arms if arm.name == name)


# --- engine.pool


def open_own(workers: int = WORKERS, **options: Any) -> contextlib.AbstractContextManager[Any]:
    """Return a pool of ours; ``options`` are those of ``engine.pool``."""
    import engine

    opened: contextlib.AbstractContextManager[Any] = engine.pool(workers=workers, **options)
    return opened


def _declared(tables: bool) -> dict[str, Any]:
    from engine import ResultSpec

    return {"result": ResultSpec(DTYPE, SHAPE)} if tables else {}


def _own(chunk: int | str, pool: Any, function: Function, tasks: Sequence[int], tables: bool) -> Iterable[Any]:
    results: Iterable[Any] = pool.map(function, tasks, chunk_size=chunk, **_declared(tables))
    return results


def _own_unordered(pool: Any, function: Function, tasks: Sequence[int], tables: bool) -> Iterable[Any]:
    return map(itemgetter(1), pool.unordered(function, tasks, **_declared(tables)))


def _own_pickled(pool: Any, function: Function, tasks: Sequence[int], tables: bool) -> Iterable[Any]:
    results: Iterable[Any] = pool.map(function, tasks)
    return results


FIXED_CHUNKS = (1, 10, 100, 1000)

OWN_ARMS = (
    Arm("auto chunk", partial(_own, "auto")),
    *(Arm(f"chunk {size}", partial(_own, size), slow=size == 1, usual=False) for size in FIXED_CHUNKS),
    Arm("unordered", _own_unordered, ordered=False, usual=False),
    Arm("form not declared", _own_pickled, usual=False),
)


# --- concurrent.futures


def _open_futures() -> contextlib.AbstractContextManager[Any]:
    from concurrent.futures import ProcessPoolExecutor

    return ProcessPoolExecutor(WORKERS)


def _futures(chunk: int, pool: Any, function: Function, tasks: Sequence[int], tables: bool) -> Iterable[Any]:
    results: Iterable[Any] = pool.map(function, tasks, chunksize=chunk)
    return results


# --- multiprocessing.Pool


def _open_multiprocessing() -> contextlib.AbstractContextManager[Any]:
    from multiprocessing import Pool

    return Pool(WORKERS)


def _imap_unordered(pool: Any, function: Function, tasks: Sequence[int], tables: bool) -> Iterable[Any]:
    results: Iterable[Any] = pool.imap_unordered(function, tasks)
    return results


def _imap(pool: Any, function: Function, tasks: Sequence[int], tables: bool) -> Iterable[Any]:
    results: Iterable[Any] = pool.imap(function, tasks, chunksize=CHUNK)
    return results


def _pool_map(pool: Any, function: Function, tasks: Sequence[int], tables: bool) -> Iterable[Any]:
    results: Iterable[Any] = pool.map(function, tasks)
    return results


# --- joblib


def _open_joblib() -> contextlib.AbstractContextManager[Any]:
    from joblib import Parallel

    opened: contextlib.AbstractContextManager[Any] = Parallel(n_jobs=WORKERS, backend="loky", batch_size="auto")
    return opened


def _joblib(pool: Any, function: Function, tasks: Sequence[int], tables: bool) -> Iterable[Any]:
    from joblib import delayed

    job = delayed(function)
    results: Iterable[Any] = pool(job(task) for task in tasks)
    return results


# --- mpire


def _open_mpire() -> contextlib.AbstractContextManager[Any]:
    from mpire.pool import WorkerPool

    opened: contextlib.AbstractContextManager[Any] = WorkerPool(n_jobs=WORKERS, keep_alive=True)
    return opened


def _mpire(chunk: int | None, pool: Any, function: Function, tasks: Sequence[int], tables: bool) -> Iterable[Any]:
    # its default joins the tables of all tasks into one array, which nobody else is asked to do
    results: Iterable[Any] = pool.map(function, tasks, chunk_size=chunk, concatenate_numpy_output=False)
    return results


# --- pebble


@contextlib.contextmanager
def _open_pebble() -> Iterator[Any]:
    from pebble import ProcessPool

    with ProcessPool(max_workers=WORKERS) as pool:
        yield pool


def _pebble(chunk: int, pool: Any, function: Function, tasks: Sequence[int], tables: bool) -> Iterable[Any]:
    results: Iterable[Any] = pool.map(function, tasks, chunksize=chunk).result()
    return results


# --- Ray


@contextlib.contextmanager
def _open_ray() -> Iterator[Any]:
    import ray

    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH120, PTH100 - a plain text for Ray
    ray.init(
        num_cpus=WORKERS,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": folder}},
    )
    try:
        yield ray
    finally:
        ray.shutdown()


def _ray(chunk: int, pool: Any, function: Function, tasks: Sequence[int], tables: bool) -> Iterable[Any]:
    remote = pool.remote(_ray_chunk)
    parts = [remote.remote(function, tasks[start : start + chunk]) for start in range(0, len(tasks), chunk)]
    for part in parts:
        yield from pool.get(part)


def _ray_chunk(function: Function, tasks: Sequence[int]) -> list[object]:
    return [function(task) for task in tasks]


# --- bare copies


def _open_bare() -> contextlib.AbstractContextManager[Any]:
    return open_copies(WORKERS)


def _bare(pool: Any, function: Function, tasks: Sequence[int], tables: bool) -> Iterable[Any]:
    pool.run()
    return ()


_BARE_ARM = Arm("half each", _bare, prepare=Copies.prepare, fetch=Copies.results, seconds=Copies.seconds)


PEERS: tuple[Peer, ...] = (
    Peer(OWN, "engine.pool", "", open_own, OWN_ARMS),
    Peer(AGAIN, "engine.pool", "", open_own, OWN_ARMS[:1]),
    Peer(
        "concurrent.futures",
        "concurrent.futures",
        "",
        _open_futures,
        (
            Arm("chunk 1", partial(_futures, 1), slow=True),
            Arm(f"chunk {CHUNK}", partial(_futures, CHUNK), usual=False),
        ),
    ),
    Peer(
        "multiprocessing.Pool",
        "multiprocessing.pool",
        "",
        _open_multiprocessing,
        (
            Arm("imap_unordered, chunk 1", _imap_unordered, slow=True, ordered=False),
            Arm(f"imap, chunk {CHUNK}", _imap, usual=False),
            Arm("map, its own chunks", _pool_map),
        ),
    ),
    Peer("joblib", "joblib", "bench", _open_joblib, (Arm("loky, auto batch", _joblib),)),
    Peer(
        "mpire",
        "mpire",
        "bench",
        _open_mpire,
        (
            Arm("its own chunks", partial(_mpire, None)),
            Arm("chunk 1", partial(_mpire, 1), slow=True, usual=False),
            Arm(f"chunk {CHUNK}", partial(_mpire, CHUNK), usual=False),
        ),
    ),
    Peer(
        "pebble",
        "pebble",
        "bench",
        _open_pebble,
        (
            Arm("chunk 1", partial(_pebble, 1), slow=True),
            Arm(f"chunk {CHUNK}", partial(_pebble, CHUNK), usual=False),
        ),
    ),
    Peer(
        "Ray",
        "ray",
        "cluster",
        _open_ray,
        (
            Arm("a task each", partial(_ray, 1), slow=True),
            Arm(f"chunks of {CHUNK}", partial(_ray, CHUNK), usual=False),
        ),
    ),
)
"""In the order of the tables; the first is ours, the second the same again: what the machine's noise alone makes."""

BARE = Peer(COPIES, "multiprocessing", "", _open_bare, (_BARE_ARM,))
"""Not a pool: what the machine gives to processes that nobody organises."""


def find_peer(name: str) -> Peer:
    """Return the peer of that name."""
    return next(peer for peer in (*PEERS, BARE) if peer.name == name)


def versions() -> dict[str, str]:
    """Return the installed versions of the peers that are not part of Python."""
    found = {}
    for name in ("joblib", "mpire", "pebble", "ray", "numpy"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found
