"""Choosing the workload: built-in, of an installed package, or one's own with its tasks and data."""

import asyncio
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Select

from engine.request import SweepRequest
from tests.tui.fakes import FUNCTION, INSTALLED, OWN, World, a_catalogue, screen_of, text_of, until
from tests.tui.playing import done, play
from workbench.tui.widgets.fields import Field
from workbench.tui.widgets.form import SweepForm
from workbench.tui.widgets.picker import OWN as TYPED

ON_THE_FORM: dict[str, Any] = {"request": None, "autostart": False}
TASKS, DATA = "mine.py:tasks", "mine.py:load"


def the_form(pilot: Pilot[None]) -> SweepForm:
    form: SweepForm = screen_of(pilot).form
    return form


def the_input(pilot: Pilot[None], name: str) -> Input:
    fields = the_form(pilot).picker.query(Field)
    return next(field.query_one(Input) for field in fields if field.knob.name == name)


async def name_ones_own(pilot: Pilot[None], **texts: str) -> None:
    """Choose one's own and type what names it; the cursor is left in the last field."""
    the_form(pilot).query_one("#workload", Select).value = TYPED
    await until(pilot, lambda: the_form(pilot).query_one("#own").display)
    for name, text in texts.items():
        the_input(pilot, name).value = text
        the_input(pilot, name).focus()
    await pilot.pause()


def problem(pilot: Pilot[None]) -> str:
    return the_form(pilot).problems.get("workload", "")


def test_a_workload_of_ones_own_is_looked_up_and_its_text_is_not_markup():
    async def story(pilot, world):
        await name_ones_own(pilot, reference=OWN.reference)
        assert the_form(pilot).request is None
        await pilot.press("enter")
        await until(pilot, lambda: the_form(pilot).request)
        assert "my own [/dim]" in text_of(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: world.requests)

    [request] = play(story, **ON_THE_FORM).requests
    assert (request.workload, request.size) == (OWN.reference, "tiny")


def test_a_workload_that_cannot_be_imported_says_why():
    async def story(pilot, world):
        await name_ones_own(pilot, reference="nowhere:[X]")
        await pilot.press("enter")
        await until(pilot, lambda: "cannot import" in problem(pilot))
        await pilot.pause()
        assert "✗ workload: cannot import 'nowhere:[X]': No module named 'nowhere'" in text_of(pilot)
        await pilot.press("enter")
        assert screen_of(pilot).phase == "form"

    assert play(story, **ON_THE_FORM).requests == []


def test_tasks_and_data_are_asked_for_only_beside_a_reference_of_ones_own():
    async def story(pilot, world):
        assert "\n tasks" not in text_of(pilot)
        await name_ones_own(pilot, reference="")
        for label in ("reference", "tasks", "data"):
            assert f"\n {label} " in text_of(pilot)
        the_form(pilot).query_one("#workload", Select).value = "fixed_cost"
        await until(pilot, lambda: "known cost" in text_of(pilot))
        assert "\n tasks" not in text_of(pilot)

    play(story, **ON_THE_FORM)


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
def test_a_plain_function_is_swept_with_the_tasks_and_data_typed_below_it(size):
    async def story(pilot, world):
        await name_ones_own(pilot, reference=FUNCTION.reference, tasks=TASKS, data=f" {DATA} ")
        assert DATA in text_of(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: the_form(pilot).request)
        await pilot.press("y", "enter")
        await done(pilot)

    world = play(story, size=size, **ON_THE_FORM)
    [request] = world.requests
    assert (request.workload, request.tasks, request.data) == (FUNCTION.reference, TASKS, DATA)
    assert world.copied[0].startswith(f"workbench sweep {FUNCTION.reference} --tasks {TASKS} --data {DATA} --size all")


def test_a_function_without_tasks_is_refused_in_the_engines_words_and_the_cursor_stays():
    async def story(pilot, world):
        await name_ones_own(pilot, reference=FUNCTION.reference)
        await pilot.press("enter")
        await until(pilot, lambda: "is a function" in problem(pilot))
        await pilot.press("tab", *"a:b")
        assert the_input(pilot, "tasks").value == "a:b"
        assert "tasks: where a plain function's tasks are" in text_of(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: the_form(pilot).request)

    play(story, **ON_THE_FORM)


