"""A worker process of the crew: maps the shared data once, then computes chunks until told to stop.

Messages to a worker: ``(start, stop)``, or None to end. Messages from it: one Ready, then a Done or an exception per
chunk.
"""

import contextlib
import pickle
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from engine.chunks import explain, run_chunk
from engine.errors import WorkbenchError, WorkFailed
from engine.pool.arena import Arena
from engine.pool.lifeline import die_with_parent
from engine.pool.slots import Slots
from engine.workload import Kernel


@dataclass(frozen=True)
class Ready:
    """A worker has its data."""

    unpack_seconds: float


@dataclass(frozen=True)
class Done:
    """A chunk is computed; its results are in the slots, or here where there are none."""

    start: int
    stop: int
    wall: float
    cpu: float
    results: Any = None


def work(channel: Connection, arena: Arena, slots: Slots | None, kernel: Kernel) -> None:
    """Body of a worker process."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the crew decides when workers end
    with contextlib.suppress(EOFError, BrokenPipeError):
        try:
            compute = _set_up(channel, arena, slots, kernel)
        except Exception as error:  # noqa: BLE001 - the crew tells the user, a traceback in a worker tells nobody
            channel.send(WorkFailed(f"a worker could not set up: {explain(error)}"))
            return
        while (message := channel.recv()) is not None:
            channel.send_bytes(_encode(compute(*message)))


def _set_up(
    channel: Connection, arena: Arena, slots: Slots | None, kernel: Kernel
) -> Callable[[int, int], Done | WorkbenchError]:
    begun = time.perf_counter()
    data, tasks = arena.unpack()
    ready = Ready(time.perf_counter() - begun)
    data = kernel.prepare(data, "cpu") if kernel.prepare else data
    into = slots.array() if slots else None
    arena.file.close()

    def compute(start: int, stop: int) -> Done | WorkbenchError:
        try:
            results, wall, cpu = run_chunk(kernel.function, data, tasks[start:stop], start, time.process_time)
            if into is None:
                return Done(start, stop, wall, cpu, results)
            into[start:stop] = results
            return Done(start, stop, wall, cpu)
        except WorkbenchError as error:
            return error
        except (ValueError, TypeError) as error:
            return WorkFailed(f"tasks {start} to {stop - 1}: a result does not have the declared form: {error}")

    channel.send(ready)
    return compute


def _encode(reply: Done | WorkbenchError) -> bytes:
    try:
        return pickle.dumps(reply, protocol=5)
    except Exception as error:  # noqa: BLE001 - pickling runs code of the result's class
        assert isinstance(reply, Done)
        return pickle.dumps(
            WorkFailed(f"tasks {reply.start} to {reply.stop - 1}: a result cannot be pickled: {explain(error)}")
        )
