"""What the engine and a worker say to each other.

engine -> worker    Brief (once), Order (what to compute from now on), Piece ..., None (end)
worker -> engine    Ready (answers Brief), Opened (answers Order), Part ... (at least one per Piece), Refused
"""

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import TaskFailed
from engine.pool.arena import Span
from engine.pool.slots import SlotsForm
from engine.workload import Kernel

STACK_SIGNAL = signal.SIGUSR2
"""A worker that gets it writes its stack into its report."""


@dataclass(frozen=True)
class Each:
    """Compute one task at a time, as ``function(data, task)`` or, without data, ``function(task)``."""

    function: Callable[..., Any]
    with_data: bool


@dataclass(frozen=True)
class Batch:
    """Compute a chunk at a time with a kernel of a workload."""

    kernel: Kernel


Work = Each | Batch


@dataclass(frozen=True)
class Brief:
    """What a worker needs to know before any work. With it come the descriptors of board, crash report and, where there
    is data, arena."""

    worker: int
    workers: int
    started: int
    """Monotonic nanoseconds at which the engine began to start it."""
    facts: dict[str, Any]
    """How to import what the engine's main module defines."""
    threads: int
    arena: tuple[int, Span, tuple[Span, ...]] | None
    """Size, and where stream and buffers lie; None: no data."""


@dataclass(frozen=True)
class Order:
    """What the pieces that follow are to be computed with. With it comes the descriptor of the slots, if any."""

    number: int
    work: bytes
    """A pickled Work; apart, so that what goes wrong in it can be told from what goes wrong in the channel."""
    slots: SlotsForm | None
    singly: bool = False
    """Say of every task when it is begun, however short it is, because its time or memory is limited."""


@dataclass(frozen=True)
class Piece:
    """Some tasks, one after the other."""

    number: int
    first: int
    """Position of the first task among all."""
    count: int
    tasks: bytes
    """The pickled sequence of the tasks."""
    slot: int
    """Slot of the first result."""
    patience: int
    """Nanoseconds after which the rest of the piece is handed back; 0: never."""


@dataclass(frozen=True)
class Ready:
    """A worker has its data."""

    violations: tuple[str, ...]
    """Libraries that may use more threads than they were told to."""


@dataclass(frozen=True)
class Opened:
    """A worker can compute pieces of an order."""

    number: int


@dataclass(frozen=True)
class Refused:
    """A worker cannot do what it was told: not set up, or not open an order."""

    reason: str
    """One sentence."""
    trace: str
    """The traceback in the worker."""
    order: int = 0
    """Number of the order that cannot be opened; 0: whatever it is told, it cannot go on."""


@dataclass(frozen=True)
class Part:
    """Results of the tasks ``start`` to ``stop`` of a piece, counted within it; parts of a piece come in order."""

    number: int
    start: int
    stop: int
    results: Sequence[Any] | None
    """One per task (None where it failed); None as a whole: they are in the slots."""
    failures: tuple[tuple[int, TaskFailed], ...]
    """Position within the piece, and error."""
    last: bool
    """Nothing more comes of this piece; tasks from ``stop`` on were not computed and have to be handed out again."""
    apart: bool = False
    """The tasks from ``stop`` on could not even be unpickled; they have to be handed out one at a time."""
    wall: int = 0
    """Nanoseconds inside the function since the part before."""
    cpu: int = 0
