"""How many tasks make a piece: by time, guided towards the end, learned from the pieces themselves."""

AIM = 0.020
"""Seconds a piece should take: 1,000 times what handing it out costs, and short enough to lose."""
PATIENCE = 0.050
"""Seconds after which a worker hands the rest of a piece back, because its tasks are longer than those before."""
LEAST = 0.0005
"""Seconds a piece should take at least, even near the end: handing it out takes 0.1 ms of the engine's time."""
AHEAD = 0.100
"""Seconds; where pieces take longer, waiting 0.3 ms for the next one costs less than keeping it from a worker that
comes free. With tasks of 50 ms, two workers and none handed out ahead, 3 % of the time goes into waiting."""
MESSAGE = 4 << 20
"""Bytes of pickled tasks in one message."""
_GROWTH = 8
"""A kernel that computes a chunk at once is cheaper per task the larger the chunk, so one chunk tells little about one
much larger."""
_UNKNOWN = 32
"""Tasks of the first pieces of a function nobody knows anything about."""


class Sizer:
    """Sizes the pieces of one order; learns over all its runs."""

    def __init__(self, workers: int, fixed: int | None = None, most: int | None = None, *, batch: bool = False) -> None:
        """Args:
        workers: among how many the tasks are shared.
        fixed: tasks of every piece, if that was asked for.
        most: tasks a piece may have, for the memory they take.
        batch: a kernel computes them at once, so a piece cannot be handed back.
        """
        self._workers, self._fixed, self._most, self._batch = workers, fixed, most, batch
        self._seconds: float | None = None
        self._bytes = 0.0
        self._last = self._learned_from = 0
        self.largest = 0
        """Tasks of the largest piece so far."""

    @property
    def patience(self) -> float:
        """Seconds after which the rest of a piece is wanted back; 0: never."""
        return 0.0 if self._fixed or self._batch else PATIENCE

    @property
    def ahead(self) -> bool:
        """Whether a worker should have its next piece before it asks."""
        return self._seconds is not None and self._seconds * max(1, self._last) <= AHEAD

    def size(self, remaining: int | None) -> int:
        """Return the tasks of the next piece when so many are left (None: nobody knows)."""
        if self._fixed:
            size = self._fixed
        else:
            size = self._by_time() if self._seconds is not None else self._at_first(remaining)
            if remaining is not None:
                size = min(size, max(self._least(), -(-remaining // (2 * self._workers))), remaining)
        if self._bytes:
            size = min(size, int(MESSAGE / self._bytes))
        size = max(1, min(size, self._most or size))
        self._last = size
        self.largest = max(self.largest, size)
        return size

    def _at_first(self, remaining: int | None) -> int:
        if self._batch and remaining is not None:
            return -(-remaining // (16 * self._workers))
        return _UNKNOWN if remaining is None else min(_UNKNOWN, -(-remaining // (4 * self._workers)))

    def _least(self) -> int:
        return int(LEAST / max(self._seconds, 1e-9)) if self._seconds is not None else 1

    def _by_time(self) -> int:
        size = int(AIM / max(self._seconds or 0.0, 1e-9))
        return min(size, _GROWTH * max(1, self._last)) if self._batch else size

    def learn(self, tasks: int, seconds: float) -> None:
        """Take note of how long tasks took.

        A kernel that computes a chunk at once costs something for the chunk as well, so the small pieces of the end
        look dear. To learn that from them made the next run's pieces small, which look dearer still: a run of 0.13 s
        became one of 11.8 s, of single tasks.
        """
        if not tasks:
            return
        now = seconds / tasks
        if self._seconds is None or not (self._batch and 2 * tasks < self._learned_from and now > self._seconds):
            self._seconds = now if self._seconds is None else (self._seconds + now) / 2
        self._learned_from = max(self._learned_from, tasks)

    def learn_bytes(self, tasks: int, count: int) -> None:
        """Take note of how many bytes tasks are when pickled."""
        self._bytes = count / max(1, tasks)
