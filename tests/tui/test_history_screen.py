"""Past sweeps on the screen: listed, shown, compared, followed; and what is wrong with the history."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from engine.history.records import Summary
from engine.report import Interval
from tests.builders import SOME_PLANS, a_report, a_start, a_sweep
from tests.tui.fakes import FakeEngine, World, text_of, until
from tests.tui.playing import REQUEST, done, play, running
from workbench.tui.answers import complaint, plain_lines
from workbench.tui.screens.history import EMPTY
from workbench.tui.services import CommandOutput
from workbench.tui.widgets.sweeps import COLUMNS, SweepsTable, cells, widths
from workbench.tui.widgets.sweeps import Past as Sweeps
from workbench.words.numbers import ASCII, UNICODE
from workbench.words.past import sizes

HERE = "0123456789abcdef"


def a_summary(number: int = 1, **changes) -> Summary:
    facts: dict[str, Any] = {
        "workload": "straddles",
        "reference": "straddles",
        "size": "small",
        "settings": {},
        "host": HERE,
        "cpu": "Test CPU",
        "cores": 4,
        "id": number,
        "created": f"2026-01-{number:02d}T12:00:00+00:00",
        "workbench": "0.1.0",
        "commit": None,
        "dirty": None,
        "tasks": 1000,
        "data_hash": "d" * 64,
        "complete": True,
        "blocks": 3,
        "plans": 8,
        "recommended": SOME_PLANS[6],
        "goal": "job",
        "speedup": Interval(10.0 + number, 9.0, 12.0),
    }
    return Summary(**(facts | changes))


THREE = (
    a_summary(3, host="fedcba9876543210"),
    a_summary(2, complete=False, blocks=1),
    a_summary(1, workload="maxdiff"),
)


def listed(sweeps=THREE) -> bytes:
    return msgspec.json.encode({"schema": 1, "here": HERE, "sweeps": sweeps})


class Past(World):
    """A history that a test may change."""

    def __init__(self, *engines, said: Mapping[str, CommandOutput] | None = None, sweeps=THREE):
        super().__init__(*engines)
        self.said = dict(said or {})
        self.sweeps = sweeps
        self.surroundings: list[Mapping[str, str] | None] = []
        self.held = asyncio.Event()
        self.held.set()

    async def _run(self, arguments, environment=None):
        self.commands.append(arguments)
        self.surroundings.append(environment)
        await self.held.wait()
        words = " ".join(arguments)
        return self.said.get(words, (0, listed(self.sweeps), "") if "--json" in words else (0, words.encode(), ""))


async def at_history(pilot, text="straddles"):
    await pilot.press("5")
    await until(pilot, lambda: text in text_of(pilot))
    await pilot.pause()


def table_of(pilot) -> SweepsTable:
    table: SweepsTable = pilot.app.screen.query_one(SweepsTable)
    return table


def play_past(story, world=None, size=(80, 24), **arguments):
    return play(story, world or Past(), size, **({"request": REQUEST, "autostart": False} | arguments))


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (160, 50)])
def test_past_sweeps_are_a_table_that_fits(size):
    async def story(pilot, world):
        await at_history(pilot)
        assert world.commands == [["history", "--json", "--limit", "500"]]
        lines = text_of(pilot).splitlines()
        header = next(line for line in lines if "recommended" in line)
        first = lines[lines.index(header) + 1]
        assert "straddles" in first
        assert "13×" in first
        assert first.startswith(" ✓ ")
        assert lines[lines.index(header) + 2].startswith(" - ")
        if size[0] > 100:
            assert "2026-01-03 12:00" in first
            assert "fedcba98" in first
            assert "1 (stopped)" in lines[lines.index(header) + 2]

    play_past(story, size=size)


def test_the_table_is_sorted_filtered_and_keeps_cursor_and_marks_when_it_grows():
    async def story(pilot, world):
        await at_history(pilot)
        table = table_of(pilot)
        await pilot.press("G", "m", "o")
        assert [THREE[row].id for row in table.shown] == [1, 2, 3]
        assert table.sweep
        assert table.sweep.id == 1
        world.sweeps = (a_summary(4), *THREE)
        await pilot.press("1", "5")
        await until(pilot, lambda: len(table.shown) == 4)
        assert table.sweep.id == 1
        assert [sweep.id for sweep in table.marked] == [1]
        await pilot.press("slash", *"maxdiff", "enter")
        assert [table.past.sweeps[row].id for row in table.shown] == [1]

    play_past(story)


def test_enter_shows_the_report_and_escape_goes_back():
    async def story(pilot, world):
        world.said["history show 3"] = (0, b"a report [/dim]\n  a  table\n", "")
        await at_history(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "a report [/dim]" in text_of(pilot))
        assert "  a  table" in text_of(pilot)
        assert world.surroundings[-1] == {"COLUMNS": "76", "PYTHONIOENCODING": "utf-8"}
        await pilot.press("y")
        await until(pilot, lambda: world.copied == ["workbench history show 3"])
        await pilot.press("escape")
        await pilot.pause()
        assert "a report" not in text_of(pilot)
        assert isinstance(pilot.app.screen.focused, SweepsTable)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.PAGE == "sweep")

    play_past(story)


@pytest.mark.parametrize("size", [(40, 12), (300, 100)])
def test_a_text_is_made_for_the_width_there_is_and_again_for_another(size):
    async def story(pilot, world):
        await at_history(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "history show 3" in text_of(pilot))
        assert world.surroundings[-1]["COLUMNS"] == str(size[0] - 4)
        await pilot.resize_terminal(100, 30)
        await until(pilot, lambda: world.surroundings[-1]["COLUMNS"] == "96")

    play_past(story, size=size)


def test_two_marked_sweeps_are_compared_the_older_one_first():
    async def story(pilot, world):
        world.said["compare history:1 history:3"] = (10, b"slower: 1 of 8 plans", "")
        await at_history(pilot)
        await pilot.press("equals_sign")
        await until(pilot, lambda: "mark two sweeps with m" in text_of(pilot))
        await pilot.press("m", "G", "m", "equals_sign")
        await until(pilot, lambda: "slower: 1 of 8 plans" in text_of(pilot))

    play_past(story)


def test_a_comparison_that_is_refused_says_why():
    async def story(pilot, world):
        refusal = "workbench: the reports do not belong together: [b]size[/b]"
        world.said["compare history:2 history:3"] = (2, b"", refusal)
        await at_history(pilot)
        await pilot.press("m", "j", "m", "equals_sign")
        await until(pilot, lambda: "the reports do not belong together: [b]size[/b]" in text_of(pilot))

    play_past(story)


def test_t_follows_the_workload_of_the_selected_sweep():
    async def story(pilot, world):
        world.said["history trend mine.py:WORK"] = (0, "12  2.00 s  ████  49% slower".encode(), "")
        await at_history(pilot)
        await pilot.press("t")
        await until(pilot, lambda: "████  49% slower" in text_of(pilot))

    play_past(story, Past(sweeps=(a_summary(reference="mine.py:WORK"),)))


def test_an_empty_history_says_how_to_start():
    async def story(pilot, world):
        await at_history(pilot, EMPTY)
        await pilot.press("enter")
        await until(pilot, lambda: "no sweep is selected" in text_of(pilot))
        world.sweeps = THREE
        await pilot.press("1", "5")
        await until(pilot, lambda: "straddles" in text_of(pilot))

    play_past(story, Past(sweeps=()))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((2, b"", "workbench: the history is switched off by WORKBENCH_HISTORY=off"), "is switched off by WORKBENCH"),
        ((2, b"", "workbench: /h.sqlite3: is [b]damaged[/b]"), "/h.sqlite3: is [b]damaged[/b]"),
        ((2, b"", "workbench: /h: another process has been writing to it for 10 s"), "has been writing to it"),
        ((0, b"{", ""), "no answer: "),
        ((-9, b"", ""), "it ended with exit code -9"),
    ],
)
def test_a_history_that_cannot_be_read_is_a_message(answer, message):
    async def story(pilot, world):
        await at_history(pilot, message)

    play_past(story, Past(said={"history --json --limit 500": answer}))


def test_nothing_is_asked_while_a_sweep_is_timed_and_the_list_follows_it():
    async def story(pilot, world):
        await running(pilot)
        await at_history(pilot, "a sweep is running; the list is read when it is over")
        assert world.commands == []
        await pilot.press("escape")
        await until(pilot, lambda: "recommended plan" in text_of(pilot))
        world.sweeps = (a_summary(4), *THREE)
        pilot.app.screen.kept()
        await until(pilot, lambda: len(table_of(pilot).shown) == 4)

    play(story, Past(FakeEngine([a_start()])))


def test_what_is_being_read_is_given_up_when_a_sweep_starts():
    async def story(pilot, world):
        await done(pilot)
        await at_history(pilot)
        await pilot.press("r")
        await running(pilot)
        await pilot.press("5", "enter")
        await until(pilot, lambda: "looking would" in text_of(pilot))
        assert len(world.commands) == 1
        assert "recommended plan" in text_of(pilot)

    play(story, Past(FakeEngine(a_sweep()), FakeEngine([a_start()])))


def test_a_text_that_is_waited_for_is_given_up_when_a_sweep_starts():
    async def story(pilot, world):
        await done(pilot)
        await at_history(pilot)
        world.held.clear()
        await pilot.press("enter")
        await until(pilot, lambda: len(world.commands) == 2)
        await pilot.press("r")
        await running(pilot)
        await pilot.press("5")
        await until(pilot, lambda: "recommended plan" in text_of(pilot))
        assert not pilot.app.screen.has_class("-asked")
        assert len(world.commands) == 2

    play(story, Past(FakeEngine(a_sweep()), FakeEngine([a_start()])))


def test_a_list_that_is_cut_says_so():
    async def story(pilot, world):
        await at_history(pilot)
        assert "the newest 500" in text_of(pilot)

    play_past(story, Past(sweeps=tuple(a_summary(number, created="2026-01-01T00:00:00") for number in range(500))))


def test_columns_leave_before_the_plan_is_unreadable_and_all_are_there_when_there_is_room():
    past = Sweeps(THREE, HERE)
    rows = cells(past, UNICODE)
    assert list(widths(rows, 200)) == [column.header for column in COLUMNS]
    for room in range(50, 120):
        found = widths(rows, room)
        assert sum(found.values()) + 2 * len(found) <= room
        assert found["recommended plan"] >= 20
    assert list(widths(rows, 30)) == ["workload", "recommended plan", "speedup"]
    assert all(cell.isascii() for row in cells(past, ASCII) for cell in row)


def test_what_tells_sweeps_of_a_workload_apart_is_in_their_size():
    some = [
        a_summary(settings={"entries": 10, "seed": 1}),
        a_summary(settings={"entries": 20, "seed": 1}),
        a_summary(settings={"entries": 20, "seed": 1}, data_hash="e" * 64),
        a_summary(reference="other", settings={"seed": 2}),
        a_summary(reference="other", settings={}),
    ]
    twenty = "small entries=20"
    dated = [f"{twenty} data dddddddd", f"{twenty} data eeeeeeee"]
    assert sizes(some) == ["small entries=10", *dated, "small seed=2", "small"]


def test_text_of_a_child_is_plain_and_keeps_its_columns():
    assert plain_lines("a  b\x1b[31m\n\tc  ") == ["a  b [31m", " c"]
    assert complaint(4, "workbench: no\n\nsuch × thing", ASCII) == ["no", "such x thing"]


def test_s_saves_the_plan_of_the_selected_sweep(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    report = a_report()

    async def story(pilot, world):
        world.said["history show 2 --json"] = (0, msgspec.json.encode(report), "")
        await at_history(pilot)
        await pilot.press("j", "s")
        await until(pilot, lambda: "Save" in text_of(pilot) and "tuned.toml" in text_of(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: world.saved)
        [(saved, path)] = world.saved
        assert (saved, path.name) == (report, "tuned.toml")

    play_past(story)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((2, b"", "workbench: there is no sweep [3]"), "there is no sweep [3]"),
        ((0, b"{", ""), "sweep 3: not valid JSON"),
    ],
)
def test_a_sweep_that_cannot_be_read_is_not_saved(answer, message):
    async def story(pilot, world):
        world.said["history show 3 --json"] = answer
        await at_history(pilot)
        await pilot.press("s")
        await until(pilot, lambda: message in text_of(pilot))

    play_past(story)


def test_a_sweep_without_a_recommendation_has_nothing_to_save():
    async def story(pilot, world):
        await at_history(pilot)
        await pilot.press("s")
        await until(pilot, lambda: "this sweep recommends no plan" in text_of(pilot))

    play_past(story, Past(sweeps=(a_summary(recommended=None, speedup=None),)))
