"""Result slots: preallocated places in shared memory, each with a state byte that is set after its result."""

import math
import mmap
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.pool.sharedfile import SharedFile
from engine.workload import ResultSpec

_ALIGNMENT = 64

PUBLISHED = 1
"""State of a slot whose result is whole."""


class FormError(ValueError):
    """A result does not have the declared form."""


@dataclass(frozen=True)
class SlotsForm:
    """How many slots there are and what fits into one; travels to the workers, with the descriptor beside it."""

    capacity: int
    result: ResultSpec

    @property
    def start(self) -> int:
        """Bytes of the state bytes before the first result."""
        return -(-self.capacity // _ALIGNMENT) * _ALIGNMENT

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self.start + self.capacity * bytes_of(self.result)


def bytes_of(result: ResultSpec) -> int:
    """Return the bytes of one result."""
    return math.prod(result.shape) * np.dtype(result.dtype).itemsize


class Slots:
    """The mapped slots of one order, in the engine or in a worker."""

    def __init__(self, form: SlotsForm, file: SharedFile | None = None) -> None:
        """Map the slots of a file, or reserve new ones. Raises Lacking when memory is short."""
        self.form = form
        self.file = file or SharedFile(form.size, "workbench-slots")
        self.memory = memoryview(self.file.map(mmap.ACCESS_WRITE))
        self.states = self.memory[: form.capacity]
        """[capacity] bytes; PUBLISHED where the result is whole. Only processes that died or sent a message are asked,
        so the kernel has put the writes in order before they are read."""
        shape = (form.capacity, *form.result.shape)
        flat = np.frombuffer(self.memory, form.result.dtype, math.prod(shape), form.start)
        self.values: np.ndarray[Any, Any] = flat.reshape(shape)
        """[capacity, *shape]"""

    def clear(self, start: int, stop: int) -> None:
        """Mark slots as empty."""
        self.states[start:stop] = bytes(stop - start)

    def put_many(self, start: int, results: Any, count: int) -> None:
        """Publish the results of a whole chunk. Raises FormError."""
        values = np.asarray(results)
        self._check(values, (count, *self.form.result.shape))
        self.values[start : start + count] = values
        self.states[start : start + count] = bytes([PUBLISHED]) * count

    def put(self, slot: int, result: Any) -> None:
        """Publish one result. Raises FormError."""
        values = self.values
        if type(result) is not np.ndarray or result.dtype != values.dtype or result.shape != values.shape[1:]:
            result = np.asarray(result)
            self._check(result, values.shape[1:])
        values[slot] = result
        self.states[slot] = PUBLISHED

    def _check(self, values: np.ndarray[Any, Any], shape: tuple[int, ...]) -> None:
        # assigning would broadcast a number over a table without a word
        if values.shape != shape or not _keeps(values, self.values.dtype):
            wanted = f"{self.form.result.dtype} {list(shape)}"
            raise FormError(
                f"a result does not have the declared form {wanted}: it is {values.dtype} {list(values.shape)}"
            )


def _keeps(values: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> bool:
    """Whether values are still themselves as another dtype; assigning would cut 2.7 to 2, 300 to 44 and words to
    syllables without a word. Floats may lose digits."""
    if values.dtype.kind in "iu" and dtype.kind in "iu":  # a Python int is int64, however small
        return np.can_cast(values.dtype, dtype) or bool(np.all(values.astype(dtype) == values))
    return np.can_cast(values.dtype, dtype, "same_kind" if dtype.kind in "biufc" else "safe")
