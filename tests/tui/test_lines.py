"""The tables: sorted, filtered, marked, and fast with 10,000 rows."""

from engine.events import AnyEvent, SweepFinished
from tests.builders import SOME_PLANS, a_plan, a_report, a_start
from tests.tui.fakes import FakeEngine, World, screen_of, text_of, until
from tests.tui.playing import done, play
from workbench.tui.widgets.order import arrange
from workbench.tui.widgets.results import ResultsTable

RANKS = {0: 3.0, 1: None, 2: 1.0, 3: "b", 4: "a", 5: 1.0}


def rank(row, column):
    return RANKS[row]


def test_rows_are_sorted_both_ways_and_those_without_a_value_come_last():
    assert arrange(RANKS, None, rank) == [0, 1, 2, 3, 4, 5]
    assert arrange(RANKS, ("x", False), rank) == [2, 5, 0, 4, 3, 1]
    assert arrange(RANKS, ("x", True), rank) == [0, 2, 5, 3, 4, 1]


def test_a_table_is_sorted_by_key_and_by_a_click_on_a_header_and_goes_back_to_its_order():
    async def story(pilot, world):
        await done(pilot)
        table = screen_of(pilot).query_one(ResultsTable)
        chosen = table.row
        await pilot.press("o", "o")
        assert table.shown == sorted(range(8), key=lambda row: SOME_PLANS[row].workers)
        await pilot.pause()
        assert "▲workers" in text_of(pilot)
        await pilot.press("O")
        assert SOME_PLANS[table.shown[0]].workers == 4
        assert table.row == chosen
        start, _ = table.place("steady run")
        await pilot.click(ResultsTable, offset=(start + 2, 0))
        assert table.shown[0] == 6
        await pilot.press("o")  # what comes after it is speedup, of which one wants to see the most
        await until(pilot, lambda: "▼speedup" in text_of(pilot) and table.scroll_offset.y == 0)
        assert table.shown[0] == 6
        await pilot.press("u")
        assert table.shown == list(range(8))

    play(story)


def test_words_narrow_a_table_and_escape_shows_all_again():
    async def story(pilot, world):
        await done(pilot)
        table = screen_of(pilot).query_one(ResultsTable)
        await pilot.press("slash", *"shared q")
        assert table.shown == []
        await pilot.press("backspace", "backspace")
        await pilot.pause()
        assert "/shared_  2 of 8" in text_of(pilot)
        assert table.shown == [5, 6]
        await pilot.press("enter", "j")
        assert table.row == 6
        await pilot.press("slash", "escape")
        assert table.shown == list(range(8))
        assert screen_of(pilot).phase == "done"

    play(story)


def test_a_marked_row_shows_it_and_is_told_to_the_session():
    async def story(pilot, world):
        await done(pilot)
        await pilot.press("g", "m", "j")
        await pilot.pause()
        assert "✓◆sequential" in text_of(pilot)
        assert pilot.app.session.marked == SOME_PLANS[0]
        assert pilot.app.session.selected == SOME_PLANS[1]
        await pilot.press("k", "m")
        await pilot.pause()
        assert pilot.app.session.marked is None

    play(story)


def test_the_table_follows_what_was_selected_and_marked_on_another_screen():
    async def story(pilot, world):
        await done(pilot)
        await pilot.press("g", "2", "j", "m", "j", "1")
        await pilot.pause()
        table = screen_of(pilot).query_one(ResultsTable)
        assert (table.row, table.marks) == (2, [1])

    play(story)


def test_10_000_rows_cost_what_the_screen_shows(monkeypatch):
    plans = (a_plan(), *(a_plan("thread", 1 + index, "numpy") for index in range(9_999)))
    times = (2.0, *(1.0 + index % 97 for index in range(9_999)))
    events: list[AnyEvent] = [a_start(plans, 1), SweepFinished(report=a_report(plans, times, 1))]
    made: list[int] = []
    line = ResultsTable.line

    def note(table, row):
        made.append(row)
        return line(table, row)

    monkeypatch.setattr(ResultsTable, "line", note)

    async def story(pilot, world):
        await until(pilot, lambda: screen_of(pilot).phase == "done", 60)
        table = screen_of(pilot).query_one(ResultsTable)
        await until(pilot, lambda: len(table.shown) == 10_000, 60)
        await pilot.pause()
        made.clear()
        await pilot.press("G", "g", "pagedown", "o", "O", "u")
        await pilot.pause()
        assert len(made) < 500
        await pilot.press("slash", *"77", "enter")
        assert 0 < len(table.shown) < 10_000

    play(story, World(FakeEngine(events)))
