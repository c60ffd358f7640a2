"""What is computed: data, tasks and kernels. Everything a workload tells the engine is here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.knob import Knob, Scalar, Settings

Data = Any
"""Any picklable object. The NumPy arrays, Arrow tables and DataFrames in it are shared without a copy; it is read-only
in every mode."""

Tasks = Sequence[Any]
"""The independent units of work, in the order of the results: a list, a tuple or an array (sliced, never changed)."""


@dataclass(frozen=True)
class ResultSpec:
    """Dtype and shape of one task's result, so that results can be written into preallocated shared slots."""

    dtype: str
    """A NumPy dtype name, such as ``float64``."""
    shape: tuple[int, ...] = ()
    """Shape of one task's result; ``()`` for a scalar."""


@dataclass(frozen=True)
class Kernel:
    """One implementation of the workload's function. All kernels of a workload compute the same thing."""

    function: Callable[[Data, Tasks], Any]
    """``function(data, tasks_of_a_chunk) -> results``, one result per task in task order; a module-level function."""
    prepare: Callable[[Data, str], Data] | None = None
    """``prepare(data, device) -> data`` for this kernel, once per worker during set-up (columns from a table, tensors
    on a device)."""
    device: bool = False
    """Computes on a torch device: runs in the gpu-batch mode and in no other."""
    requires: Mapping[str, Scalar | tuple[Scalar, ...]] = field(default_factory=dict)
    """Settings without which this kernel cannot run: ``{"layout": "columns"}``, or a tuple of values that will do."""
    needs: Mapping[str, str] = field(default_factory=dict)
    """Modules it imports that the core install lacks, with what to install: ``{"torch": "workbench[gpu]"}``."""
    notes: Callable[[Settings], tuple[str, ...]] | None = None
    """``notes(settings)``: what is not as it should be with this kernel on this machine, one sentence each."""
    bytes_per_task: int = 0
    """Working memory of one task in a chunk, in bytes; 0: unknown. Bounds the automatic chunk size."""

    def misfit(self, settings: Settings) -> str | None:
        """Return why this kernel cannot run with these settings, or None if it can."""
        required = {name: each if isinstance(each, tuple) else (each,) for name, each in self.requires.items()}
        wrong = [
            f"{name}={' or '.join(map(str, fitting))}"
            for name, fitting in required.items()
            if settings.get(name) not in fitting
        ]
        return f"needs {', '.join(wrong)}" if wrong else None


def _no_result(settings: Settings) -> ResultSpec | None:
    return None


@dataclass(frozen=True)
class Workload:
    """A job of many independent tasks over big read-only data."""

    name: str
    """What ``workbench sweep NAME`` takes."""
    summary: str
    """One line for lists."""
    load: Callable[..., Data]
    """``load(size, **settings) -> data``: called once per measuring process with a value for every knob."""
    tasks: Callable[[Data], Tasks]
    """``tasks(data) -> tasks``; deterministic."""
    kernels: Mapping[str, Kernel]
    """Implementations by name; the first is the naive one and, run sequentially, the baseline."""
    result: Callable[[Settings], ResultSpec | None] = _no_result
    """``result(settings)``: the fixed form of one task's result, or None for arbitrary picklable objects."""
    tolerance: float = 1e-9
    """Largest absolute or relative difference allowed between kernels; the same kernel must agree bit for bit."""
    score: Callable[[Any], float] | None = None
    """Optional quality of all results, reported beside the speed."""
    knobs: tuple[Knob, ...] = ()
    """Settings of the workload; each can be an axis of a sweep."""
    sizes: Mapping[str, str] = field(default_factory=lambda: {"small": "", "medium": "", "large": ""})
    """Legal sizes with a few words on each; the first is the default."""

    def __post_init__(self) -> None:
        """Raise TypeError for what a user is likely to get wrong, where it was written."""
        kernels: Any = self.kernels
        if not (isinstance(kernels, Mapping) and kernels and all(isinstance(k, Kernel) for k in kernels.values())):
            raise TypeError(f"kernels must be a table such as {{'python': Kernel(function)}}, got {kernels!r}"[:200])
        for name in ("load", "tasks"):
            if not callable(getattr(self, name)):
                raise TypeError(f"{name} must be a function, got {getattr(self, name)!r}"[:200])

    @property
    def naive(self) -> str:
        """Name of the naive kernel, the first of the table."""
        return next(iter(self.kernels))

    def knob_names(self) -> list[str]:
        """Names of the workload's own knobs."""
        return [knob.name for knob in self.knobs]
