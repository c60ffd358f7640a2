"""How a key is stored: text in UTF-8, a tuple as marshal writes it, and all equal keys as the same bytes.

marshal is the fastest that the standard library has for a tuple (160 ns, repr takes 240). Its version 2 writes the same
bytes for the same plain objects in every process, which later ones do not.
"""

import marshal
import reprlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import chain
from typing import Any

import numpy as np

ELSEWHERE = b"\xfe"
"""First byte of what stands in a record for a long key. No UTF-8 text begins with it or with the two marks below, so a
key of one kind never reads like one of another."""

_TUPLE, _TAGGED = b"\xff", b"\xfd"
"""First byte of a tuple: as it is, or with tuples in the place of parts that marshal does not tell apart."""

NO_KEY = ELSEWHERE
"""What no key is stored as: the place of a long key has more bytes."""

_VERSION = 2

_KINDS = frozenset((str, int, float, bytes, date, datetime, type(None)))
_SIMPLE = frozenset((str, int, date, type(None)))
"""Types of parts that are in their plainest form and that ``encode_quickly`` writes as ``encode`` does."""

_WHOLE = (int, np.integer, np.bool_)
_FLOATING = (float, np.floating)


def encode_all(keys: list[Any], encode: Callable[[Any], bytes]) -> list[bytes]:
    """Return the bytes of many keys: those of ``encode``, found faster where all keys are of one simple kind."""
    kinds = set(map(type, keys))
    if kinds == {str}:
        try:
            return list(map(str.encode, keys))
        except UnicodeEncodeError:
            pass
    if kinds == {tuple} and _SIMPLE.issuperset(map(type, chain.from_iterable(keys))):
        return list(map(encode_quickly, keys))
    return list(map(encode, keys))


def encode(key: Any) -> bytes:
    """Return the one form in bytes that all equal keys have. Raises TypeError for what cannot be a key.

    A part that does not hash like its plainest form is refused: a dict would not find the one under the other either.
    """
    parts = key if isinstance(key, tuple) else (key,)
    try:
        plain = tuple(map(_plainest, parts))
    except (ValueError, OverflowError):
        plain = ()
    known = isinstance(key, str | tuple) and all(type(part) in _KINDS and part == part for part in plain)
    if not known or plain != parts or hash(plain) != hash(parts):
        kinds = "text or a tuple of text, numbers other than NaN, bytes, bool, None, date and datetime"
        raise TypeError(f"a key is {kinds}, not {reprlib.repr(key)}")
    if isinstance(key, str):
        return str.encode(key, "utf-8", "surrogatepass")
    tagged = tuple(map(_tag, plain))
    return (_TUPLE if tagged == plain else _TAGGED) + marshal.dumps(tagged, _VERSION)


def encode_or_nothing(key: Any) -> bytes:
    """Return the same, or NO_KEY. Raises TypeError for what cannot be hashed, as a dict does."""
    try:
        return encode(key)
    except TypeError:
        hash(key)
        return NO_KEY


def encode_quickly(key: Any) -> bytes:
    """Return the bytes of a tuple in its plainest form; for another key these or others that no key is stored as."""
    if type(key) is tuple:
        try:
            return _TUPLE + marshal.dumps(key, _VERSION)
        except ValueError:  # it does not write dates
            if is_simple(key):
                tagged = [(part.toordinal(),) if type(part) is date else part for part in key]
                return _TAGGED + marshal.dumps(tuple(tagged), _VERSION)
    return encode_or_nothing(key)


def is_simple(key: Any) -> bool:
    """Return whether a key is surely a tuple in its plainest form."""
    return type(key) is tuple and _SIMPLE.issuperset(map(type, key))


def decode(data: bytes) -> Any:
    """Return the key of some bytes."""
    if data[:1] == _TUPLE:
        return marshal.loads(data[1:])
    if data[:1] == _TAGGED:
        return tuple(map(_untag, marshal.loads(data[1:])))
    return data.decode("utf-8", "surrogatepass")


def _plainest(part: Any) -> Any:
    """Return the plainest object that equals a part of a key; the part itself where it is of no known kind."""
    if type(part) in _SIMPLE:
        return part
    if isinstance(part, str):
        return str.__str__(part)
    if isinstance(part, _WHOLE):
        return int(part)
    if isinstance(part, _FLOATING):
        number = float(part)
        return int(number) if number.is_integer() else number
    if isinstance(part, bytes):
        return bytes(part)
    if isinstance(part, datetime):
        zone = None if part.utcoffset() is None else UTC
        fields = part.utctimetuple() if zone else part.timetuple()
        return datetime(*fields[:6], part.microsecond, tzinfo=zone)
    return date(part.year, part.month, part.day) if isinstance(part, date) else part


def _tag(part: Any) -> Any:
    """Return a tuple in place of what marshal cannot write or writes like something else."""
    if isinstance(part, bytes):
        return (part,)
    if isinstance(part, datetime):
        return (*part.timetuple()[:6], part.microsecond, part.tzinfo is not None)
    return (part.toordinal(),) if isinstance(part, date) else part


def _untag(part: Any) -> Any:
    if type(part) is not tuple:
        return part
    if len(part) > 1:
        moment = datetime(*part[:7])
        return moment.replace(tzinfo=UTC) if part[7] else moment
    return part[0] if isinstance(part[0], bytes) else date.fromordinal(part[0])
