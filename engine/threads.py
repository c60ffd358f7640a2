"""How many threads the numerical libraries may use: set before they are imported, limited where they already are."""

import contextlib
import functools
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
)
"""Read by the libraries when they are imported, so a process that is to obey them must be started with them."""

_POOLS = (
    ("torch", "get_num_threads", "set_num_threads"),
    ("pyarrow", "cpu_count", "set_cpu_count"),
    ("numexpr", "get_num_threads", "set_num_threads"),
    ("polars", "thread_pool_size", None),
)
"""Modules with threads of their own, which threadpoolctl does not see: how to ask and how to set; None: only its
variable does."""


def environment(threads: int) -> dict[str, str]:
    """Return the variables that limit the libraries of a process to so many threads."""
    return dict.fromkeys(VARIABLES, str(threads))


@contextmanager
def library_threads(threads: int) -> Iterator[None]:
    """Limit the libraries of this process, and of every process it starts meanwhile, to so many threads."""
    from threadpoolctl import threadpool_limits

    before = {name: os.environ.get(name) for name in VARIABLES}
    os.environ.update(environment(threads))
    _keep_numba_compiling()
    try:
        with threadpool_limits(threads):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        _keep_numba_compiling()


def prepare_limits() -> None:
    """Do the slow part of ``limit_loaded`` and ``violations`` now, for this process and those it forks later.

    About 5 ms with NumPy loaded, 10 to 20 ms with pandas and torch as well. In a fork each of the two then costs 0.2 ms
    while nothing more is imported, and 1 to 2 ms for a new look when something was.
    """
    _native_libraries()


def limit_loaded(limit: int) -> None:
    """Let every library that is loaded in this process use ``limit`` threads (at least 1) from now on.

    OpenMP and Numba hold their limit per thread: call it in the thread that computes. What is imported later obeys the
    variables of ``environment``; what cannot be changed any more is left, ``violations`` names it.
    """
    for library in _native_libraries():
        if library.num_threads != limit:  # setting what is so already makes OpenBLAS restart its threads after a fork
            library.set_num_threads(limit)
    for name, count, setter in _POOLS:
        module = sys.modules.get(name)
        # one that is half imported, or refuses the number, is named by violations()
        with contextlib.suppress(AttributeError, RuntimeError, ValueError):
            if setter and getattr(module, count)() != limit:
                getattr(module, setter)(limit)
    _limit_numba(limit)


def violations(limit: int) -> tuple[str, ...]:
    """Say which loaded libraries may use more than ``limit`` threads, one sentence each; as cheap as ``limit_loaded``.

    Like ``openblas may use 8 threads instead of 1 (numpy.libs/libopenblas64.so)``.
    """
    counts = [(library.internal_api, library.num_threads, _place(library.filepath)) for library in _native_libraries()]
    counts.append(("numba", _numba_threads(), ""))
    for name, count, _ in _POOLS:
        with contextlib.suppress(AttributeError, RuntimeError, ValueError):
            counts.append((name, getattr(sys.modules.get(name), count)(), ""))
    return tuple(
        f"{name} may use {threads} threads instead of {limit}{place}"
        for name, threads, place in counts
        if threads and threads > limit
    )


def linear_algebra() -> tuple[tuple[str, str, int, str], ...]:
    """Return name, version, threads and file of each native library that computes with threads, NumPy's and SciPy's."""
    import numpy as np  # noqa: F401 - brings its library
    import scipy.linalg  # noqa: F401 - has one of its own

    libraries = _native_libraries()
    return tuple((each.internal_api, each.version or "", each.num_threads, _file(each.filepath)) for each in libraries)


def _file(path: str) -> str:
    return _place(path).strip(" ()")


def _place(path: str) -> str:
    """The file, with the folder where that is a package's own: ``numpy.libs/libopenblas64.so``."""
    file = PurePath(path)
    return f" ({file.parent.name}/{file.name})" if file.parent.name.endswith(".libs") else f" ({file.name})"


def _native_libraries() -> tuple[Any, ...]:
    import threadpoolctl  # noqa: F401 - before the modules are counted

    return _scan(len(sys.modules))


@functools.lru_cache(maxsize=1)
def _scan(modules: int) -> tuple[Any, ...]:
    """The loaded BLAS and OpenMP libraries. Libraries come with an import, so another look is needed only when there
    are more modules than at the last one."""
    from threadpoolctl import ThreadpoolController

    return tuple(ThreadpoolController().lib_controllers)


def _numba() -> Any:
    """The module of Numba that owns its threads; None: Numba is not imported."""
    return sys.modules.get("numba.np.ufunc.parallel")


def _limit_numba(limit: int) -> None:
    """Limit Numba without starting its threads: ``numba.set_num_threads`` would start them just to let them sleep."""
    pool = _numba()
    if pool is None:
        return
    if pool._is_initialized:
        pool.set_num_threads(min(limit, pool.config.NUMBA_NUM_THREADS))
        _keep_numba_compiling()
    else:
        pool.config.NUMBA_NUM_THREADS = pool.NUM_THREADS = limit
        os.environ["NUMBA_NUM_THREADS"] = str(limit)  # read again before each compilation


def _numba_threads() -> int:
    pool = _numba()
    if pool is None:
        return 0
    return int(pool.get_num_threads() if pool._is_initialized else pool.NUM_THREADS)


def _keep_numba_compiling() -> None:
    """Once its threads run, Numba refuses to compile while its variable says another number than they were started
    with."""
    pool = _numba()
    if pool is not None and pool._is_initialized:
        os.environ["NUMBA_NUM_THREADS"] = str(pool.config.NUMBA_NUM_THREADS)
