"""Ctrl-C while a pool works: the first lets finished results through, the second ends at once."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

DRAIN = 1.0
"""Seconds that work in hand is given to finish."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, after what was in hand had up to a second to finish."""

    def __init__(self, finished: dict[int, Any]) -> None:
        super().__init__("interrupted")
        self.finished = finished
        """Position -> result of tasks that are done but whose turn had not come."""


class Interrupts:
    """Takes the first Ctrl-C as a request. Only in the main thread, and only where Ctrl-C means KeyboardInterrupt."""

    def __init__(self) -> None:
        self.asked = False
        self._over = False

    def __enter__(self) -> Self:
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._take)
        return self

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.asked or self._over:
            raise KeyboardInterrupt
        self.asked = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.give_back()

    def give_back(self) -> None:
        """Let Ctrl-C mean what it meant before; what somebody else has made of it since, stays. Idempotent."""
        self._over = True  # in case another thread is doing this, which cannot take a handler back
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) == self._take:
            signal.signal(signal.SIGINT, signal.default_int_handler)
