"""Loading a workload's data, and weighing it."""

import hashlib
import pickle
from collections.abc import Iterable
from itertools import chain, islice
from statistics import mean
from typing import Any

from engine.chunks import explain
from engine.errors import WorkbenchError, WorkFailed
from engine.knob import Scalar
from engine.workload import Data, Tasks, Workload


def load(workload: Workload, size: str, settings: dict[str, Scalar]) -> tuple[Data, Tasks]:
    """Return data and tasks. Raises WorkFailed when the workload's own code raises or there are no tasks."""
    try:
        data = workload.load(size, **settings)
        tasks = workload.tasks(data)
    except WorkbenchError:
        raise
    except Exception as error:
        raise WorkFailed(f"{workload.name}: loading the data failed: {explain(error)}") from error
    if not (hasattr(tasks, "__len__") and hasattr(tasks, "__getitem__")):
        raise WorkFailed(
            f"{workload.name}: tasks() must return a list, a tuple or an array, not {type(tasks).__name__}"
        )
    if not len(tasks):
        raise WorkFailed(f"{workload.name} has no tasks, so there is nothing to run")
    return data, tasks


class _Scale:
    """A file that keeps nothing but the length and the hash of what is written."""

    def __init__(self) -> None:
        self.bytes = 0
        self.hash = hashlib.sha256()

    def write(self, part: bytes | memoryview) -> int:
        view = memoryview(part)
        self.bytes += view.nbytes
        self.hash.update(view)
        return view.nbytes


def weigh(data: Data) -> tuple[int, str]:
    """Return the bytes of the data when serialised, and their sha256. 0 and "" for data that cannot be pickled."""
    scale = _Scale()
    try:
        pickle.Pickler(scale, protocol=5).dump(data)
    except (pickle.PicklingError, TypeError, AttributeError):
        return 0, ""
    return scale.bytes, scale.hash.hexdigest()


BIG = 10_000
"""Entries from which a container is worth naming: pickling an entry takes about 1 us."""
_KINDS = (dict, list, tuple, set, frozenset)
_LOOKED_AT, _DEEP = 8, 4
"""Entries of a container that stand for all of them, and how many containers are opened inside each other."""


def biggest_container(data: Data) -> str:
    """Return the dict, list, tuple or set with most entries in the data, such as ``a dict of 400,000 entries``.

    Entries of containers inside it count as well; there and wherever there are many, the first 8 stand for all. Empty
    where none has 10,000.
    """
    count, kind = max(_containers(data, _DEEP), default=(0, ""))
    return f"a {kind} of {'about ' if count > 1e6 else ''}{count:,} entries" if count >= BIG else ""


def _containers(value: Any, deep: int) -> Iterable[tuple[int, str]]:
    """Every container below a value with its estimated entries, those it holds included."""
    inside = _inside(value)
    if inside is None or not deep:
        return
    found = [list(_containers(each, deep - 1)) for each in inside]
    yield from chain.from_iterable(found)
    if isinstance(value, _KINDS) and found:
        yield int(len(value) * (1 + mean(max(each)[0] if each else 0 for each in found))), type(value).__name__


def _inside(value: Any) -> list[Any] | None:
    """The first entries of a container, or all attributes of an object of the user's; None for anything else."""
    if isinstance(value, _KINDS):
        return list(islice(value.values() if isinstance(value, dict) else value, _LOOKED_AT))
    return list(vars(value).values()) if type(value).__module__ != "builtins" and hasattr(value, "__dict__") else None
