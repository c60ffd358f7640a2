"""The pool: worker processes over one copy of the data, that nothing can kill and that hardly cost anything.

    data ──arena──> workers <──pieces── course <──tasks── you
                       └──slots or pipe──> course ──results──> you

    arena       one read-only block of shared memory with the data      sharedfile, arena, weighing
    starting    how a worker process comes to be and what ends it       lifeline
    worker      its body: set-up, then pieces                            computing, voice, slots, board
    crew        all workers: messages, deaths, replacements             channel, messages, advice
    course      one pass over tasks                                      order, ring, supply, schedule, sizing, watch
    workers     set-up, orders, courses and end in one                   limits
    api         the face for production code                             options, stream, interrupt

``engine.pool(...)`` makes a pool: see ``engine.pool.api.pool``.
"""

import contextlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.pool.api import Pool


class _Callable(ModuleType):
    """This package, which is also the function that makes a pool."""

    def __call__(self, *args: Any, **kwargs: Any) -> "Pool":
        if kwargs.get("start_method", "forkserver") == "forkserver":
            _start_nursery()
        from engine.pool.api import pool  # 0.1 s of imports, side by side with those of the nursery

        return pool(*args, **kwargs)


def _start_nursery() -> None:
    from engine.errors import WorkbenchError
    from engine.pool.starting.forkserver import make_ready

    with contextlib.suppress(WorkbenchError):  # entering the pool raises it, if it is entered
        make_ready()


sys.modules[__name__].__class__ = _Callable
