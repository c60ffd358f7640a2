"""What can be asked of one pass over tasks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, cast

import numpy as np

from engine.chunks import describe_task
from engine.errors import RequestError, UnknownName
from engine.workload import ResultSpec

Then = Literal["stop", "skip", "keep"]
_THEN = ("stop", "skip", "keep")
_DTYPES = sorted({np.dtype(kind).name for kind in np.typecodes["All"] if kind not in "OV"})
"""What a wrong dtype may have been meant to be."""


@dataclass(frozen=True)
class OnError:
    """What happens when a task fails."""

    retries: int = 0
    """How often it is tried again, whatever it failed of: an exception, its worker's death, its time, its memory."""
    then: Then = "stop"
    """After that: ``stop`` raises its error, ``skip`` leaves it out, ``keep`` gives its error in place of a result."""


def retry(times: int, then: Then = "stop") -> OnError:
    """Return an ``on_error`` that tries a failed task so many more times. Raises RequestError, UnknownName."""
    times = whole("retry: times", times)
    if then not in _THEN:
        raise UnknownName("way to go on after an error", str(then), _THEN, "retry: then")
    return OnError(times, then)


@dataclass(frozen=True)
class Progress:
    """How far a pass is."""

    done: int
    """Tasks settled, the failed included."""
    failed: int
    total: int | None
    """None: the tasks are an iterator, whose end nobody knows."""
    seconds: float
    """Since the start."""

    @property
    def rate(self) -> float:
        """Tasks per second."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def left(self) -> float | None:
        """Seconds until the end at this rate; None: nobody can tell."""
        return (self.total - self.done) / self.rate if self.total is not None and self.rate else None


class MapOptions(TypedDict, total=False):
    """Keyword arguments of ``Pool.map`` and ``Pool.unordered``."""

    result: ResultSpec | None
    """Form of every result, so that they come back through shared memory instead of being pickled."""
    chunk_size: int | Literal["auto"]
    """Tasks handed out at once; auto: as many as take about 20 ms."""
    timeout: float | None
    """Seconds one task may take; then its worker is ended and replaced, and the task has failed."""
    on_error: Then | OnError
    """``stop`` (default), ``skip``, ``keep``, or ``retry(n)``."""
    progress: Callable[[Progress], Any] | None
    """Called up to ten times a second, and at the end."""


@dataclass(frozen=True)
class Options:
    """Checked MapOptions."""

    result: ResultSpec | None = None
    chunk_size: int | None = None
    """None: auto."""
    timeout: float | None = None
    on_error: OnError = OnError()
    progress: Callable[[Progress], Any] | None = None


def check(options: MapOptions) -> Options:
    """Return the options checked, with the defaults for those not given. Raises RequestError, UnknownName."""
    given: dict[str, Any] = dict(options)
    unknown = set(given) - MapOptions.__optional_keys__
    if unknown:
        raise UnknownName("option", sorted(unknown)[0], MapOptions.__optional_keys__)
    return Options(
        _result(given.get("result")),
        _chunk_size(given.get("chunk_size", "auto")),
        _timeout(given.get("timeout")),
        _on_error(given.get("on_error", "stop")),
        _progress(given.get("progress")),
    )


def whole(name: str, value: Any, instead: str = "") -> int:
    """Return a whole number from 1. Raises RequestError; ``instead``: what may be given as well, such as "None or "."""
    if isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= 1:
        return int(value)
    raise RequestError(f"{name}: expected {instead}a whole number from 1, got {describe_task(value)}")


def _result(value: Any) -> ResultSpec | None:
    if value is None:
        return None
    if not isinstance(value, ResultSpec):
        raise RequestError(f"result: expected engine.ResultSpec(dtype, shape) or None, got {describe_task(value)}")
    try:
        dtype = np.dtype(value.dtype)
    except TypeError:
        raise UnknownName("dtype", str(value.dtype), _DTYPES, "result") from None
    if dtype.hasobject or not dtype.itemsize:
        raise RequestError(f"result: {value.dtype!r} is of no fixed size; leave result out, and results are pickled")
    shape: Any = value.shape
    if not isinstance(shape, tuple) or not all(isinstance(n, int | np.integer) and n >= 0 for n in shape):
        raise RequestError(f"result: expected a shape such as (76, 20), or () for a number, got {shape!r}")
    return value


def _chunk_size(value: Any) -> int | None:
    return None if isinstance(value, str) and value == "auto" else whole("chunk_size", value, "'auto' or ")


def _timeout(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool) and value > 0:
        return float(value)
    raise RequestError(f"timeout: expected seconds above 0, or None for no limit, got {describe_task(value)}")


def _on_error(value: Any) -> OnError:
    if isinstance(value, OnError):
        return value
    if not isinstance(value, str) or value not in _THEN:
        raise UnknownName("way to go on after an error", str(value), _THEN, "on_error (or engine.retry(n))")
    return OnError(then=cast(Then, value))


def _progress(value: Any) -> Callable[[Progress], Any] | None:
    if value is None or callable(value):
        return cast(Callable[[Progress], Any] | None, value)
    raise RequestError(f"progress: expected a function that takes a Progress, or None, got {describe_task(value)}")
