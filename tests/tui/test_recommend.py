"""The screen of the recommendation: what to use, how, and what saving would change."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.events import Failed, SweepFinished
from engine.production import save_config
from tests.builders import SOME_PLANS, a_look, a_start, a_sweep
from tests.explained import an_explained_report
from tests.tui.fakes import FakeEngine, World, text_of, until
from tests.tui.playing import done, play
from workbench.words.recommended import PYTHON


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def explained() -> World:
    return World(FakeEngine([*a_sweep()[:-1], SweepFinished(report=an_explained_report())]))


async def shown(pilot, text: str) -> None:
    await until(pilot, lambda: text in text_of(pilot))


def test_the_plan_the_certificate_the_others_and_how_to_use_it_are_told():
    async def story(pilot, world):
        await done(pilot)
        await pilot.press("4")
        await shown(pilot, "★ Use shared-memory × 4, numpy")
        for words in (
            "at most 2% slower than any other plan",
            "tie ",
            "workbench sweep straddles --save-config tuned.toml",
            "workbench run --config tuned.toml --out results.parquet",
            'run(load_config("tuned.toml"))',
            "there is none yet; s saves one",
        ):
            assert words in text_of(pilot)

    play(story, explained(), size=(120, 50))


def test_commands_and_python_lines_are_copied():
    async def story(pilot, world):
        await done(pilot)
        await pilot.press("4", "y")
        await until(pilot, lambda: world.copied)
        await pilot.press("Y")
        await until(pilot, lambda: len(world.copied) == 2)

    assert play(story, explained()).copied == [
        "workbench sweep straddles --save-config tuned.toml\nworkbench run --config tuned.toml --out results.parquet",
        PYTHON,
    ]


def test_the_config_in_the_folder_is_compared_and_again_after_saving():
    report = an_explained_report()
    assert report.recommendation
    save_config(replace(report, recommendation=replace(report.recommendation, plan=SOME_PLANS[5])), Path("tuned.toml"))

    async def story(pilot, world):
        await done(pilot)
        await pilot.press("4")
        await shown(pilot, "- now plan.workers = 2")
        assert "+ new plan.workers = 4" in text_of(pilot)
        await pilot.press("s")
        await shown(pilot, "Overwrite")
        save_config(report, Path("tuned.toml"))
        await pilot.press("escape")
        await shown(pilot, "it holds this plan already")

    play(story, explained(), size=(120, 50))


def test_a_file_that_is_no_config_is_named_as_such():
    Path("tuned.toml").write_text("[/dim] precious")

    async def story(pilot, world):
        await done(pilot)
        await pilot.press("4")
        await shown(pilot, "it is not a tuned config: ")

    play(story, explained(), size=(120, 50))


def test_while_a_race_runs_the_leader_is_told():
    async def story(pilot, world):
        await pilot.press("4")
        await shown(pilot, "So far sequential, numpy leads, within 4%")
        await pilot.press("Y")
        await shown(pilot, "the sweep is still running")

    play(story, World(FakeEngine([a_start(race=True), a_look(1)])), size=(120, 24))


def test_a_sweep_that_failed_says_why():
    async def story(pilot, world):
        await done(pilot)
        await pilot.press("4")
        await shown(pilot, "unknown size 'huge' [/dim]")

    play(story, World(FakeEngine([Failed(message="unknown size 'huge' [/dim]", exit_code=2)])))


def test_before_anything_was_measured_it_says_what_to_do():
    async def story(pilot, world):
        await pilot.press("4")
        await shown(pilot, "Nothing was measured yet: 1 goes to the form")

    play(story, request=None, autostart=False)


def test_a_report_without_a_recommendation_says_so():
    report = replace(an_explained_report(), recommendation=None)

    async def story(pilot, world):
        await done(pilot)
        await pilot.press("4")
        await shown(pilot, "No recommendation (3 blocks).")

    play(story, World(FakeEngine([*a_sweep()[:-1], SweepFinished(report=report)])), size=(40, 12))
