"""Are two sets of results the same? No timing counts before this says yes."""

import math
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import WorkFailed


def difference(reference: Any, results: Any) -> float:
    """Return the largest difference between two results: absolute or relative to the reference, whichever is smaller.

    0.0 means equal (NaN equals NaN); ``inf`` means different in form, type, text or the place of a NaN.
    """
    if isinstance(reference, np.ndarray) or isinstance(results, np.ndarray):
        return _array_difference(np.asarray(reference), np.asarray(results))
    if isinstance(reference, float) and isinstance(results, float | int):
        return _array_difference(np.float64(reference), np.float64(results))
    if isinstance(reference, Mapping) and isinstance(results, Mapping):
        if reference.keys() != results.keys():
            return math.inf
        return max((difference(value, results[key]) for key, value in reference.items()), default=0.0)
    if isinstance(reference, list | tuple) and isinstance(results, Sequence) and not isinstance(results, str):
        if len(reference) != len(results):
            return math.inf
        return max(map(difference, reference, results), default=0.0)
    return 0.0 if bool(np.all(reference == results)) else math.inf


def _array_difference(reference: Any, results: Any) -> float:
    if reference.shape != results.shape:
        return math.inf
    if reference.dtype.kind not in "fc" or results.dtype.kind not in "fciu":
        return 0.0 if np.array_equal(reference, results) else math.inf
    if np.array_equal(reference, results, equal_nan=True):
        return 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.abs(results - reference) / np.maximum(1.0, np.abs(reference))
    gap = np.where((reference == results) | (np.isnan(reference) & np.isnan(results)), 0.0, gap)
    return math.inf if np.isnan(gap).any() else float(gap.max())


class References:
    """Results kept for comparison in a private folder, shared by the measuring processes of one sweep.

    Arrays are memory-mapped when read, so that they are not copied into every process. The folder is the sweep's own;
    nothing from outside is ever read from it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, results: Any) -> None:
        """Keep results under a key. Raises WorkFailed for results that cannot be pickled."""
        if isinstance(results, np.ndarray):
            np.save(self._folder / f"{key}.npy", results)
        else:
            (self._folder / f"{key}.pickle").write_bytes(_pickled(results))

    def get(self, key: str) -> Any:
        """Return the results of a key, or None."""
        if (array := self._folder / f"{key}.npy").exists():
            return np.load(array, mmap_mode="r")
        if (objects := self._folder / f"{key}.pickle").exists():
            return pickle.loads(objects.read_bytes())
        return None


def _pickled(results: Any) -> bytes:
    try:
        return pickle.dumps(results, protocol=5)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise WorkFailed(f"a result cannot be pickled, so no two plans can be compared: {error}") from None