def test_the_refusal_is_shown_in_each_of_the_fields_it_may_be_about():
    async def story(pilot, world):
        await name_ones_own(pilot, reference=FUNCTION.reference)
        await pilot.press("enter")
        await until(pilot, lambda: "is a function" in problem(pilot))
        await pilot.press("tab")
        await until(
            pilot, lambda: "✗ workload: mine.py:run_one is a function: say what its tasks are" in text_of(pilot)
        )

    play(story, **ON_THE_FORM)


def test_other_tasks_are_to_be_looked_up_again():
    async def story(pilot, world):
        await name_ones_own(pilot, reference=FUNCTION.reference, tasks=TASKS)
        await pilot.press("enter")
        await until(pilot, lambda: the_form(pilot).request)
        the_input(pilot, "tasks").value = "mine.py:others"
        await until(pilot, lambda: problem(pilot) == "workload: press Enter to look it up")
        await pilot.press("enter")
        assert screen_of(pilot).phase == "form"

    assert play(story, **ON_THE_FORM).requests == []


def test_an_answer_to_what_is_no_longer_asked_is_not_taken():
    asked: list[str] = []
    ended: list[str] = []

    async def never(wanted):
        if wanted.workload != FUNCTION.reference:
            return await a_catalogue(wanted)
        asked.append(wanted.tasks)
        try:
            return await asyncio.Event().wait()
        finally:
            ended.append(wanted.tasks)

    async def story(pilot, world):
        await name_ones_own(pilot, reference=FUNCTION.reference, tasks=TASKS)
        await pilot.press("enter")
        await until(pilot, lambda: asked)
        assert problem(pilot) == "looking up mine.py:run_one"
        await pilot.press("x")
        await until(pilot, lambda: ended)
        assert problem(pilot) == "workload: press Enter to look it up"

    play(story, World(look_up=never), **ON_THE_FORM)
    assert asked == ended == [TASKS]


def test_the_settings_of_another_workload_go_when_ones_own_is_chosen():
    async def story(pilot, world):
        assert "layout" in text_of(pilot)
        await name_ones_own(pilot, reference="")
        await until(pilot, lambda: "layout" not in text_of(pilot))

    play(story, **ON_THE_FORM)


def test_a_request_for_a_plain_function_fills_the_form_and_is_swept_again():
    given = SweepRequest(workload=FUNCTION.reference, tasks=TASKS, data=DATA, axes={"mode": ("thread",)})

    async def story(pilot, world):
        assert [the_input(pilot, name).value for name in ("reference", "tasks", "data")] == [
            FUNCTION.reference,
            TASKS,
            DATA,
        ]
        await pilot.press("enter")
        await until(pilot, lambda: world.requests)

    [request] = play(story, request=given, autostart=False).requests
    assert (request.workload, request.tasks, request.data) == (FUNCTION.reference, TASKS, DATA)


def test_workloads_of_installed_packages_are_in_the_list_and_described_when_chosen():
    async def story(pilot, world):
        the_form(pilot).query_one("#workload", Select).focus()
        await pilot.press("enter")
        await until(pilot, lambda: "triple of acme [1.2]" in text_of(pilot))
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: "triples" in text_of(pilot))
        assert not the_form(pilot).query_one("#own").display
        await pilot.press("r")
        await done(pilot)

    [request] = play(story, **ON_THE_FORM).requests
    assert (request.workload, request.tasks) == (INSTALLED.reference, "")


def test_what_the_files_of_the_folder_define_is_suggested(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("TASKS = [1]\n\n\ndef run_one(task): ...\n")

    async def story(pilot, world):
        await name_ones_own(pilot)
        await until(pilot, lambda: "such as mine.py:run_one" in text_of(pilot))
        assert "such as mine.py:TASKS" in text_of(pilot)
        the_input(pilot, "reference").focus()
        await pilot.press("m")
        await until(pilot, lambda: "mine.py:run_one" in text_of(pilot))
        await pilot.press("right")
        assert the_input(pilot, "reference").value == "mine.py:run_one"

    play(story, **ON_THE_FORM)
