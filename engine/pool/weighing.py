"""What of an object cannot be shared: its parts that are in the pickle stream, which every worker rebuilds for itself.

Buffers (NumPy arrays, Arrow tables, DataFrames of numbers) weigh nothing here, because they lie in the arena. Big
containers are weighed by samples, so the answer comes within 0.1 s for a dict of millions and half a second for the
worst (objects inside objects without end), and is right to about a tenth.
"""

import collections
import dataclasses
import itertools
import pickle
import random
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from engine.pool.arena import is_shared

Bytes = int

_DEPTH = 2
"""Steps from the object to its named parts."""

_FEW = 20
"""A dict, list or tuple with at most so many entries is named entry by entry; a bigger one is one part."""

_ALLOWANCE = 100_000
"""Objects looked at for the whole answer, 0.3 to 2 us each; twice as many where there is no end in sight."""

_ENDLESS = 20
"""Times the allowance after which nothing is looked at any more; before, what is left out is only counted."""

_LEAST = 256
"""Objects looked at in each container, however many there are."""

_MANY = 64
"""Entries from which on a container is sampled, and how many are weighed at once."""

_SAMPLE = 4096
"""Entries of one container that may be weighed."""

_REACH = 1_000_000
"""A dict or set can only be walked from its start: 20 ms for so many entries, what is behind them is taken as alike."""

_CONTAINERS = (dict, list, tuple, set, frozenset, collections.deque)
_WHOLE = (str, bytes, bytearray)
_PLAIN = (int, float, bool, type(None))
"""Entries that are not worth a line each, like short texts."""

_BIG = 1 << 16
"""Bytes of text from which on it is not copied just to be counted."""

_NEGLIGIBLE = 0.01
"""Share of the whole below which a part is not named."""

_BESIDE = "beside"
"""Stands in the stream for what is weighed apart."""


def heaviest(thing: Any, name: str = "data", most: int = 5) -> list[tuple[str, Bytes]]:
    """Return the parts of an object that each worker copies, and about how many bytes of the stream each is.

    The heaviest first, at most ``most``, and none below a hundredth of the whole. A part is named the way it is
    reached from the object called ``name``, at most two steps deep: ``data.book.names (list of 500 entries)``,
    ``data['prices'] (dict of 8.2 M entries)``.
    """
    parts = list(_weighed(name, thing, _DEPTH, _ALLOWANCE, {}))
    parts.sort(key=lambda part: -part[1])
    least = _NEGLIGIBLE * sum(weight for _, weight in parts)
    return [part for part in parts[:most] if part[1] >= max(least, 1)]


