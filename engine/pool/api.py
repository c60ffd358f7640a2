"""The pool that production code uses, without any sweep."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, Unpack

from engine.chunks import describe_task
from engine.errors import RequestError, TaskFailed, UnknownName
from engine.pool.board import WorkerView
from engine.pool.course import Course, Failure, Results, Settled
from engine.pool.interrupt import Interrupted, Interrupts
from engine.pool.messages import Each
from engine.pool.options import MapOptions, Options, Progress, check, whole
from engine.pool.order import OpenOrder
from engine.pool.sizing import Sizer
from engine.pool.starting import START_METHODS
from engine.pool.stream import Stream
from engine.pool.supply import length
from engine.pool.workers import NoData, Setting, Workers

_REPORTS = 0.1
"""Seconds between two calls of a progress function."""


class Pool:
    """Worker processes over one copy of read-only data. Made by ``engine.pool``; used in a ``with`` statement.

    One pass at a time; a pass that is not iterated to its end is given up when it is closed or collected.
    """

    def __init__(self, setting: Setting, data: Any = NoData) -> None:
        self._with_data = data is not NoData
        self._workers = Workers(setting, data)
        self._entered = self._busy = False
        self._interrupts = Interrupts()
        self.failures: tuple[TaskFailed, ...] = ()
        """Tasks that failed in the last pass, in task order; filled at its end."""

    def __enter__(self) -> Self:
        if self._entered:
            raise RequestError("the pool is started already: one `with` statement at a time")
        self._workers.__enter__()
        self._entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._entered = False
        self._interrupts.give_back()  # a pass that was left in its middle may be kept for long
        self._workers.__exit__(kind, error, trace)

    @property
    def workers(self) -> tuple[WorkerView, ...]:
        """What each worker is doing and how its time was spent, at this moment."""
        return self._workers.views()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not as it should be: libraries that use more threads than they were told to, and which parts of the
        data cannot be shared, with what they cost each worker. Weighing big data takes up to a second."""
        return self._workers.notes

    def map(self, function: Callable[..., Any], tasks: Iterable[Any], **options: Unpack[MapOptions]) -> Stream:
        """Iterate over the result of each task, in task order, while later ones are computed.

        Args:
            function: ``function(data, task)``, or ``function(task)`` where the pool has no data; at the top level of a
                module or of the script.
            tasks: picklable; an iterator is read no further than workers need.
            options: see MapOptions.

        Raises TaskFailed for the first task that fails (see ``on_error``), WorkFailed when workers cannot do the work
        at all, RequestError for a wrong option, Interrupted on Ctrl-C.
        """
        return Stream(self._in_order(self._job(function, options), tasks, check(options)))

    def unordered(self, function: Callable[..., Any], tasks: Iterable[Any], **options: Unpack[MapOptions]) -> Stream:
        """Iterate over (position of the task, result) as results come. Everything else is as with ``map``."""
        return Stream(self._as_they_come(self._job(function, options), tasks, check(options)))

    def _job(self, function: Callable[..., Any], options: MapOptions) -> Each:
        check(options)
        if not callable(function):
            raise RequestError(f"map: expected a function and then tasks, got {describe_task(function)}")
        self._check_started()
        return Each(function, self._with_data)

    def _check_started(self) -> None:
        if not self._entered:
            raise RequestError("the pool is not started: use it in a `with` statement")

    def _as_they_come(self, job: Each, tasks: Iterable[Any], options: Options) -> Generator[Iterable[tuple[int, Any]]]:
        with self._pass(job, tasks, options) as (course, settling):
            for settled in settling:
                if isinstance(settled, Results):
                    yield enumerate(settled.values or (), settled.first)
                    course.consumed(settled)
                elif options.on_error.then == "stop":
                    course.stop_at(settled.index)
                elif options.on_error.then == "keep":
                    yield ((settled.index, settled.error),)
            if course.interrupted():
                raise Interrupted({})
        if self.failures and options.on_error.then == "stop":
            raise self.failures[0]

    def _in_order(self, job: Each, tasks: Iterable[Any], options: Options) -> Generator[Iterable[Any]]:
        with self._pass(job, tasks, options) as (course, settling):
            waiting: dict[int, Settled] = {}
            turn = 0
            for settled in settling:
                waiting[_position(settled)] = settled if _position(settled) == turn else course.keep(settled)
                course.kept += _count(settled)
                if isinstance(settled, Failure) and options.on_error.then == "stop":
                    course.stop_at(settled.index)
                while (due := waiting.pop(turn, None)) is not None:
                    yield _values(due, options.on_error.then)
                    turn += _count(due)
                    course.kept -= _count(due)
                    if isinstance(due, Results):
                        course.consumed(due)
            if course.interrupted():
                raise Interrupted(_finished(waiting))

    @contextmanager
    def _pass(self, job: Each, tasks: Iterable[Any], options: Options) -> Generator[tuple[Course, Iterator[Settled]]]:
        self._check_started()
        if self._busy:
            raise RequestError("this pool is in the middle of another pass: finish or close that one first")
        self._busy, self.failures = True, ()
        try:
            order = self._open(job, options, length(tasks))
            try:
                with Interrupts() as interrupts:
                    self._interrupts = interrupts
                    course = self._workers.course(order, tasks, options.timeout, options.on_error.retries)
                    course.interrupted = lambda: interrupts.asked
                    settling = self._noted(course, options.progress)
                    try:
                        yield course, settling
                    finally:
                        settling.close()
            finally:
                self._workers.close(order)
        finally:
            self._busy = False

    def _open(self, job: Each, options: Options, total: int | None) -> OpenOrder:
        ring = self._workers.ring(options.result, options.chunk_size, total) if options.result else None
        sizer = Sizer(self._workers.setting.count, options.chunk_size, ring.segment if ring else None)
        limited = options.timeout is not None or self._workers.setting.memory is not None
        return self._workers.open(job, sizer, ring, singly=limited)

    def _noted(self, course: Course, report: Callable[[Progress], Any] | None) -> Generator[Settled]:
        """Pass on what is settled, keep the failures and tell the progress."""
        begun = told = time.monotonic()
        done, failures = 0, list[TaskFailed]()

        def progress() -> Progress:
            return Progress(done, len(failures), course.total, time.monotonic() - begun)

        for settled in course.run():
            done += _count(settled)
            if isinstance(settled, Failure):
                failures.append(settled.error)
            if report and time.monotonic() - told >= _REPORTS:
                told = time.monotonic()
                report(progress())
            yield settled
        self.failures = tuple(sorted(failures, key=lambda failure: failure.index))
        if report:
            report(progress())


