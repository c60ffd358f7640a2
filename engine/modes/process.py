"""process: the standard ProcessPoolExecutor with an initializer that ships the data.

This is what people write, measured and not improved: the data is pickled once per worker unless the start method is
fork, a chunk travels as a list of tasks, and its results come back pickled through one shared pipe.
"""

import multiprocessing
import pickle
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from multiprocessing import synchronize
from typing import Any, ClassVar, Self

from engine.chunks import explain, run_chunk, size_of
from engine.errors import WorkbenchError, WorkFailed
from engine.executor import Limit, Outcome, Seconds, Shipping, Steps
from engine.interruption import held_back
from engine.modes.base import LocalExecutor, worker_times
from engine.plan import Plan
from engine.pool.lifeline import die_with_parent
from engine.workload import Tasks

Span = tuple[float, ...]
"""Begin and end, by the clock that all processes of the machine share."""

MEETING = 600.0
"""Seconds workers wait for each other at set-up; longer than any data takes to ship, shorter than for ever."""


class _Mark:
    """Notes when the pickler passes it and when the unpickler does, so that shipping is timed without touching it."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        self.times.append(time.perf_counter())
        return _note_arrival, ()


class _Worker:
    """What one worker process knows; filled by the initializer, which is how people get data into a pool."""

    arrivals: ClassVar[list[float]] = []
    compute: ClassVar[Callable[[Tasks, int], tuple[Any, float, float]]]
    meeting: ClassVar[synchronize.Barrier]


def _note_arrival() -> None:
    _Worker.arrivals.append(time.perf_counter())


def _initialize(shipment: tuple[Any, ...], kernel: Any, meeting: synchronize.Barrier) -> None:
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer, in one message
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a fork has its parent's handlers
    data = kernel.prepare(shipment[1], "cpu") if kernel.prepare else shipment[1]
    _Worker.meeting = meeting
    _Worker.compute = lambda tasks, start: run_chunk(kernel.function, data, tasks, start, time.process_time)


def _meet() -> tuple[float, ...]:
    """Wait for every other worker; return when this one began to unpickle the data and when it was done, if it had
    to."""
    _Worker.meeting.wait(MEETING)
    return tuple(_Worker.arrivals)


def _work(tasks: Tasks, start: int) -> tuple[Any, float, float, int]:
    results, wall, cpu = _Worker.compute(tasks, start)
    return results, wall, cpu, multiprocessing.current_process().pid or 0


def seconds_of_shipping(dumps: Sequence[Span], loads: Sequence[Span]) -> Seconds:
    """Return what shipping added to set-up, from when each copy was pickled and when it was unpickled, in order.

    Small data lies in the pipe until its worker has started, and all workers start at once. More than a pipe holds
    blocks the parent until the worker takes it, so the next one is started only then: 0.18 s each, which no set-up
    without the data has.
    """
    spans = sum(end - begun for begun, end in (*dumps, *loads))
    following = [begun for begun, _ in dumps[1:]]
    pairs = zip(dumps, loads, following, strict=False)
    return spans + sum(arrived - sent for (_, sent), (arrived, _), next_begun in pairs if arrived <= next_begun)


class Process(LocalExecutor):
    """The standard library's process pool, as most people use it."""

    name: ClassVar[str] = "process"
    summary: ClassVar[str] = "the standard ProcessPoolExecutor: data pickled to every worker (not with fork)"
    honours: ClassVar[frozenset[str]] = frozenset(
        {"kernel", "chunk_size", "workers", "start_method", "threads_per_worker"}
    )
    pieces_per_worker: ClassVar[int] = 4
    """As multiprocessing.Pool.map cuts its input."""

    @classmethod
    def limit(cls) -> Limit | None:
        """Return that data travels, and which start method spares that."""
        fork = "--start-method fork, or " if sys.platform.startswith("linux") else ""
        return Limit(
            "with spawn and forkserver the data is pickled to every worker",
            f"{fork}mode shared-memory, for data in arrays",
        )

    @classmethod
    def copies(cls, plan: Plan) -> int:
        """Return one for each worker; forked workers have their parent's pages until they write to them."""
        return 0 if plan.start_method == "fork" else plan.workers

    def __enter__(self) -> Self:
        context = multiprocessing.get_context(self._plan.start_method)
        self._before, self._after = _Mark(), _Mark()
        shipment = (self._before, self._job.data, self._after)
        # a process that ends between making a semaphore and registering it leaves it in /dev/shm for ever
        with held_back():
            meeting = context.Barrier(self._plan.workers)
            arguments = (shipment, self._job.kernel, meeting)
            self._pool = ProcessPoolExecutor(self._plan.workers, context, _initialize, arguments)
        try:
            # one meeting per worker: the pool starts a process per submitted task, and none is free before all have met
            with held_back() if self._plan.start_method == "fork" else nullcontext():  # others may ship for minutes
                meetings = [self._pool.submit(_meet) for _ in range(self._plan.workers)]
            self._loads = [met.result() for met in meetings]
        except BaseException as error:  # noqa: BLE001 - the pool raises whatever pickling raises; Ctrl-C passes through
            self.__exit__(type(error))
            raise _in_words(error, "during set-up") from None
        return self

    @property
    def shipping(self) -> Shipping:
        """Pickling here and unpickling in the workers, one after the other, since a pipe holds 64 KiB."""
        dumps = list(zip(self._before.times, self._after.times, strict=True))
        seconds = seconds_of_shipping(dumps, sorted(load for load in self._loads if load))
        return Shipping(seconds, len(dumps) * self._job.data_bytes, len(dumps))

    def steps(self, tasks: int | None = None, *, often: bool = False) -> Steps:
        """Compute every chunk once, or those of the first so many tasks, and tell of each."""
        collector = self._collector()
        busy: dict[int, list[tuple[float, float]]] = defaultdict(list)
        chunks = self._first(tasks)
        pieces = [self._job.tasks[chunk.start : chunk.stop] for chunk in chunks]
        answers = self._pool.map(_work, pieces, [chunk.start for chunk in chunks])
        returned = 0
        try:
            for chunk, (results, wall, cpu, worker) in zip(chunks, answers, strict=True):
                collector.put(chunk, results)
                busy[worker].append((wall, cpu))
                returned += size_of(results)
                yield chunk.stop - chunk.start
        except Exception as error:  # noqa: BLE001 - the pool raises whatever pickling and tasks raise
            raise _in_words(error, "during a run") from None
        times, longest = worker_times(busy.values(), self._plan.workers)
        return Outcome(collector.results, times, self._largest, returned, pickled=True, longest=longest)

    def __exit__(self, kind: type[BaseException] | None = None, *_: Any) -> None:
        if kind is not None and not issubclass(kind, Exception):  # Ctrl-C, or a run that is closed: nobody waits for
            for worker in list((self._pool._processes or {}).values()):  # the chunks in hand, which may take hours
                worker.kill()
        # not cancel_futures=True, which replaces the dict in which the queue's pickling errors are looked up (CPython
        # 3.11): after a second task that cannot be pickled the pool would wait for ever. map() cancels its own futures.
        self._pool.shutdown()


def _in_words(error: BaseException, when: str) -> BaseException:
    """Say in one line what the pool's exception means to the user."""
    if isinstance(error, WorkbenchError) or not isinstance(error, Exception):
        return error
    if isinstance(error, BrokenProcessPool):
        return WorkFailed(f"a worker process died {when}, and with it the whole standard pool")
    if isinstance(error, threading.BrokenBarrierError):
        return WorkFailed("the workers did not all start")
    if isinstance(error, pickle.PicklingError | TypeError | AttributeError):
        return WorkFailed(f"something cannot be pickled {when}: {explain(error)}")
    return WorkFailed(f"{explain(error)} {when}")
