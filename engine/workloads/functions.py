"""A workload made of plain functions: ``run_one(data, task)`` or ``run_one(task)``, with nothing of ours in them."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import WorkloadProblem
from engine.workload import Data, Kernel, Tasks, Workload

SIZES = {"all": "every task there is"}
"""Plain functions know no sizes."""


@dataclass(frozen=True)
class Named:
    """An object of the user's and how it was asked for."""

    reference: str
    """``module:attribute`` or ``file.py:attribute``, for messages."""
    value: Any


class EachTask:
    """The kernel: the user's function once for each task of a chunk. Picklable as far as the function is."""

    def __init__(self, function: Callable[..., Any], with_data: bool) -> None:
        self.function, self.with_data = function, with_data
        self.__module__ = getattr(function, "__module__", None) or __name__  # what a worker is to import beforehand

    def __call__(self, data: Data, tasks: Tasks) -> list[Any]:
        """Return one result per task."""
        if self.with_data:
            return [self.function(data, task) for task in tasks]
        return [self.function(task) for task in tasks]


def from_functions(function: Named, tasks: Named, data: Named | None) -> Workload:
    """Return the workload of a function, its tasks and its data.

    Args:
        function: called as ``function(data, task)``, or without data as ``function(task)``. Its result is any picklable
            object.
        tasks: a list, tuple, range or array, or a function that returns one; it may take the data.
        data: a function without arguments that returns the data, or the data itself; None: there is none. Whatever can
            be called is called, once in each measuring process.

    Raises WorkloadProblem for what cannot be called like this, or not be found by worker processes.
    """
    _check_function(function, data is not None)
    if data is not None and callable(data.value):
        _check_call(data, (), "write a function without arguments that returns the data")
    if not callable(tasks.value):
        checked_tasks(tasks.value, tasks.reference)
    elif not _fits(tasks.value, ()):
        _check_call(tasks, ("data",) if data else (), "it may take nothing, or the data where there is --data")
    return Workload(
        name=_name(function.reference),
        summary=(inspect.getdoc(function.value) or "a function of yours").splitlines()[0],
        load=partial(_load, data),
        tasks=partial(_tasks, tasks),
        kernels={"python": Kernel(EachTask(function.value, data is not None))},
        sizes=SIZES,
    )


def _name(reference: str) -> str:
    place, _, attribute = reference.rpartition(":")
    return f"{Path(place).stem if place.endswith('.py') else place}:{attribute}"


def _load(data: Named | None, size: str) -> Data:
    """The data; ``size`` says nothing here."""
    if data is None:
        return None
    return data.value() if callable(data.value) else data.value


def _tasks(tasks: Named, data: Data) -> Tasks:
    value = tasks.value
    if callable(value):
        value = value() if _fits(value, ()) else value(data)
    return checked_tasks(value, tasks.reference)


def checked_tasks(tasks: Any, reference: str) -> Tasks:
    """Return the tasks if they can be counted and cut into chunks. Raises WorkloadProblem."""
    listed = isinstance(tasks, Sequence) and not isinstance(tasks, str | bytes)
    if listed or (isinstance(tasks, np.ndarray) and tasks.ndim):
        fit: Tasks = tasks
        return fit
    raise WorkloadProblem(
        f"{reference}: the tasks must be a list, a tuple, a range or an array, not {described(tasks)}; "
        "write list(...) around it"
    )


def described(value: object) -> str:
    """Return what kind of object something is, in two or three words."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    kind = type(value).__name__
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _check_function(function: Named, with_data: bool) -> None:
    """Raise WorkloadProblem unless it can be called for one task and found by its name."""
    value, reference = function.value, function.reference
    if isinstance(value, type) or not callable(value):
        raise WorkloadProblem(f"{reference} is {described(value)}, not a function of one task")
    if inspect.iscoroutinefunction(value) or inspect.isasyncgenfunction(value):
        raise WorkloadProblem(f"{reference} is async: give a plain function, which may call asyncio.run")
    if inspect.isgeneratorfunction(value):
        raise WorkloadProblem(f"{reference} yields its results: return a list of them instead")
    name = getattr(value, "__qualname__", "")
    if "<lambda>" in name:
        raise WorkloadProblem(f"{reference} is a lambda, which workers cannot find by its name: write it with def")
    if "<locals>" in name:
        raise WorkloadProblem(
            f"{reference} is made inside a function ({name}), so workers cannot find it by its name: "
            "define it at the top level of the file; a decorator needs functools.wraps"
        )
    _check_call(function, ("data", "task") if with_data else ("task",), _advice(value, with_data))


def _advice(function: Callable[..., Any], with_data: bool) -> str:
    if with_data and _fits(function, ("task",)):
        return "leave --data out, or take the data as the first argument"
    if not with_data and _fits(function, ("data", "task")):
        return "say with --data what its first argument is, or take the task alone"
    return "a task is one argument, which the function can unpack"


def _check_call(named: Named, arguments: tuple[str, ...], advice: str) -> None:
    """Raise WorkloadProblem unless a function takes so many arguments."""
    signature = _signature(named.value)
    if signature is None:
        return
    try:
        signature.bind(*arguments)
    except TypeError as error:
        name = named.reference.rpartition(":")[2]
        call = f"{name}({', '.join(arguments)})"
        raise WorkloadProblem(
            f"{named.reference}: {name}{signature} cannot be called as {call}: {error}; {advice}"
        ) from None


def _fits(function: Callable[..., Any], arguments: tuple[str, ...]) -> bool:
    """Whether it can be called so. What does not tell its arguments is taken to."""
    signature = _signature(function)
    try:
        if signature is not None:
            signature.bind(*arguments)
    except TypeError:
        return False
    return True


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # functions written in C need not tell
        return None
