"""From a dict to the arrays of a table."""

import reprlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from engine.lookup.batches import CHUNK, Batch, batch_of
from engine.lookup.keys import ELSEWHERE, encode
from engine.lookup.records import (
    PLACE,
    WORD,
    Bytes,
    Counts,
    FloatArray,
    Hashes,
    Parts,
    Positions,
    Words,
    words_of,
)

ROOM = 3
"""Least slots per key: a lookup looks at 1.25 records on average or fewer; with 2 at 1.5, for 4 to 8 bytes less."""

MOST_KEYS = 1 << 31
"""Half of the slots that a hash of 32 bits can name."""

NARROW = 1 << 32
"""Records of fewer bytes than this have an index of 4-byte positions; bigger ones need 8."""

LONGEST_PROBE = 64
"""Slots one key may be away from its own before another hash is taken. Of 8 million prices, dates, counted or random
keys none is more than 16 away."""

WHOLE = 2.0**53
"""From here on float64 does not hold every whole number."""


def build(table: dict[Any, Any]) -> Parts:
    """Return the arrays of a dict. Raises TypeError and ValueError, which name the key."""
    if len(table) > MOST_KEYS:
        raise ValueError(f"a LookupTable takes up to {MOST_KEYS:,} keys, got {len(table):,}")
    width, rows = _rows(table)
    writer = _Writer()
    for start, batch in zip(range(0, len(table), CHUNK), _batches(table), strict=True):
        writer.add(batch, rows[start : start + CHUNK])
    records, positions = writer.written()
    hashing, index = _index(table, positions, np.concatenate(writer.hashes))
    long = np.frombuffer(b"".join(writer.long), np.uint8)
    return Parts(index, records, long, len(table), width, writer.longest, hashing)


def _rows(table: dict[Any, Any]) -> tuple[int | None, FloatArray]:
    """Return the numbers in a row, None where there are no rows, and all numbers, [keys, numbers]."""
    first: Any = next(iter(table.values()), 0.0)
    width = None if np.ndim(first) == 0 else len(first)
    convert = float if width is None else partial(_row, width)
    dtype: Any = np.float64 if width is None else (np.float64, (width or 1,))
    try:
        rows: FloatArray = np.fromiter(map(convert, table.values()), np.dtype(dtype), len(table))
    except (TypeError, ValueError, OverflowError):
        _blame(table, convert)
        raise
    rows = rows.reshape(len(table), width or 1)
    if (np.abs(rows) >= WHOLE).any():
        _check_whole(table, rows)
    return width, rows


def _row(width: int, value: Any) -> FloatArray:
    row = np.asarray(value, np.float64)
    if row.shape != (width,) or not width:
        raise ValueError(f"{reprlib.repr(value)} is not a row of {width or 'one or more'} numbers")
    return row


def _blame(table: dict[Any, Any], convert: Callable[[Any], Any]) -> None:
    """Raise what the first bad value raises, with its key."""
    for key, value in table.items():
        try:
            convert(value)
        except (TypeError, ValueError, OverflowError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"the value of {reprlib.repr(key)}: {error}") from None


def _check_whole(table: dict[Any, Any], rows: FloatArray) -> None:
    for (key, value), row in zip(table.items(), rows.tolist(), strict=True):
        for given, number in zip(value if np.ndim(value) else [value], row, strict=True):
            if isinstance(given, int | np.integer) and int(given) != number:
                raise ValueError(f"the value of {reprlib.repr(key)}: float64 cannot hold {given}")


def _batches(keys: Iterable[Any]) -> Iterator[Batch]:
    rest = iter(keys)
    while chunk := list(islice(rest, CHUNK)):
        yield batch_of(chunk, encode)


@dataclass
class _Writer:
    """Lays out records, a chunk of keys at a time."""

    parts: list[Words] = field(default_factory=lambda: [np.zeros(1, np.uint64)])
    """The first word is left free, because position 0 means an empty slot."""
    positions: list[Counts] = field(default_factory=lambda: [np.empty(0, np.int64)])
    """In words."""
    hashes: list[Hashes] = field(default_factory=lambda: [np.empty(0, np.uint32)])
    words: int = 1
    longest: int = 0
    long: list[bytes] = field(default_factory=list)
    long_bytes: int = 0

    def add(self, batch: Batch, rows: FloatArray) -> None:
        for row, key in batch.long.items():
            place = PLACE.pack(ELSEWHERE, self.long_bytes, len(key))
            batch.heads[row, 1 : len(place) + 1] = np.frombuffer(place, np.uint8)
            self.long.append(key)
            self.long_bytes += len(key)
        cells = np.concatenate((rows.view(np.uint64), batch.cells), axis=1)
        sizes = rows.shape[1] + words_of(batch.lengths)
        self.parts.append(cells[np.arange(cells.shape[1]) < sizes[:, None]])
        self.positions.append(self.words + np.cumsum(sizes) - sizes)
        self.hashes.append(batch.hashes(0))
        self.words += int(sizes.sum())
        self.longest = max(self.longest, int(batch.lengths.max()))

    def written(self) -> tuple[Bytes, Positions]:
        """Return the records and their byte positions; behind the last one there is room to read the longest key."""
        end = np.zeros(words_of(self.longest), np.uint64)
        records = np.concatenate([*self.parts, end]).view(np.uint8)
        dtype = np.uint32 if records.nbytes < NARROW else np.uint64
        positions: Positions = (np.concatenate(self.positions) * WORD).astype(dtype)
        return records, positions


def _index(table: dict[Any, Any], positions: Positions, hashes: Hashes) -> tuple[int, Positions]:
    """Return which hash spreads the keys, and the index; ``hashes`` are those of the first."""
    slots = min(1 << (ROOM * len(table)).bit_length(), 1 << 32)
    index = _spread(hashes, positions, slots, LONGEST_PROBE)
    if index is not None:
        return 0, index
    hashes = np.concatenate([batch.hashes(1) for batch in _batches(table)])
    index = _spread(hashes, positions, slots, len(table))
    assert index is not None  # no key is further from its slot than there are keys
    return 1, index


def _spread(hashes: Hashes, positions: Positions, slots: int, longest: int) -> Positions | None:
    """Put each position into the first free slot from its hash on; None if one would be more than ``longest`` away.

    All keys take their step at once. Where several come to one free slot, one stays and the others go on.
    """
    index = np.zeros(slots, positions.dtype)
    mask = np.uint32(slots - 1)
    wanted = hashes & mask
    for _ in range(longest + 1):
        free = index[wanted] == 0
        index[wanted[free]] = positions[free]
        lost = index[wanted] != positions
        wanted, positions = (wanted[lost] + np.uint32(1)) & mask, positions[lost]
        if not len(wanted):
            return index
    return None
