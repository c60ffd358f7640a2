"""What a table consists of, and what a record is."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Hashes = NDArray[np.uint32]
Counts = NDArray[np.int64]
Positions = NDArray[np.unsignedinteger[Any]]
FloatArray = NDArray[np.float64]

WORD = 8
"""Bytes. Records begin at multiples of it, so that many keys are compared eight bytes at a time."""

LONG = 255
"""Bytes of a key from which on its length does not fit into the byte for it."""

PLACE = struct.Struct("=cQQ")
"""What stands in a record for a long key: a mark, and where it begins and how long it is among the long ones."""


@dataclass(frozen=True, eq=False)
class Parts:
    """All there is to a table; the rest is made from it in every process."""

    index: Positions
    records: Bytes
    long: Bytes
    count: int
    width: int | None
    """Numbers in a row; None: a key has one number, not a row."""
    longest: int
    """Most bytes of a key in the records."""
    hashing: int
    """Position of its hash in HASHES."""

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """What is shared."""
        return self.index, self.records, self.long

    @property
    def numbers(self) -> int:
        """Numbers in a record."""
        return self.width or 1

    def reader(self) -> Callable[[Any, int], tuple[Any, bytes]]:
        """Return ``unpack(records, position) -> (number or row, key)``.

        Format p reads a length and as many bytes: one call for keys of any length, in half the time of two slices.
        """
        unpack = struct.Struct(f"={self.numbers}d{self.longest + 1}p").unpack_from
        if self.width is None:
            return unpack

        def unpack_row(records: memoryview, position: int) -> tuple[Any, bytes]:
            found = unpack(records, position)
            return found[:-1], found[-1]

        return unpack_row


def words_of(length: Any) -> Any:
    """Return how many words a key of so many bytes takes with its length before it; of a number or an array."""
    return (length + WORD) // WORD


def _thorough(data: bytes) -> int:
    """A hash that spreads the keys that crc32 does not; takes five times as long."""
    from hashlib import blake2b  # takes longer to import than the rest of the table, and is rarely needed

    return int.from_bytes(blake2b(data, digest_size=4).digest(), "little")


HASHES: tuple[Callable[[bytes], int], ...] = (crc32, _thorough)
"""Tried in this order; the same in every process, which a text's own hash is not."""
