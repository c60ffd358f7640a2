"""Result slots: one preallocated place in shared memory for the result of each task."""

import math
import mmap
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.pool.arena import SharedFile
from engine.workload import ResultSpec


@dataclass(frozen=True)
class Slots:
    """Room for ``tasks`` results of one form. Picklable into a child process."""

    file: SharedFile
    tasks: int
    result: ResultSpec

    def array(self) -> np.ndarray[Any, Any]:
        """Return the writable array [tasks, *shape] over the shared memory; the mapping lives as long as the array."""
        mapping = self.file.map(mmap.ACCESS_WRITE)
        shape = (self.tasks, *self.result.shape)
        return np.frombuffer(mapping, self.result.dtype, math.prod(shape)).reshape(shape)


def make_slots(tasks: int, result: ResultSpec) -> Slots:
    """Reserve slots. Raises OSError when memory is short."""
    size = tasks * math.prod(result.shape) * np.dtype(result.dtype).itemsize
    return Slots(SharedFile(size), tasks, result)
