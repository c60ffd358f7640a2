"""A recorded sweep in place of the engine: the same events, without the machine they came from.

It can be paused, played faster or slower, and wound in both directions. Going back plays the events from the first one
on without waiting: the first event of a sweep starts whatever shows it anew.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import accumulate

from engine.events import AnyEvent, DataLoaded, Failed, RunFinished, SweepFinished

LEAP = 0.05
"""Part of a recording by which one step winds it."""

SLOWEST, FASTEST = 1 / 16, 64.0


class Playback:
    """Plays events in about this many seconds, or as fast as they were if that is shorter; then waits at the end."""

    def __init__(self, events: Sequence[AnyEvent], seconds: float = 10.0) -> None:
        self._events = self._complete(events)
        self._times = list(accumulate(map(_duration, self._events)))
        """Seconds after which each event happened."""
        self._pace = max(1.0, self._times[-1] / seconds) if seconds else float("inf")
        """Recorded seconds in a second at speed 1."""
        self.speed = 1.0
        self.paused = self._stopped = False
        self.position = 0
        """Events played."""
        self._target: int | None = None
        """Where to wind to."""
        self._changed = asyncio.Event()

    @staticmethod
    def _complete(events: Sequence[AnyEvent]) -> list[AnyEvent]:
        if events and isinstance(events[-1], SweepFinished | Failed):
            return list(events)
        return [*events, Failed(message="the recording ends here, before the sweep did", exit_code=4)]

    @property
    def share(self) -> float:
        """How much of the recorded time has been played, 0 to 1."""
        if self.position >= len(self._events):
            return 1.0
        total = self._times[-1]
        return self._times[self.position - 1] / total if self.position and total else 0.0

    async def events(self) -> AsyncIterator[AnyEvent]:
        """Yield the recorded events; after a stop, only the last."""
        while not self._stopped:
            if self._target is not None:
                for event in self._wind():
                    yield event
            elif self.position < len(self._events):
                if await self._wait(self._gap()):
                    self.position += 1
                    yield self._events[self.position - 1]
            else:
                await self._wait(None)
        if self.position < len(self._events):
            yield self._events[-1]

    def _wind(self) -> Sequence[AnyEvent]:
        """The events between here and the target; back from the first one on."""
        assert self._target is not None
        target, self._target = min(max(self._target, 1), len(self._events)), None
        start = self.position if target >= self.position else 0
        self.position = target
        return self._events[start:target]

    def _gap(self) -> float | None:
        """Seconds to the next event; None while paused."""
        return None if self.paused else _duration(self._events[self.position]) / self._pace / self.speed

    async def _wait(self, seconds: float | None) -> bool:
        """Wait; return whether nothing else was asked for meanwhile."""
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return True
        return False

    def pause(self) -> None:
        """Pause, or go on."""
        self.paused = not self.paused
        self._changed.set()

    def faster(self, times: float) -> None:
        """Play so many times as fast; below 1 slower."""
        self.speed = min(max(self.speed * times, SLOWEST), FASTEST)
        self._changed.set()

    def scrub(self, leaps: int) -> None:
        """Wind by so many steps of ``LEAP``; below 0 back. At least one event."""
        wanted = self.share + leaps * LEAP
        total = self._times[-1]
        after = sum(time <= wanted * total for time in self._times)
        self._target = max(after, self.position + 1) if leaps > 0 else min(after, self.position - 1)
        self._changed.set()

    async def stop(self) -> None:
        """Go to the end."""
        self.kill()

    def kill(self) -> None:
        """Go to the end."""
        self._stopped = True
        self._changed.set()


def _duration(event: AnyEvent) -> float:
    return event.seconds if isinstance(event, RunFinished | DataLoaded) else 0.0
