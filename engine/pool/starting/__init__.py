"""How a worker process comes to be and what ends it: three start methods behind one contract.

forkserver  forked from a process that has imported what workers need, and runs no threads: 3 ms
spawn       a fresh interpreter: 40 ms, and every import again
fork        a copy of the engine as it is: 3 ms, and whatever its other threads held locked stays locked
"""

import importlib
from collections.abc import Sequence
from typing import cast

from engine.errors import UnknownName
from engine.pool.starting.contract import Process, Starter

__all__ = ["START_METHODS", "Process", "Starter", "starter"]

START_METHODS = {
    "forkserver": "engine.pool.starting.forkserver:ForkServer",
    "spawn": "engine.pool.starting.spawn:Spawn",
    "fork": "engine.pool.starting.fork:Fork",
}
"""Where each start method lives; loaded when first used, because every new process imports this table."""


def starter(method: str, preload: Sequence[str] = (), threads: int = 1) -> Starter:
    """Return the start method of that name.

    ``preload`` names modules that workers will import; "__main__" stands for the user's script. The fork server
    imports them once, ahead of its workers; the other start methods have no use for them. ``threads`` is how many
    numerical libraries may use in each worker. Raises UnknownName.
    """
    if method not in START_METHODS:
        raise UnknownName("start method", method, START_METHODS)
    module, _, name = START_METHODS[method].partition(":")
    return cast(Starter, getattr(importlib.import_module(module), name)(tuple(preload), threads))
