import asyncio
from collections.abc import Awaitable, Callable

from textual.pilot import Pilot
from textual.widgets import Input

from engine.request import SweepRequest
from tests.tui.fakes import World, a_screen, screen_of, text_of, until
from workbench.tui.widgets.fields import Field, ModeBox

Story = Callable[[Pilot[None], World], Awaitable[None]]


def play(story: Story, size: tuple[int, int] = (80, 24), **arguments) -> World:
    world = World()

    async def run() -> None:
        async with a_screen(world, size, **arguments) as pilot:
            await story(pilot, world)

    asyncio.run(run())
    return world


def a_field(pilot: Pilot[None], name: str) -> Field:
    fields: list[Field] = list(screen_of(pilot).form.query(Field))
    return next(field for field in fields if field.knob.name == name)


async def type_into(pilot: Pilot[None], name: str, text: str) -> None:
    a_field(pilot, name).query_one(Input).value = text
    a_field(pilot, name).query_one(Input).focus()
    await pilot.pause()


def test_the_form_shows_workload_modes_knobs_and_what_is_unavailable_at_80x24():
    async def story(pilot, world):
        text = text_of(pilot)
        assert "straddles" in text
        assert "[x] shared-memory processes that read one copy" in text
        assert "[ ] gpu-batch     unavailable: no GPU; pip install 'workbench[gpu]'" in text
        for label in ("workers", "kernel", "chunk size", "start method", "layout", "fee", "blocks", "sample", "goal"):
            assert label in text
        assert "Run sweep" in text

    play(story)


def test_enter_starts_at_once_with_every_available_mode():
    async def story(pilot, world):
        await pilot.press("enter")
        await until(pilot, lambda: world.requests)

    [request] = play(story).requests
    assert request.workload == "straddles"
    assert request.axes["mode"] == ("sequential", "thread", "process", "shared-memory")
    assert request.axes["workers"] == ("auto",)


def test_a_wrong_value_shows_its_message_and_does_not_start():
    async def story(pilot, world):
        await type_into(pilot, "workers", "two")
        assert "✗ workers: expected a whole number, got 'two'" in text_of(pilot)
        assert "✗ workers" in text_of(pilot)
        await pilot.press("enter", "r")
        assert screen_of(pilot).phase == "form"

    assert play(story).requests == []


def test_a_field_in_focus_explains_itself():
    async def story(pilot, world):
        await type_into(pilot, "start_method", "spawn")
        assert "start method: how worker processes are started [fork, spawn, forkserver]" in text_of(pilot)

    play(story)


def test_a_sample_explains_itself_and_says_when_it_is_too_small():
    async def story(pilot, world):
        await type_into(pilot, "sample", "")
        assert "empty or 0: all tasks" in text_of(pilot)
        await type_into(pilot, "sample", "15")
        assert "✗ --sample 15: at least 16 tasks are needed" in text_of(pilot)
        await type_into(pilot, "sample", "16")
        await pilot.press("enter", "enter")
        await until(pilot, lambda: world.requests)

    assert play(story).requests[0].sample == 16


def test_on_a_very_small_screen_a_problem_is_shown_in_full_and_its_field_stays_in_sight():
    async def story(pilot, world):
        await type_into(pilot, "sample", "15")
        await until(pilot, lambda: "\n ✗ sample " in text_of(pilot))
        assert "✗ --sample 15: at least 16 tasks are\n needed to see how time grows with them\n" in text_of(pilot)

    play(story, (40, 12))


def test_a_mode_can_be_left_out():
    async def story(pilot, world):
        next(box for box in screen_of(pilot).form.query(ModeBox) if box.mode.name == "thread").value = False
        await pilot.press("enter")
        await until(pilot, lambda: world.requests)

    assert "thread" not in play(story).requests[0].axes["mode"]


def test_a_request_given_on_the_command_line_fills_the_form():
    given = SweepRequest(
        workload="straddles",
        size="medium",
        blocks=7,
        sample=200,
        axes={"mode": ("thread",), "workers": (3,)},
        settings={"fee": (2.0,)},
    )

    async def story(pilot, world):
        await until(pilot, lambda: screen_of(pilot).form.request)
        assert a_field(pilot, "workers").text == "3"
        await pilot.press("enter")
        await until(pilot, lambda: world.requests)

    [request] = play(story, request=given).requests
    assert (request.size, request.blocks, request.sample, request.axes["workers"]) == ("medium", 7, 200, (3,))
    assert (request.axes["mode"], request.settings["fee"]) == (("thread",), (2.0,))


def test_the_form_can_be_used_on_a_very_small_screen():
    async def story(pilot, world):
        assert "Run sweep" in text_of(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: world.requests)

    assert play(story, (40, 12)).requests