def _position(settled: Settled) -> int:
    return settled.first if isinstance(settled, Results) else settled.index


def _count(settled: Settled) -> int:
    return settled.count if isinstance(settled, Results) else 1


def _values(settled: Settled, then: str) -> Iterable[Any]:
    if isinstance(settled, Results):
        return settled.values or ()
    if then == "stop":
        raise settled.error
    return (settled.error,) if then == "keep" else ()


def _finished(waiting: dict[int, Settled]) -> dict[int, Any]:
    results = [settled for settled in waiting.values() if isinstance(settled, Results)]
    return {index: value for each in results for index, value in enumerate(each.values or (), each.first)}


def pool(
    workers: int | None = None,
    data: Any = NoData,
    *,
    start_method: str = "forkserver",
    threads_per_worker: int = 1,
    memory: int | None = None,
    preload: Iterable[str] = (),
) -> Pool:
    """Return a pool of worker processes over one copy of read-only data.

        with engine.pool(workers=4, data=prices) as pool:
            for result in pool.map(value, tasks):
                ...

    Args:
        workers: processes; None: one per core this process may use.
        data: what every task reads. NumPy arrays, Arrow tables, DataFrames and LookupTables in it are shared without a
            copy, and read-only; the rest is copied to each worker.
        start_method: how processes are started: forkserver (default; fast and safe), spawn (slow and safe), fork (fast,
            unsafe in a program with threads).
        threads_per_worker: threads that BLAS, OpenMP and the like may use in each worker.
        memory: bytes a worker may have to itself, shared data not counted; a task beyond it is stopped and has failed.
            None: its share of what the machine or the container has left.
        preload: modules to import ahead of the workers, for start method forkserver.

    In a script, use it below ``if __name__ == "__main__":``. Entering raises Lacking where the machine has not enough
    memory, descriptors or processes, WorkFailed where the data cannot reach the workers.
    """
    count = _all_cores() if workers is None else whole("workers", workers, "None or ")
    threads = whole("threads_per_worker", threads_per_worker)
    own = None if memory is None else whole("memory (bytes)", memory, "None or ")
    if start_method not in START_METHODS:
        raise UnknownName("start method", str(start_method), START_METHODS)
    if isinstance(preload, str):
        raise RequestError(f"preload: expected a list of module names, got {preload!r}; write [{preload!r}]")
    return Pool(Setting(count, start_method, threads, own, ("__main__", *preload)), data)


def _all_cores() -> int:
    from engine.host import usable_cores  # 20 ms, most of it importlib.metadata

    return usable_cores()
