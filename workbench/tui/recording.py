"""A recorded sweep in place of the engine: the same events, without the machine they came from."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from engine.events import AnyEvent, DataLoaded, Failed, RunFinished, SweepFinished


class Recording:
    """Plays events in about this many seconds, or as fast as they were if that is shorter."""

    def __init__(self, events: Sequence[AnyEvent], seconds: float = 10.0) -> None:
        self._events = events
        real = sum(_duration(event) for event in events)
        self._pace = min(1.0, seconds / real) if real else 0.0
        self._stopped = asyncio.Event()

    async def events(self) -> AsyncIterator[AnyEvent]:
        """Yield the recorded events; after a stop, only the last."""
        for event in self._events[:-1]:
            await self._wait(_duration(event) * self._pace)
            if self._stopped.is_set():
                break
            yield event
        last = self._events[-1]
        yield last
        if not isinstance(last, SweepFinished | Failed):
            yield Failed(message="the recording ends here, before the sweep did", exit_code=4)

    async def stop(self) -> None:
        """Go to the end."""
        self._stopped.set()

    def kill(self) -> None:
        """Go to the end."""
        self._stopped.set()

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            return


def _duration(event: AnyEvent) -> float:
    return event.seconds if isinstance(event, RunFinished | DataLoaded) else 0.0
