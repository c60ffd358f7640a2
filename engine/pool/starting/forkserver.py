"""forkserver: workers are forked from a nursery, which has imported what they need and runs no threads.

The engine process has one nursery for all its pools, started when first needed. One that dies takes its workers with
it, and the next start makes another. One that can no longer be forked, because a module it was told to import has
started a thread, stays until its workers have ended; its successor leaves that module to the workers.
"""

import os
import threading
from collections import Counter
from collections.abc import Sequence
from socket import socket

from engine.errors import WorkFailed
from engine.pool.starting.client import Client, Lost
from engine.pool.starting.contract import Process
from engine.pool.starting.preparation import MAIN, preparation, refuse_while_importing

_ATTEMPTS = 3
"""Nurseries that one start may lose, apart from those that an import ends."""
_LOSSES = 2
"""Nurseries lost while they imported a module, after which it is left to the workers; one may have been killed."""


class _Shared:
    """What all pools of this process share. Forgotten in a forked child."""

    lock = threading.Lock()
    client: Client | None = None
    losses: Counter[str] = Counter()
    excluded: set[str] = set()
    """Modules that end a nursery, or start threads in it."""


def make_ready() -> None:
    """Start the nursery, so that it imports what every worker needs while the engine is still importing its own.

    Raises Lacking, and RequestError when called while a child imports the main module.
    """
    refuse_while_importing()
    with _Shared.lock:
        _Shared.client = _Shared.client or Client()


def start_afresh() -> None:
    """Part with the nursery, so that the next pool starts one of its own, as the first pool of a program does.

    It ends now, or with the last of its workers.
    """
    with _Shared.lock:
        _part()


class ForkServer:
    """Starts workers by forking the nursery; ``preload`` names modules for it to import before."""

    def __init__(self, preload: Sequence[str] = (), threads: int = 1) -> None:
        """``threads`` is for the worker to see to: the nursery itself may have one."""
        self._preload = tuple(preload)

    def start(self, channel: socket, body: str) -> Process:
        """Start a process that calls ``body`` with the channel. Raises Lacking, RequestError, WorkFailed."""
        refuse_while_importing()
        wanted = ("numpy", body.partition(":")[0], *self._preload)
        with _Shared.lock:
            for _ in range(_ATTEMPTS):
                try:
                    return _ready(wanted).fork(channel, body)
                except Lost:
                    _part()
        raise WorkFailed(
            f"the process that starts workers ended {_ATTEMPTS} times in a row; standard error may say why"
        )


def _ready(wanted: Sequence[str]) -> Client:
    """Return a nursery that has imported what is wanted, as far as it can be imported there."""
    while True:
        client = _Shared.client = _Shared.client or Client()
        missing = [name for name in wanted if name not in client.imported | _Shared.excluded]
        if not missing:
            return client
        if not _import(client, missing[0]):
            _part()


def _import(client: Client, name: str) -> bool:
    """Let a nursery import a module; say whether it can still be forked."""
    try:
        threads = client.prepare(preparation()) if name == MAIN else client.import_module(name)
    except Lost:
        _Shared.losses[name] += 1
        if _Shared.losses[name] == _LOSSES:
            _Shared.excluded.add(name)
        return False
    client.imported.add(name)
    if threads > 1:
        _Shared.excluded.add(name)
    return threads == 1


def _part() -> None:
    if _Shared.client is not None:
        _Shared.client.retire()
    _Shared.client = None


def _forget() -> None:
    if _Shared.client is not None:
        _Shared.client.disown()
    _Shared.client, _Shared.lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
