"""A recording in place of the engine: played, paused, wound in both directions."""

import asyncio

from engine.events import Failed, SweepStarted, encode
from engine.recording import read_recording
from tests.builders import a_sweep
from workbench.state import State, fold, fold_all
from workbench.tui.playback import FASTEST, SLOWEST, Playback

FAST = 0.01
"""Seconds for a whole recording."""


async def some(playback, count):
    """The next events, so many."""
    events = []
    async with asyncio.timeout(10):
        async for event in playback.events():
            events.append(event)
            if len(events) == count:
                break
    return events


def test_a_recording_plays_the_events_it_holds(tmp_path):
    path = tmp_path / "sweep.jsonl"
    path.write_bytes(b"".join(map(encode, a_sweep())))
    playback = Playback(read_recording(path), FAST)
    assert asyncio.run(some(playback, len(a_sweep()))) == a_sweep()
    assert playback.share == 1.0


def test_a_recording_that_breaks_off_says_so():
    events = asyncio.run(some(Playback(a_sweep()[:5], FAST), 6))
    assert events[-1] == Failed(message="the recording ends here, before the sweep did", exit_code=4)


def test_a_stop_goes_to_the_end_at_once():
    async def stopped():
        playback, events = Playback(a_sweep(), 1000.0), []
        async for event in playback.events():
            events.append(event)
            await playback.stop()
        return events

    events = asyncio.run(stopped())
    assert events[0] == a_sweep()[0]
    assert events[-1] == a_sweep()[-1]
    assert len(events) < 10


def test_winding_back_gives_the_state_of_that_moment():
    async def wound():
        playback, state, ended = Playback(a_sweep(), FAST), State(), False
        async with asyncio.timeout(10):
            async for event in playback.events():
                state = fold(state, event)
                if state.finished:
                    playback.pause()
                    playback.scrub(-4)
                    ended = True
                elif ended and playback.position < len(a_sweep()) and state == fold_all(a_sweep()[: playback.position]):
                    return playback.share
        return None

    share = asyncio.run(wound())
    assert share is not None
    assert 0.7 < share < 0.85


def test_winding_forward_plays_what_is_between_without_waiting():
    async def wound():
        playback = Playback(a_sweep(), 1e6)
        reading = asyncio.create_task(some(playback, len(a_sweep()) // 2))
        await asyncio.sleep(0)
        for _ in range(11):
            playback.scrub(1)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        for _ in range(60):
            playback.scrub(1)
            if reading.done():
                break
            await asyncio.sleep(0.001)
        return await reading

    events = asyncio.run(wound())
    assert isinstance(events[0], SweepStarted)
    assert events == a_sweep()[: len(events)]


def test_a_paused_recording_waits_until_it_goes_on():
    async def paused():
        playback, events = Playback(a_sweep(), FAST), []

        async def read():
            async for event in playback.events():
                events.append(event)
                if len(events) == 3:
                    playback.pause()

        reading = asyncio.create_task(read())
        while len(events) < 3:
            await asyncio.sleep(0)
        for _ in range(50):
            await asyncio.sleep(0)
        seen = len(events)
        playback.pause()
        async with asyncio.timeout(10):
            while len(events) < len(a_sweep()):
                await asyncio.sleep(0)
        reading.cancel()
        return seen

    assert asyncio.run(paused()) == 3


def test_the_speed_has_bounds():
    playback = Playback(a_sweep())
    for _ in range(20):
        playback.faster(2)
    assert playback.speed == FASTEST
    for _ in range(30):
        playback.faster(0.5)
    assert playback.speed == SLOWEST
