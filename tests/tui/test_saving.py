"""Saving over a tuned config: what would change is shown, Cancel is the default, the file of before is kept."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.widgets import Button, Input

from engine.production import save_config
from tests.builders import SOME_PLANS, a_report
from tests.tui.fakes import World, text_of, until
from tests.tui.playing import done, play
from workbench.tui.screens.save import SaveScreen
from workbench.tui.services import Services, save_report


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


class RealSaving(World):
    """Saves as the app does."""

    def services(self) -> Services:
        return Services(self._start, self._look_up, save_report, self._run, self._copy, self._keep)


def another_config() -> bytes:
    """Save what an earlier sweep found: the same plan with two workers."""
    report = a_report()
    assert report.recommendation
    path = Path("tuned.toml")
    save_config(replace(report, recommendation=replace(report.recommendation, plan=SOME_PLANS[5])), path)
    return path.read_bytes()


async def opened(pilot) -> None:
    await done(pilot)
    await pilot.press("s")
    await until(pilot, lambda: isinstance(pilot.app.screen, SaveScreen) and pilot.app.focused)
    await pilot.pause()


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (160, 50)])
def test_what_would_change_is_shown_knobs_first_and_enter_cancels(size):
    before = another_config()

    async def story(pilot, world):
        await opened(pilot)
        text = text_of(pilot)
        assert "workers: 2 -> 4" in text
        assert "Overwrite" in text
        assert "tuned.toml.bak" in text
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(pilot.app.screen, SaveScreen))

    play(story, RealSaving(), size=size)
    assert Path("tuned.toml").read_bytes() == before
    assert not Path("tuned.toml.bak").exists()


def test_the_whole_difference_can_be_scrolled_by_keys():
    another_config()

    async def story(pilot, world):
        await opened(pilot)
        assert "- workers = 2" not in text_of(pilot)
        await pilot.press("j", "down", "down", "down", "down", "down")
        await until(pilot, lambda: "- workers = 2" in text_of(pilot) and "+ workers = 4" in text_of(pilot))
        await pilot.press("k", "pagedown", "pageup", "escape")

    play(story, RealSaving(), size=(40, 12))


def test_overwriting_keeps_the_file_of_before_and_says_where():
    before = another_config()

    async def story(pilot, world):
        await opened(pilot)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "what it held before is in tuned.toml.bak" in " ".join(text_of(pilot).split()))

    play(story, RealSaving(), size=(120, 40))
    assert Path("tuned.toml.bak").read_bytes() == before
    assert b"workers = 4" in Path("tuned.toml").read_bytes()


def test_a_file_that_is_no_tuned_config_is_refused_until_another_name_is_typed():
    Path("tuned.toml").write_text("[/dim] precious")

    async def story(pilot, world):
        await opened(pilot)
        assert "tuned.toml is not a tuned config (" in text_of(pilot)
        assert "Overwrite" not in text_of(pilot)
        pilot.app.screen.query_one("#save", Button).press()
        await until(pilot, lambda: "✗ tuned.toml is not a tuned config" in text_of(pilot))
        pilot.app.screen.query_one(Input).value = "other.toml"
        await pilot.pause()
        assert "not a tuned config" not in text_of(pilot)
        pilot.app.screen.query_one("#save", Button).press()
        await until(pilot, lambda: Path("other.toml").exists())

    play(story, RealSaving())
    assert Path("tuned.toml").read_text() == "[/dim] precious"


def test_saving_what_is_there_already_changes_nothing():
    save_config(a_report(), Path("tuned.toml"))

    async def story(pilot, world):
        await opened(pilot)
        assert "it holds exactly this already" in text_of(pilot)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: not isinstance(pilot.app.screen, SaveScreen))

    play(story, RealSaving())
    assert [path.name for path in Path().iterdir()] == ["tuned.toml"]
