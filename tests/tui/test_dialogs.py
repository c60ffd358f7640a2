from textual.widgets import Input

from tests.tui.fakes import World, text_of, until
from tests.tui.playing import done, play
from workbench.tui.screens.hotspots import HotspotsScreen
from workbench.tui.screens.save import SaveScreen
from workbench.tui.screens.sweep import SweepScreen


def test_saving_writes_the_config_where_asked(tmp_path):
    async def story(pilot, world):
        await done(pilot)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, SaveScreen))
        pilot.app.screen.query_one(Input).value = str(tmp_path / "tuned.toml")
        await pilot.pause()
        pilot.app.screen.query_one("#save").focus()
        await pilot.press("enter")
        await until(pilot, lambda: world.saved)

    [(report, path)] = play(story).saved
    assert report.recommendation
    assert path == tmp_path / "tuned.toml"


def test_a_config_that_cannot_be_written_keeps_the_dialog_and_says_why(tmp_path):
    async def story(pilot, world):
        await done(pilot)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, SaveScreen))
        pilot.app.screen.query_one(Input).value = str(tmp_path / "nowhere" / "tuned.toml")
        pilot.app.screen.query_one(Input).focus()
        await pilot.press("enter")
        await pilot.pause()
        assert "✗ [Errno 2] No such file or directory" in text_of(pilot)
        assert isinstance(pilot.app.screen, SaveScreen)
        await pilot.press("escape")

    play(story)


def test_hot_spots_of_the_selected_plan_are_shown_with_their_files():
    found = (
        b'{"functions":[{"name":"price[/]","file":"straddles.py","line":12,"self_share":0.61,"total_share":0.934,"kernel":true}],'
        b'"files":{"svg":"hotspots/a.svg"},"samples":480,"dropped":0,"errors":0,"kernel_share":0.9,"message":"fine"}'
    )

    async def story(pilot, world):
        await done(pilot)
        await pilot.press("f")
        await until(pilot, lambda: "480 samples" in text_of(pilot))
        assert "61%    93%  price[/]  straddles.py:12" in text_of(pilot)
        assert "svg        hotspots/a.svg" in text_of(pilot)
        assert isinstance(pilot.app.screen, HotspotsScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, SweepScreen))

    [command] = play(story, World(command=(0, found, ""))).commands
    assert command[:4] == ["flamegraph", "straddles", "--mode", "shared-memory"]


def test_a_capture_that_fails_is_told_in_its_own_words():
    async def story(pilot, world):
        await done(pilot)
        await pilot.press("f")
        await until(pilot, lambda: "py-spy may not read other processes here [/dim]" in text_of(pilot))

    play(story, World(command=(3, b"", "workbench: py-spy may not read other processes here [/dim]")))


def test_a_plan_that_was_not_measured_is_not_sampled():
    async def story(pilot, world):
        await done(pilot)
        await pilot.press("G", "f")
        await until(pilot, lambda: "this plan is unavailable" in text_of(pilot))

    assert play(story).commands == []
