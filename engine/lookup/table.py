"""Looking keys up: one at a time as in a dict, or many at once."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.lookup.batches import CHUNK, Batch, batch_of
from engine.lookup.building import build
from engine.lookup.keys import ELSEWHERE, decode, encode, encode_or_nothing, encode_quickly, is_simple
from engine.lookup.records import HASHES, LONG, PLACE, WORD, Counts, FloatArray, Parts, Words, words_of

FEW = 768
"""Keys that are found one by one in the time of NumPy's calls for a batch; those for one round of it take an eighth."""

_ABSENT: Any = object()


class LookupTable(Mapping[Any, Any]):
    """A read-only mapping from text or tuples to numbers, or to rows of numbers, that workers share without a copy.

    ``LookupTable(prices)`` in place of the dict ``prices`` goes on answering ``prices[key]``, ``prices.get(key)``,
    ``key in prices``, ``len(prices)`` and iteration in the dict's order. Of pairs with equal keys the last counts.

    Keys are text, or flat tuples of text, numbers, bytes, bool, None, date and datetime. Equal keys are one key, as in
    a dict, and come back in their plainest form: ``(1.0, True)`` as ``(1, 1)``, an aware datetime in UTC. Values are
    numbers or decimal text, kept as ``float(value)``, or rows of numbers: sequences or 1-d arrays, all of one length.
    A number comes back as a float, a row as a tuple of floats, which takes less time than an array up to 20 numbers.

    Raises TypeError for a key or value of another kind; ValueError for text that is no number, a whole number that
    float64 cannot hold, rows that differ in length, and more than 2**31 keys. A bad key or value is named.
    """

    __slots__ = ("_parts", "_tools")

    def __init__(self, source: Mapping[Any, Any] | Iterable[tuple[Any, Any]] = ()) -> None:
        self._open(build(source if isinstance(source, dict) else dict(source)))

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the number or row of a key, or ``default``. Raises TypeError for what a dict cannot have as a key."""
        # written out, and its tools in one tuple: calls and attributes would add a tenth each
        if type(key) is str:
            try:
                data = key.encode()
            except UnicodeEncodeError:
                data = encode(key)
        else:
            data = encode_quickly(key)
        hash_of, mask, index, unpack, records = self._tools
        slot = hash_of(data) & mask
        while position := index[slot]:
            value, stored = unpack(records, position)
            if stored == data:
                return value
            slot = (slot + 1) & mask
        if len(data) < LONG and (type(key) is str or is_simple(key)):
            return default
        return self._look_again(key, default)

    def __getitem__(self, key: Any) -> Any:
        value = self.get(key, _ABSENT)
        if value is _ABSENT:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        return self.get(key, _ABSENT) is not _ABSENT

    def __len__(self) -> int:
        return self._parts.count

    def __iter__(self) -> Iterator[Any]:
        return (key for key, _ in self._walk())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        return len(self) == len(other) and all(value == other.get(key, _ABSENT) for key, value in self._walk())

    def __repr__(self) -> str:
        kind = "numbers" if self._parts.width is None else f"rows of {self._parts.width}"
        return f"<LookupTable of {len(self):,} {kind}, {self.nbytes / 1e6:,.1f} MB>"

    def __getstate__(self) -> Parts:
        return self._parts

    def __setstate__(self, parts: Parts) -> None:
        self._open(parts)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, which all processes share."""
        return sum(array.nbytes for array in self._parts.arrays)

    def get_many(self, keys: Iterable[Any], default: ArrayLike = np.nan) -> FloatArray:
        """Return the numbers of many keys, [keys], or their rows, [keys, numbers]; ``default`` where there is no key.

        Raises TypeError for a single text and for what a dict cannot have as a key.
        """
        wanted = keys.tolist() if isinstance(keys, np.ndarray) else keys
        if isinstance(wanted, str | bytes):
            raise TypeError("get_many takes a list of keys; get takes one")
        wanted = list(wanted)
        shape = (len(wanted),) if self._parts.width is None else (len(wanted), self._parts.width)
        found = np.full(shape, default, np.float64)
        rows = found.reshape(len(wanted), self._parts.numbers)
        for start in range(0, len(wanted), CHUNK):
            self._find(wanted[start : start + CHUNK], rows[start : start + CHUNK])
        return found

    def _open(self, parts: Parts) -> None:
        for array in parts.arrays:
            array.flags.writeable = False
        self._parts = parts
        # a number out of a memoryview takes a third of the time of one out of an array
        index, records = parts.index.data, parts.records.data
        self._tools = HASHES[parts.hashing], len(index) - 1, index, parts.reader(), records

    def _look_again(self, key: Any, default: Any) -> Any:
        """The rest of ``get``: for a tuple that may not have been in its plainest form, and for a long key."""
        data = encode_or_nothing(key)
        hash_of, mask, index, unpack, records = self._tools
        slot = hash_of(data) & mask
        while position := index[slot]:
            value, stored = unpack(records, position)
            if self._whole(stored) == data:
                return value
            slot = (slot + 1) & mask
        return default

    def _whole(self, stored: bytes) -> bytes:
        """Return the key of a record, wherever it is."""
        if stored[:1] != ELSEWHERE:
            return stored
        _, start, length = PLACE.unpack(stored)
        return self._parts.long[start : start + length].tobytes()

    def _walk(self) -> Iterator[tuple[Any, Any]]:
        *_, unpack, records = self._tools
        position = WORD
        for _ in range(self._parts.count):
            value, stored = unpack(records, position)
            yield decode(self._whole(stored)), value
            position += WORD * (self._parts.numbers + words_of(len(stored)))

    def _find(self, keys: list[Any], rows: FloatArray) -> None:
        """Write what there is under the keys into their rows."""
        rest = np.arange(len(keys)) if len(keys) <= FEW else self._find_most(keys, rows)
        found = {row: value for row in rest.tolist() if (value := self.get(keys[row], _ABSENT)) is not _ABSENT}
        rows[list(found)] = np.array(list(found.values())).reshape(len(found), rows.shape[1])

    def _find_most(self, keys: list[Any], rows: FloatArray) -> Counts:
        """The same for most keys, all of which look at their next record at once. Returns the rows of the others."""
        batch = batch_of(keys, encode_or_nothing)
        cells = self._parts.records.view(np.uint64)
        mask = np.uint32(len(self._parts.index) - 1)
        slots = batch.hashes(self._parts.hashing) & mask
        fitting = batch.lengths <= self._parts.longest
        fitting[list(batch.long)] = False
        pending = np.flatnonzero(fitting)
        while len(pending) > FEW // 8:
            places = self._parts.index[slots[pending]].astype(np.int64) // WORD
            pending, places = pending[places > 0], places[places > 0]
            same = _same(cells, places + rows.shape[1], batch, pending)
            for column in range(rows.shape[1]):
                rows[pending[same], column] = cells[places[same] + column].view(np.float64)
            pending = pending[~same]
            slots[pending] = (slots[pending] + np.uint32(1)) & mask
        return np.append(pending, np.array([*batch.long], np.int64))


def _same(cells: Words, places: Counts, batch: Batch, rows: Counts) -> NDArray[np.bool_]:
    """Return which of the keys in some rows of a batch stand at their places among the words of the records."""
    heads, words = batch.cells, words_of(batch.lengths[rows])
    same: NDArray[np.bool_] = cells[places] == heads[rows, 0]
    for column in range(1, int(words.max(initial=0))):
        same &= (cells[places + column] == heads[rows, column]) | (column >= words)
    return same
