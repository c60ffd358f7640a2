"""Sweeps of the screen are in the history, and what is wrong with the history does not harm the screen."""

import asyncio

import pytest

from engine.errors import FileProblem
from engine.events import Failed
from engine.history import history_file, open_history
from tests.builders import a_report, a_start, a_sweep
from tests.tui.fakes import FakeEngine, World, screen_of, text_of, until
from tests.tui.playing import done, play
from workbench.tui import services


def test_a_finished_sweep_is_kept_in_the_history():
    async def story(pilot, world):
        await done(pilot)
        await until(pilot, lambda: world.kept)
        assert world.kept == [screen_of(pilot).state.report]
        assert "history" not in text_of(pilot)

    play(story)


def test_a_stopped_sweep_is_kept_as_far_as_it_came():
    async def story(pilot, world):
        await until(pilot, lambda: screen_of(pilot).phase == "running")
        await pilot.press("escape")
        await until(pilot, lambda: world.kept)
        assert not world.kept[0].complete

    play(story, World(FakeEngine([a_start()])))


def test_each_sweep_is_kept_once():
    async def story(pilot, world):
        await done(pilot)
        await pilot.press("r")
        await until(pilot, lambda: len(world.kept) == 2)
        await done(pilot)
        assert len(world.kept) == 2

    play(story, World(FakeEngine(a_sweep()), FakeEngine(a_sweep())))


@pytest.mark.parametrize("replay", [True, False])
def test_a_recording_and_a_failure_are_not_kept(replay):
    async def story(pilot, world):
        await done(pilot)
        await asyncio.sleep(0.05)
        assert world.kept == []

    if replay:
        play(story, replay=(FakeEngine(a_sweep()), "old.jsonl"), request=None, autostart=False)
    else:
        play(story, World(FakeEngine([Failed(message="no such size", exit_code=2)])))


@pytest.mark.parametrize("error", [FileProblem("/h.sqlite3", None, "is [b]damaged[/b]"), ZeroDivisionError("odd")])
def test_a_history_that_cannot_be_written_is_a_notice(error):
    async def story(pilot, world):
        await done(pilot)
        await until(pilot, lambda: "not kept in the history" in text_of(pilot))
        assert str(error).split("/")[-1][-8:] in text_of(pilot).replace("\n", "")
        assert screen_of(pilot).phase == "done"
        await pilot.press("n")
        assert screen_of(pilot).phase == "form"

    play(story, World(full=error))


def test_the_screen_goes_on_while_another_process_holds_the_history():
    """Keeping that never ends must neither freeze the screen nor hold up its end."""

    class Held(World):
        async def _keep(self, report):
            await asyncio.Event().wait()

    async def story(pilot, world):
        await done(pilot)
        await pilot.press("n")
        assert screen_of(pilot).phase == "form"

    play(story, Held())


def test_the_real_history_holds_what_was_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HISTORY", str(tmp_path / "h.sqlite3"))
    report = a_report()
    asyncio.run(services.keep_report(report))
    assert open_history().report(1) == report
    monkeypatch.setenv("WORKBENCH_HISTORY", "off")
    asyncio.run(services.keep_report(report))
    assert history_file() is None
