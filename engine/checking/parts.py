"""The parts of an object by the way one reaches them: which cannot be pickled, and which have changed."""

import pickle
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from engine.loading import weigh

Group = tuple[str, list[tuple[Any, Any]]]
"""How to write the step to a part, with ``{}`` for its key, and the parts by their keys."""

_BY_NAME = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)
"""What is pickled by its name."""

_WHOLE = (*_BY_NAME, str, bytes, int, float, dict, list, tuple, set, frozenset)
"""What is no object of a class with attributes, whatever else it is."""

_FEW = 20
"""A container with more entries than this is watched for changes as one part."""

_DEPTH = 3
"""Steps from the object to the parts that are watched for changes."""

_KEY = "'s key {}"

_SHORT = 40
"""Letters of a key that are shown."""


@dataclass(frozen=True)
class Stuck:
    """A part that cannot be pickled."""

    path: str
    """``data['book'].session``."""
    error: BaseException


class _Nowhere:
    """A file that keeps nothing."""

    def write(self, part: Any) -> int:
        return len(part)


def stuck_parts(thing: Any, path: str) -> Iterator[Stuck]:
    """Yield the innermost parts of an object that cannot be pickled, none if it can be.

    What can be pickled is not looked into, and of big containers the entries at fault are found by halving: about
    log2(entries) picklings of the container for each of them.
    """
    yield from _stuck(thing, path, set())


def _stuck(thing: Any, path: str, above: set[int]) -> Iterator[Stuck]:
    error = _error(thing)
    if error is None or id(thing) in above:
        return
    inside = False
    if not isinstance(error, RecursionError):  # which would meet whoever looks for the deepest part
        for step, entries in _groups(thing):
            for key, part in _failing(entries):
                for found in _stuck(part, path + _written(step, key), above | {id(thing)}):
                    inside = True
                    yield found
    if not inside:
        yield Stuck(path, error)


def _error(thing: Any) -> Exception | None:
    try:
        pickle.Pickler(_Nowhere(), protocol=5, buffer_callback=lambda _: None).dump(thing)
    except Exception as error:  # noqa: BLE001 - pickling runs the user's code
        return error
    return None


def _failing(entries: Sequence[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """Yield the entries that cannot be pickled."""
    if not entries or _error([part for _, part in entries]) is None:
        return
    if len(entries) == 1:
        yield entries[0]
        return
    middle = len(entries) // 2
    yield from _failing(entries[:middle])
    yield from _failing(entries[middle:])


def _written(step: str, key: Any) -> str:
    text = repr(key) if step == "[{}]" else str(key)
    return step.format(text if len(text) <= _SHORT else "…")


def _groups(thing: Any) -> Iterator[Group]:
    """Yield what an object is pickled from, group by group; nothing for what pickle takes as a whole."""
    if isinstance(thing, (*_BY_NAME, str, bytes)):
        return
    if isinstance(thing, np.ndarray):
        yield "[{}]", list(enumerate(thing.ravel())) if thing.dtype.hasobject else []
    elif isinstance(thing, types.MethodType):
        yield ".{}", [("__self__", thing.__self__)]
    elif isinstance(thing, partial):
        yield ".{}", [("func", thing.func), ("args", thing.args), ("keywords", thing.keywords)]
    elif _is_pandas(thing):
        yield "[{}]", _columns(thing)
    else:
        yield from _plain_groups(thing)


def _is_pandas(thing: Any) -> bool:
    return type(thing).__module__.partition(".")[0] == "pandas" and hasattr(thing, "to_numpy")


def _columns(thing: Any) -> list[tuple[Any, Any]]:
    """Return the contents of a frame, a series or an index as arrays."""
    if hasattr(thing, "columns"):
        return [("index", thing.index.to_numpy()), *((name, column.to_numpy()) for name, column in thing.items())]
    index = [("index", thing.index.to_numpy())] if hasattr(thing, "index") else []
    return [*index, ("values", thing.to_numpy())]


def _plain_groups(thing: Any) -> Iterator[Group]:
    if isinstance(thing, dict):
        yield _KEY, [(key, key) for key in thing]
        yield "[{}]", list(thing.items())
    elif isinstance(thing, tuple) and hasattr(thing, "_fields"):
        yield ".{}", list(zip(thing._fields, thing, strict=True))
    elif isinstance(thing, list | tuple):
        yield "[{}]", list(enumerate(thing))
    elif isinstance(thing, set | frozenset):
        yield "'s entry {}", [(entry, entry) for entry in thing]
    if type(thing) not in (dict, list, tuple, set, frozenset):
        yield ".{}", _attributes(thing)


def _attributes(thing: Any) -> list[tuple[str, Any]]:
    """What an object says that it is to be rebuilt from: its attributes, unless it has a way of its own."""
    try:
        reduced = thing.__reduce_ex__(4)
    except Exception:  # noqa: BLE001 - the object itself is at fault then
        return []
    state = reduced[2] if isinstance(reduced, tuple) and len(reduced) > 2 else None
    states = state if isinstance(state, tuple) else (state,)  # with slots: a dict of attributes and one of slots
    return [(str(name), part) for each in states if isinstance(each, dict) for name, part in each.items()]


@dataclass(frozen=True)
class Print:
    """What a part looked like."""

    digest: str
    """sha256 of its pickle; empty where it cannot be pickled, and then no change is seen."""
    shared: bool
    """Its contents lie in shared memory, where they cannot be written to."""


def prints(thing: Any, path: str, depth: int = _DEPTH) -> dict[str, Print]:
    """Return what the parts of an object look like, for ``changed``. Costs one pickling, about 1 s per GB of arrays."""
    parts = _watched(thing) if depth else []
    if not parts:
        contents = _columns(thing) if _is_pandas(thing) else thing  # what a frame keeps beside them comes and goes
        return {path: Print(_digest(contents), isinstance(thing, np.ndarray) or _is_pandas(thing))}
    found: dict[str, Print] = {}
    for step, part in parts:
        found |= prints(part, path + step, depth - 1)
    return found


def changed(before: dict[str, Print], after: dict[str, Print]) -> list[str]:
    """Return the paths of what is not as it was: another digest, come or gone; nothing below another of them."""
    paths = [path for path in before | after if before.get(path) != after.get(path)]
    return [path for path in paths if not path.startswith(tuple(f"{above}{step}" for above in paths for step in ".["))]


def _watched(thing: Any) -> list[tuple[str, Any]]:
    """The parts of a small container or a plain object by the step to them; none: it is a part itself."""
    small = type(thing) in (dict, list, tuple) and len(thing) <= _FEW
    if not small and not _pickles_its_attributes(thing):
        return []
    groups = [group for group in _plain_groups(thing) if group[0] != _KEY]
    return [(_written(step, key), part) for step, entries in groups for key, part in entries]


def _pickles_its_attributes(thing: Any) -> bool:
    """Whether it is an object of a class that leaves pickling to Python."""
    kind: Any = type(thing)
    default = kind.__reduce_ex__ is object.__reduce_ex__ and kind.__reduce__ is object.__reduce__
    return default and not _is_pandas(thing) and not isinstance(thing, _WHOLE)


def _digest(thing: Any) -> str:
    try:
        return weigh(thing)[1]
    except Exception:  # noqa: BLE001 - pickling runs the user's code
        return ""
