"""Many keys at once, as they stand in records, and their hashes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np

from engine.lookup.keys import ELSEWHERE, encode_all
from engine.lookup.records import HASHES, LONG, PLACE, WORD, Bytes, Counts, Hashes, Words, words_of

CHUNK = 1 << 14
"""Keys in a batch: enough to make NumPy's calls cheap, few enough to stay in the processor's cache."""

_CRC_STEPS: Hashes = np.array([crc32(bytes([byte ^ 0xFF])) ^ 0xFF000000 for byte in range(256)], np.uint32)
"""What a byte does to crc32 on the way."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Keys as they stand in records."""

    heads: Bytes
    """[keys, bytes]: a byte with the length, the key, zeros up to a whole number of words."""
    lengths: Counts
    """Bytes of each key in ``heads``."""
    long: dict[int, bytes] = field(default_factory=dict)
    """Row -> key, of the keys that are too long for a head; the head has room for their place."""

    @property
    def cells(self) -> Words:
        """The heads in words."""
        return self.heads.view(np.uint64)

    def hashes(self, hashing: int) -> Hashes:
        """Return the hash of each key; ``hashing`` is a position in HASHES."""
        function = HASHES[hashing]
        if function is crc32:
            found = _crc32_of_all(self.heads[:, 1:], self.lengths)
        else:
            keys = (head[1 : length + 1].tobytes() for head, length in zip(self.heads, self.lengths, strict=True))
            found = np.fromiter(map(function, keys), np.uint32, len(self.lengths))
        for row, key in self.long.items():
            found[row] = function(key)
        return found


def batch_of(keys: list[Any], encode: Callable[[Any], bytes]) -> Batch:
    """Return some keys, at least one, in the bytes that ``encode`` gives them. Raises what it raises."""
    if set(map(type, keys)) == {str} and (text := "".join(keys)).isascii():
        lengths = _lengths(keys)
        if lengths.max() < LONG:
            return _laid_out(text.encode(), lengths)
    encoded = encode_all(keys, encode)
    long = {row: data for row, data in enumerate(encoded) if len(data) >= LONG}
    for row, data in long.items():
        encoded[row] = PLACE.pack(ELSEWHERE, 0, len(data))
    return _laid_out(b"".join(encoded), _lengths(encoded), long)


def _lengths(keys: list[Any]) -> Counts:
    return np.fromiter(map(len, keys), np.int64, len(keys))


def _laid_out(joined: bytes, lengths: Counts, long: dict[int, bytes] | None = None) -> Batch:
    longest = int(lengths.max())
    keys = np.frombuffer(joined, np.uint8)
    if len(keys) < len(lengths) * longest:
        spread = np.zeros((len(lengths), longest), np.uint8)
        spread[np.arange(longest, dtype=np.uint8) < lengths.astype(np.uint8)[:, None]] = keys
        keys = spread
    heads = np.zeros((len(lengths), words_of(longest) * WORD), np.uint8)
    heads[:, 0] = lengths
    heads[:, 1 : longest + 1] = keys.reshape(len(lengths), longest)
    return Batch(heads, lengths, long or {})


def _crc32_of_all(keys: Bytes, lengths: Counts) -> Hashes:
    """Return crc32 of each row up to its length, a column of bytes at a time: in two thirds of the time of calls.

    The longest come first, so that those with another byte to go are always the first ones.
    """
    order = np.argsort(np.uint8(LONG) - lengths.astype(np.uint8), kind="stable")
    columns = np.ascontiguousarray(keys[order].T)
    running = len(lengths) - np.cumsum(np.bincount(lengths))
    states = np.full(len(lengths), 0xFFFFFFFF, np.uint32)
    for column, count in zip(columns, running[:-1].tolist(), strict=False):
        state = states[:count]
        step = _CRC_STEPS.take(state.astype(np.uint8) ^ column[:count])
        state >>= np.uint32(8)
        state ^= step
    found = np.empty_like(states)
    found[order] = ~states
    return found
