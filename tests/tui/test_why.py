"""The screen that says where the time of a plan goes."""

import asyncio
from pathlib import Path

import pytest

from engine.events import SweepFinished, TrialStarted
from engine.recording import read_recording
from tests.builders import a_sweep
from tests.explained import an_explained_report
from tests.tui.fakes import FakeEngine, World, text_of, until
from tests.tui.playing import done, play
from workbench.tui.app import Workbench
from workbench.tui.playback import Playback
from workbench.words.numbers import ASCII
from workbench.words.why import NOT_YET

RECORDED = Path(__file__).parents[1] / "recorded" / "demo.jsonl"


def explained() -> World:
    return World(FakeEngine([*a_sweep()[:-1], SweepFinished(report=an_explained_report())]))


def half() -> World:
    """Into the second block."""
    events = a_sweep()
    starts = [at for at, event in enumerate(events) if isinstance(event, TrialStarted) and event.block == 1]
    return World(FakeEngine(events[: starts[3] + 1]))


async def shown(pilot, text: str) -> None:
    await until(pilot, lambda: text in text_of(pilot))


def test_the_recommended_plan_is_explained_first_and_keys_go_to_others():
    async def story(pilot, world):
        await done(pilot)
        await pilot.press("2")
        await shown(pilot, "★ shared-memory × 4, numpy")
        assert "plan 7 of 8, recommended" in text_of(pilot)
        assert "Efficiency of a steady run" in text_of(pilot)
        assert "a start-up" in text_of(pilot)
        await pilot.press("j")
        await shown(pilot, "plan 8 of 8")
        assert "unavailable: no CUDA device here" in text_of(pilot)
        await pilot.press("j")
        await shown(pilot, "plan 1 of 8, the baseline")
        await pilot.press("k", "k", "k")
        await shown(pilot, "plan 6 of 8")

    play(story, explained())


def test_a_plan_that_is_marked_here_is_seen_beside_the_others():
    async def story(pilot, world):
        await done(pilot)
        await pilot.press("2")
        await shown(pilot, "plan 7 of 8")
        await pilot.press("m")
        await shown(pilot, "plan 7 of 8, recommended, marked")
        await pilot.press("k", "k")
        await shown(pilot, "Beside ◆ shared-memory × 4, numpy (marked):")
        row = next(line for line in text_of(pilot).splitlines() if "ship (432 MB)" in line)
        assert "+300 ms" in row
        assert "0 s" in row
        await pilot.press("j", "j", "m", "k")
        await shown(pilot, "plan 6 of 8")
        assert "Beside" not in text_of(pilot)

    play(story, explained(), size=(120, 50))


def test_a_row_marked_in_the_table_is_seen_beside_the_selected_one():
    async def story(pilot, world):
        await done(pilot)
        await pilot.press("m", "k", "2")
        await shown(pilot, "Beside ◆ shared-memory × 4, numpy (marked):")
        assert "shared-memory × 2, numpy" in text_of(pilot)

    play(story, explained())


def test_while_a_sweep_runs_the_figures_are_live_and_the_rest_comes_with_the_report():
    async def story(pilot, world):
        await until(pilot, lambda: "block 2/3" in text_of(pilot))
        await pilot.press("2")
        await shown(pilot, NOT_YET)
        assert "Where a whole job of " in text_of(pilot)

    play(story, half())


def test_before_anything_was_measured_it_says_what_to_do():
    async def story(pilot, world):
        await pilot.press("2")
        await shown(pilot, "Nothing was measured yet: 1 goes to the form")
        await pilot.press("j")
        await shown(pilot, "nothing was measured yet")

    play(story, request=None, autostart=False)


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (160, 50)])
def test_every_size_shows_a_marked_plan_beside_another(size):
    async def story(pilot, world):
        await done(pilot)
        await pilot.press("2", "m", "k", "k", "pagedown", "end", "home")
        await shown(pilot, "Beside ◆ shared-memory × 4")

    play(story, explained(), size=size)


def test_without_unicode_the_account_is_ascii():
    async def story(pilot, world):
        await done(pilot)
        await pilot.press("2", "m", "k", "k")
        await shown(pilot, "Beside & shared-memory x 4")
        foreign = {letter for letter in text_of(pilot) if not letter.isascii()}
        assert all(0x2500 <= ord(letter) < 0x25A0 for letter in foreign)  # scrollbar and frame of the notice

    play(story, explained(), signs=ASCII)


def test_a_recording_is_explained_without_the_machine_it_came_from():
    async def run() -> None:
        app = Workbench(World().services(), replay=(Playback(read_recording(RECORDED), 0.1), "demo.jsonl"))
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: app.sweep_screen.phase == "done")
            await pilot.press("2")
            await shown(pilot, "★ thread × 2, numba, layout=columns")
            await shown(pilot, "Efficiency of a steady run")
            await pilot.press("end")
            await shown(pilot, "What it loses time to")

    asyncio.run(run())
