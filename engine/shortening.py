"""Cutting a run into chunks that can be told of, where nobody knows what a chunk costs."""

from collections.abc import Iterator

from engine.executor import Chunk, Seconds


class Shortening:
    """Chunks of about a quarter of a second, for a kernel whose costs are found out on the way.

    Whoever computes a chunk tells how long it took. The first pays for imports and does not count. Three more, each
    twice as large as the one before, tell what a chunk costs beside its tasks. Where that is much, as in a kernel that
    prepares something in every call, the others are made so large that it does not matter.
    """

    AIM: Seconds = 0.25
    SHARE: float = 0.02
    """Of the time, what may go into chunks as such."""
    PARTS: int = 256
    """The first chunk is that part of the tasks."""

    def __init__(self, tasks: int) -> None:
        self._tasks = tasks
        self._least = max(1, tasks // self.PARTS)
        self._first: list[Seconds] = []
        self.seconds: Seconds = 0.0
        """What the last chunk took; set by whoever computed it."""

    def __iter__(self) -> Iterator[Chunk]:
        start, size, warm = 0, self._least, False
        while start < self._tasks:
            stop = min(start + size, self._tasks)
            yield Chunk(start, stop)
            if warm and len(self._first) < 3:
                self._first.append(self.seconds)
            size = self._least * 2 ** len(self._first) if len(self._first) < 3 else self._size(stop - start)
            start, warm = stop, True

    def _size(self, last: int) -> int:
        fixed = min(self._fixed(), self.seconds)
        each = max(self.seconds - fixed, self.seconds / 1000, 1e-9) / last
        return max(1, min(self._tasks, int(max(self.AIM - fixed, fixed / self.SHARE) / each)))

    def _fixed(self) -> Seconds:
        """What a chunk costs beside its tasks; the smaller of two guesses, since tasks may differ."""
        one, two, four = self._first
        return max(0.0, min(2 * one - two, 2 * two - four))
