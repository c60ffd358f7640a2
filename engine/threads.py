"""How many threads the numerical libraries may use: set before they are imported, limited where they already are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

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


def environment(threads: int) -> dict[str, str]:
    """Return the variables that limit the libraries of a process to so many threads."""
    return dict.fromkeys(VARIABLES, str(threads))


@contextmanager
def library_threads(threads: int) -> Iterator[None]:
    """Limit the libraries of this process, and of every process it starts meanwhile, to so many threads."""
    from threadpoolctl import threadpool_limits

    before = {name: os.environ.get(name) for name in VARIABLES}
    os.environ.update(environment(threads))
    try:
        with threadpool_limits(threads):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
