"""Playing a story on the sweep screen, and waiting for its phases."""

import asyncio
from collections.abc import Awaitable, Callable

from textual.pilot import Pilot

from engine.request import SweepRequest
from tests.tui.fakes import World, a_screen, screen_of, text_of, until

Story = Callable[[Pilot[None], World], Awaitable[None]]
REQUEST = SweepRequest(workload="straddles")


def play(story: Story, world: World | None = None, size: tuple[int, int] = (80, 24), **arguments) -> World:
    world = world or World()

    async def run() -> None:
        async with a_screen(world, size, **({"request": REQUEST, "autostart": True} | arguments)) as pilot:
            await story(pilot, world)

    asyncio.run(run())
    return world


async def done(pilot: Pilot[None]) -> None:
    await until(pilot, lambda: screen_of(pilot).phase == "done")
    await pilot.pause()


async def running(pilot: Pilot[None], text: str = "") -> None:
    await until(pilot, lambda: screen_of(pilot).phase == "running" and text in text_of(pilot))