def _weighed(path: str, thing: Any, depth: int, allowance: int, seen: dict[int, Any]) -> Iterator[tuple[str, Bytes]]:
    if id(thing) in seen:  # the stream holds it once
        return
    seen[id(thing)] = thing
    parts = _parts(path, thing) if depth else []
    for name, part in parts:
        yield from _weighed(name, part, depth - 1, allowance // len(parts), seen)
    if not parts:
        yield path + _description(thing), _weigh(thing, allowance)


def _parts(path: str, thing: Any) -> list[tuple[str, Any]]:
    """Named parts that are pickled one after the other; none: the object is a part itself."""
    kind = type(thing)
    if kind in (dict, list, tuple):
        entries = list(thing.items() if kind is dict else enumerate(thing)) if len(thing) <= _FEW else []
        if all(type(entry) in _PLAIN or (type(entry) in _WHOLE and len(entry) < 1000) for _, entry in entries):
            return []
        return [(f"{path}[{key!r}]" if len(repr(key)) < 40 else f"{path}[…]", part) for key, part in entries]
    if isinstance(thing, tuple) and hasattr(kind, "_fields"):
        return [(f"{path}.{field}", part) for field, part in zip(kind._fields, thing, strict=True)]
    if not _pickles_its_attributes(kind):
        return []
    members = _fields(thing) | getattr(thing, "__dict__", {})
    return [(f"{path}.{member}", part) for member, part in members.items()]


def _fields(thing: Any) -> dict[str, Any]:
    """Fields of a dataclass, which with slots has no dict of them."""
    fields = dataclasses.fields(thing) if dataclasses.is_dataclass(thing) else ()
    return {field.name: getattr(thing, field.name) for field in fields if hasattr(thing, field.name)}


def _pickles_its_attributes(kind: Any) -> bool:
    """Whether what is pickled is the attributes, and not what the class makes of them."""
    plain = kind.__reduce_ex__ is object.__reduce_ex__ and kind.__reduce__ is object.__reduce__
    own_state = kind.__getstate__ is not object.__getstate__ and kind.__getstate__.__module__ != "dataclasses"
    return plain and not own_state and not issubclass(kind, type | ModuleType)


def _description(thing: Any) -> str:
    kind = type(thing).__name__
    if isinstance(thing, _CONTAINERS):
        return f" ({kind} of {_count(len(thing), 'entry', 'entries')})"
    if getattr(getattr(thing, "dtype", None), "hasobject", False):
        return f" (array of {_count(thing.size, 'object', 'objects')})"
    return "" if thing is None or isinstance(thing, bool | int | float) else f" ({kind})"


def _count(number: int, one: str, several: str) -> str:
    return f"{number / 1e6:.1f} M {several}" if number >= 1_000_000 else f"{number:,} {one if number == 1 else several}"


def _weigh(thing: Any, allowance: int) -> Bytes:
    scale = _Scale(max(_LEAST, allowance))
    try:
        scale.put(thing)
    except Exception:  # noqa: BLE001 - runs code of the user's classes; packing says what cannot be pickled
        return 0
    return scale.weight


class _Enough(Exception):
    """What is looked at does not even end when what is in it is left out."""


class _Sink:
    """A file that only counts."""

    def __init__(self) -> None:
        self.bytes = 0

    def write(self, data: Any) -> int:
        self.bytes += memoryview(data).nbytes
        return len(data)


class _Scale(pickle.Pickler):
    """Pickles into nothing, big containers by samples of their entries."""

    def __init__(self, allowance: int) -> None:
        self._sink = _Sink()
        super().__init__(self._sink, protocol=5, buffer_callback=lambda _: None)
        self._allowance = allowance
        self._left = allowance
        self._beside = 0
        self._seen: dict[int, Any] = {}

    @property
    def weight(self) -> Bytes:
        """Bytes of the stream of all that was put on it."""
        return self._sink.bytes + self._beside

    def put(self, thing: Any) -> None:
        """Add something to the weight; at least a part of it where it has too many parts to look at."""
        try:
            self.dump(thing)
        except _Enough:
            self._left = -self._allowance

    def persistent_id(self, part: Any) -> str | None:
        """Called for each object before it is pickled; anything but None is written in its place."""
        self._left -= 1
        if is_shared(part):
            return _BESIDE
        if isinstance(part, _CONTAINERS) and len(part) > _MANY:
            return self._put_beside(part, self._sampled)
        if isinstance(part, _WHOLE) and len(part) > _BIG:
            return self._put_beside(part, len)
        if self._left < -_ENDLESS * self._allowance:
            raise _Enough
        return _BESIDE if self._left < -self._allowance else None

    def _put_beside(self, part: Any, weigh: Callable[[Any], Bytes]) -> str:
        if id(part) not in self._seen:
            self._seen[id(part)] = part  # kept, so that nothing else gets its id
            self._beside += weigh(part)
        return _BESIDE

    def _sampled(self, container: Any) -> Bytes:
        entries = _sample(container)
        scale = _Scale(max(_LEAST, self._left // 4))
        done = 0
        while done < len(entries) and (not done or scale._left > 0):
            scale.put(list(itertools.chain.from_iterable(entries[done : done + _MANY])))
            done += _MANY
        self._left -= scale._allowance - scale._left
        return round(scale.weight * len(container) / min(done, len(entries)))


def _sample(container: Any) -> list[tuple[Any, ...]]:
    """Entries from all over a container, each a key with its value or a value alone; shuffled, but always alike."""
    reach = len(container) if isinstance(container, list | tuple) else min(len(container), _REACH)
    step = max(1, reach // _SAMPLE)
    entries: list[tuple[Any, ...]]
    if isinstance(container, dict):
        entries = list(itertools.islice(container.items(), 0, reach, step))
    elif isinstance(container, list | tuple):
        entries = [(entry,) for entry in container[::step]]
    else:
        entries = [(entry,) for entry in itertools.islice(container, 0, reach, step)]
    random.Random(0).shuffle(entries)
    return entries
