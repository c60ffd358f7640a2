"""A read-only table from keys to numbers that all processes share: what a big dict becomes.

A dict of 8 million prices is 16 million Python objects beside its own table, and each worker builds them anew, in
seconds. A LookupTable is three NumPy arrays, which travel like any others: pickle 5 hands them out as buffers.

    records   one after the other in the order of the keys, each a whole number of 8-byte words:
              the numbers (float64), one byte with the length of the key, the key, zeros
    index     an open-addressed hash table: the byte position of a record, 0 where a slot is empty
    long      the keys of 255 bytes and more, end to end; their records say where

The hash is crc32, because a text's own hash differs from process to process. A hit is decided by the key itself.

    table.py      looking keys up          records.py     what a record is
    building.py   dict -> arrays           keys.py        key -> bytes -> key
"""

from engine.lookup.table import LookupTable

__all__ = ["LookupTable"]
