"""The board: a few numbers per worker in shared memory, written by that worker and read by the engine at any moment.

It tells what a worker is doing (so that a death or a hang can be pinned on its task) and how its time was spent. Every
field has one writer and eight aligned bytes, so no lock is needed. Setting one costs 35 ns.
"""

import mmap
from dataclasses import dataclass
from enum import IntEnum

from engine.pool.sharedfile import SharedFile

_FIELDS = 16
"""Fields of a row; 128 bytes, so that two workers never write the same cache line."""


class Field(IntEnum):
    """Position of each number in a worker's row; times are in nanoseconds of the monotonic clock."""

    PHASE = 0
    FIRST = 1
    COUNT = 2
    SINCE = 3
    TASKS = 4
    CHUNKS = 5
    WALL = 6
    CPU = 7
    WAIT = 8
    COPY = 9
    BYTES = 10
    STARTED = 11
    IMPORT = 12
    UNPACK = 13
    LIVES = 14


class Phase(IntEnum):
    """What a worker is doing; the tasks it would be doing it to are FIRST to FIRST + COUNT."""

    STARTING = 0
    IMPORTING = 1
    UNPACKING = 2
    IDLE = 3
    PREPARING = 4
    READING = 5
    RUNNING = 6
    SENDING = 7


DOING = {
    Phase.STARTING: "while it started",
    Phase.IMPORTING: "while it imported the main module",
    Phase.UNPACKING: "while it unpickled the data",
    Phase.IDLE: "while it had nothing to do",
    Phase.PREPARING: "while it unpickled the function and prepared the data for it",
    Phase.READING: "while it unpickled",
    Phase.RUNNING: "while it computed",
    Phase.SENDING: "while it pickled the results of",
}
"""Each phase in words; the last three are followed by the tasks."""
DOING_TO_ONE = {
    Phase.READING: "while it unpickled the task",
    Phase.RUNNING: "while it computed the task",
    Phase.SENDING: "while it pickled the result",
}
"""The same where there is one task, which has been named."""


@dataclass(frozen=True)
class WorkerView:
    """What one worker has done so far; times in seconds."""

    pid: int
    phase: str
    first: int
    """First of the tasks in its hand."""
    count: int
    """Number of tasks in its hand; 0: none."""
    since: float
    """Monotonic time since which it has been in this phase; 0: it waits for the engine to take results."""
    tasks: int
    chunks: int
    wall: float
    """Inside the function."""
    cpu: float
    """CPU time of the process while inside the function."""
    wait: float
    """For the next chunk."""
    copy: float
    """Writing results into slots, or pickling and sending them."""
    bytes: int
    """Bytes of results."""
    start: float
    """From its start until its own code ran."""
    imports: float
    unpack: float
    """Rebuilding the data over the shared memory."""
    lives: int
    """How many processes have been this worker, one after the other."""


class Board:
    """The rows of all workers, and one number from the engine to all of them."""

    def __init__(self, workers: int, file: SharedFile | None = None) -> None:
        self.workers = workers
        size = self.size(workers)
        self.file = file or SharedFile(size)
        self._numbers = memoryview(self.file.map(mmap.ACCESS_WRITE))[:size].cast("q")

    @staticmethod
    def size(workers: int) -> int:
        """Return the bytes of a board for so many workers."""
        return (workers + 1) * _FIELDS * 8

    def row(self, worker: int) -> memoryview:
        """Return the row of a worker, a view of 16 integers."""
        return self._numbers[worker * _FIELDS : (worker + 1) * _FIELDS]

    def cancel_below(self, number: int) -> None:
        """Tell every worker to drop the pieces with smaller numbers."""
        self._numbers[self.workers * _FIELDS] = number

    def cancelled(self) -> memoryview:
        """Return a view whose first number is the smallest piece that is still wanted."""
        return self._numbers[self.workers * _FIELDS : self.workers * _FIELDS + 1]

    def view(self, worker: int, pid: int) -> WorkerView:
        """Return a worker's row in words and seconds."""
        row = self.row(worker)
        seconds = {name: row[name] / 1e9 for name in Field}
        return WorkerView(
            pid,
            Phase(row[Field.PHASE]).name.lower(),
            row[Field.FIRST],
            row[Field.COUNT],
            seconds[Field.SINCE],
            row[Field.TASKS],
            row[Field.CHUNKS],
            seconds[Field.WALL],
            seconds[Field.CPU],
            seconds[Field.WAIT],
            seconds[Field.COPY],
            row[Field.BYTES],
            seconds[Field.STARTED],
            seconds[Field.IMPORT],
            seconds[Field.UNPACK],
            row[Field.LIVES],
        )
