"""Cutting tasks into chunks, computing one chunk, and putting results in task order: the same in every mode."""

import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.errors import TaskFailed, WorkFailed
from engine.executor import Chunk, Seconds
from engine.workload import Data, Kernel, ResultSpec, Tasks

CACHE_BYTES = 4 << 20
"""Working memory an automatic chunk may take on a CPU: beyond a few MiB, batched kernels fall out of the cache of one
core."""

_TEXT = 200
"""Longest excerpt of a task in a message."""


def even_chunks(tasks: int, size: int) -> list[Chunk]:
    """Cut ``tasks`` tasks into chunks of ``size``; the last may be shorter."""
    return [Chunk(start, min(start + size, tasks)) for start in range(0, tasks, size)]


def auto_size(tasks: int, pieces: int, kernel: Kernel, memory: int = CACHE_BYTES) -> int:
    """Return a chunk size that makes at least ``pieces`` chunks and keeps one chunk's working memory within ``memory``
    bytes."""
    fair = -(-tasks // pieces)
    fitting = memory // kernel.bytes_per_task if kernel.bytes_per_task else fair
    return max(1, min(fair, fitting))


def run_chunk(
    function: Callable[[Data, Tasks], Any], data: Data, tasks: Tasks, start: int, clock: Callable[[], float]
) -> tuple[Any, Seconds, Seconds]:
    """Compute one chunk: the one place where every mode, in its workers as well, calls a kernel.

    Returns the results with the wall and CPU seconds it took. Raises TaskFailed naming the task that raised.
    """
    wall, cpu = time.perf_counter(), clock()
    try:
        results = function(data, tasks)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the user's code raises becomes a message with its task
        raise _locate(function, data, tasks, start, error) from None
    wall, cpu = time.perf_counter() - wall, clock() - cpu
    if not hasattr(results, "__len__"):
        raise WorkFailed(
            f"the kernel returned {type(results).__name__} for a chunk; it must return one result per task"
        )
    if len(results) != len(tasks):
        raise WorkFailed(f"the kernel returned {len(results)} results for {len(tasks)} tasks (tasks {start} onwards)")
    return results, wall, cpu


def _locate(
    function: Callable[[Data, Tasks], Any], data: Data, tasks: Tasks, start: int, error: BaseException
) -> TaskFailed:
    """Find the task of a failed chunk by running them one at a time; the first of the chunk if none fails alone."""
    for offset in range(len(tasks)):
        try:
            function(data, tasks[offset : offset + 1])
        except (Exception, SystemExit) as alone:  # noqa: BLE001
            return TaskFailed(start + offset, describe_task(tasks[offset]), explain(alone))
    return TaskFailed(start, describe_task(tasks[0]), explain(error))


def describe_task(task: Any) -> str:
    """Return the parameters of a task for a message, at most 200 characters."""
    try:
        return repr(task)[:_TEXT]
    except Exception as error:  # noqa: BLE001 - repr is the user's code as well
        return f"{type(task).__name__} whose repr raises {type(error).__name__}"


def explain(error: BaseException) -> str:
    """Return an exception in one line: its type, its message and the file and line it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    try:
        message = " ".join(str(error).split())
    except Exception as broken:  # noqa: BLE001 - str is the user's code as well
        message = f"(its message raises {type(broken).__name__})"
    return f"{type(error).__name__}{': ' if message else ''}{message}{place}"


class Collector:
    """Results in task order: an array where their form is known, a list where not."""

    def __init__(self, tasks: int, result: ResultSpec | None) -> None:
        self.results: Any = [None] * tasks if result is None else np.empty((tasks, *result.shape), result.dtype)

    def put(self, chunk: Chunk, results: Sequence[Any]) -> None:
        """Store the results of one chunk at its place."""
        self.results[chunk.start : chunk.stop] = results


def size_of(results: Any) -> int:
    """Return the bytes of array results; 0 for other objects, which only pickling would tell."""
    return int(getattr(results, "nbytes", 0))
