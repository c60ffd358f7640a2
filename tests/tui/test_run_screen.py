"""The production run on its screen: beside no sweep, stopped by esc, asked about before quitting."""

from tests.builders import a_start
from tests.tui.fakes import FakeEngine, World, text_of, until
from tests.tui.playing import play
from workbench.tui.screens.confirm import ConfirmScreen
from workbench.tui.screens.sweep import SweepScreen
from workbench.tui.widgets.production import ProductionPanel


def running(story):
    world = World(FakeEngine([a_start()]))

    async def whole(pilot, world):
        await pilot.press("7")
        panel = pilot.app.screen.query_one(ProductionPanel)
        panel.start()
        await until(pilot, lambda: "50%" in text_of(pilot))
        await story(pilot, world)

    return play(whole, world, request=None, autostart=False)


def test_a_run_shows_its_progress_and_esc_stops_it():
    async def story(pilot, world):
        await pilot.press("escape")
        await until(pilot, lambda: world.runs[0].stopped and not pilot.app.session.producing)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, SweepScreen))

    running(story)


def test_beside_a_run_no_sweep_starts():
    async def story(pilot, world):
        await pilot.press("1", "r")
        await until(pilot, lambda: "a production run goes on" in text_of(pilot))
        assert not world.requests

    running(story)


def test_beside_a_sweep_no_run_starts():
    async def story(pilot, world):
        await until(pilot, lambda: pilot.app.session.phase == "running")
        await pilot.press("7")
        panel = pilot.app.screen.query_one(ProductionPanel)
        panel.start()
        await until(pilot, lambda: "a sweep is running" in text_of(pilot))
        assert not world.runs

    play(story, World(FakeEngine([a_start()])))


def test_quitting_beside_a_run_asks_first_and_ends_it():
    async def story(pilot, world):
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        assert "A production run is running. Stop it and quit?" in text_of(pilot)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: not pilot.app.is_running)
        assert world.runs[0].stopped

    running(story)


def test_the_key_that_runs_runs_what_the_page_is_about():
    async def story(pilot, world):
        await pilot.press("7", "r")
        await until(pilot, lambda: len(world.runs) == 1)
        assert not world.requests

    play(story, request=None, autostart=False)
