import time

import pytest
from textual.widgets import Static

from engine.events import Failed, TrialStarted
from tests.builders import SOME_PLANS, SOME_SECONDS, a_plan, a_report, a_sweep, a_trial
from tests.tui.fakes import FakeEngine, World, screen_of, text_of, until
from tests.tui.playing import done, play, running
from workbench.actions import every_action
from workbench.tui.screens.confirm import ConfirmScreen
from workbench.tui.screens.help import HelpScreen
from workbench.tui.screens.save import SaveScreen
from workbench.tui.widgets.results import ResultsTable
from workbench.words.numbers import ASCII


def half_a_sweep() -> World:
    """Into the second block, where the fourth plan is being measured."""
    events = a_sweep()
    starts = [index for index, event in enumerate(events) if isinstance(event, TrialStarted) and event.block == 1]
    return World(FakeEngine(events[: starts[3] + 1]), FakeEngine(a_sweep()))


def test_a_sweep_goes_from_the_form_through_the_table_to_the_recommendation_at_80x24():
    async def story(pilot, world):
        await pilot.press("r")
        await done(pilot)
        text = text_of(pilot)
        assert "straddles small · 1000 tasks, 216 MB" in text
        assert "★ shared-memory       4 numpy    110 ms ±3%     18×" in text
        assert "★ Use shared-memory × 4, numpy" in text
        assert "a pool that stays up pays from the second run on" in text
        assert "noise: another process used 6% of the CPU during block 2" in text
        await pilot.press("G")
        await until(pilot, lambda: "○ gpu-batch           1 torch  unavailable: no CUDA device here" in text_of(pilot))

    assert len(play(story, request=None, autostart=False).requests) == 1


def test_while_it_runs_the_screen_shows_progress_and_what_is_measured_now():
    async def story(pilot, world):
        await running(pilot, "block 2/3")
        await until(pilot, lambda: " left" in text_of(pilot))
        text = text_of(pilot)
        assert "▶ thread              4 python       2.10 s   0.95×" in text
        assert "13/24" in text
        assert "thread × 4, python: set-up" in text

    play(story, half_a_sweep())


def test_escape_stops_within_a_second_and_keeps_what_was_measured():
    async def story(pilot, world):
        await running(pilot, "block 2/3")
        begun = time.monotonic()
        await pilot.press("escape")
        await done(pilot)
        assert time.monotonic() - begun < 1
        assert world.engines[0].stopped
        assert "stopped early" in text_of(pilot)
        await pilot.press("escape")
        assert screen_of(pilot).phase == "form"
        await until(pilot, lambda: screen_of(pilot).form.request)

    play(story, half_a_sweep())


def test_from_the_form_escape_leads_back_to_the_figures_which_can_be_saved_meanwhile():
    async def story(pilot, world):
        await done(pilot)
        await pilot.press("escape")
        assert screen_of(pilot).phase == "form"
        await pilot.press("4", "s")
        await until(pilot, lambda: isinstance(pilot.app.screen, SaveScreen))
        await pilot.press("escape", "1", "escape")
        await until(pilot, lambda: screen_of(pilot).phase == "done" and "★ Use shared-memory" in text_of(pilot))
        await pilot.press("escape")
        assert screen_of(pilot).phase == "form"

    play(story)


def test_the_plan_being_measured_is_in_view_until_the_cursor_is_moved():
    async def story(pilot, world):
        await running(pilot, "block 2/3")
        table = screen_of(pilot).query_one(ResultsTable)
        table.styles.max_height = 3
        await until(pilot, lambda: table.size.height <= 4)
        start = next(index for index, row in enumerate(screen_of(pilot).state.rows) if row.status == "running")
        assert start > 1
        screen_of(pilot).board._show_figures(screen_of(pilot).state)
        await until(pilot, lambda: table.scroll_offset.y > 0)
        await pilot.press("g")
        await until(pilot, lambda: table.scroll_offset.y == 0)
        screen_of(pilot).board._show_figures(screen_of(pilot).state)
        await pilot.pause()
        assert table.scroll_offset.y == 0

    play(story, half_a_sweep())


def test_a_sweep_can_be_run_again():
    async def story(pilot, world):
        await done(pilot)
        await pilot.press("r")
        await until(pilot, lambda: len(world.requests) == 2)
        await done(pilot)

    play(story, World(FakeEngine(a_sweep()), FakeEngine(a_sweep())))


def test_a_failure_of_the_whole_sweep_is_shown_and_the_form_can_be_reached():
    engine = FakeEngine([Failed(message="unknown size 'huge'; known: [/dim]", exit_code=2)])

    async def story(pilot, world):
        await done(pilot)
        assert "✗ unknown size 'huge'; known: [/dim]" in text_of(pilot)
        await pilot.press("n")
        assert screen_of(pilot).phase == "form"

    play(story, World(engine))


def test_an_engine_that_cannot_be_started_is_shown_not_raised():
    async def story(pilot, world):
        await done(pilot)
        assert "✗ the engine could not be started: no python" in text_of(pilot)

    play(story, World(FakeEngine(error=FileNotFoundError("no python"))))


def test_text_that_looks_like_markup_is_shown_as_it_is():
    plans = (a_plan(), a_plan("thread", 2, "[bold]k[/]"), a_plan("process", 2))
    events = a_sweep(plans, (1.0, 0.5, 0.0), failure="ValueError: [/dim] \x1b[31m[@click=app.quit]x[/]")

    async def story(pilot, world):
        await done(pilot)
        await pilot.press("G")
        await pilot.pause()
        assert "[bold]k[/]" in text_of(pilot)
        assert "unavailable: ValueError: [/dim] [31m[@click=app.quit]x[/]" in text_of(pilot)

    play(story, World(FakeEngine(events)))


def test_the_cursor_moves_by_vim_keys_arrows_and_mouse_and_the_detail_follows():
    async def story(pilot, world):
        await done(pilot)
        table = screen_of(pilot).query_one(ResultsTable)
        assert table.cursor == 6  # the recommended plan
        for keys, cursor in (
            ("g", 0),
            ("j", 1),
            ("down", 2),
            ("k", 1),
            ("up", 0),
            ("k", 0),
            ("G", 7),
            ("home", 0),
            ("end", 7),
        ):
            await pilot.press(keys)
            assert (keys, table.cursor) == (keys, cursor)
        await pilot.pause()
        assert "unavailable: no CUDA device here" in text_of(pilot).splitlines()[-17:][0] + text_of(pilot)
        await pilot.press("g")
        await pilot.click(ResultsTable, offset=(4, 3))
        assert table.cursor == 2
        await pilot.pause()
        assert "thread × 2, python" in text_of(pilot)
        assert "whole job" in text_of(pilot)

    play(story)


def test_a_key_that_cannot_act_says_why():
    reasons = {"s": "nothing was measured yet", "f": "nothing was measured yet", "escape": "no sweep is running"}

    async def story(pilot, world):
        for key in reasons:
            await pilot.press(key)
            await until(pilot, lambda: reasons[key] in text_of(pilot))  # noqa: B023 - called at once
            pilot.app.clear_notifications()

    play(story, request=None, autostart=False)


def test_keys_that_wait_for_the_end_say_so_while_a_sweep_runs():
    async def story(pilot, world):
        await running(pilot)
        for key in ("s", "f", "r", "n"):
            pilot.app.clear_notifications()
            await pilot.press(key)
            await until(pilot, lambda: "running; esc" in text_of(pilot))

    play(story, half_a_sweep())


def test_the_command_line_is_copied_and_shown():
    async def story(pilot, world):
        await done(pilot)
        await pilot.press("y")
        await until(pilot, lambda: "workbench sweep straddles" in text_of(pilot))

    assert play(story).copied == ["workbench sweep straddles"]


def test_quitting_a_running_sweep_asks_first_and_the_default_is_to_stay():
    async def story(pilot, world):
        await running(pilot)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(pilot.app.screen, ConfirmScreen))
        assert not world.engines[0].stopped
        await pilot.press("q")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: not pilot.app.is_running or world.engines[0].stopped)

    assert play(story, half_a_sweep()).engines[0].stopped


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
def test_quitting_asks_nothing_when_no_sweep_runs(key):
    async def story(pilot, world):
        await done(pilot)
        await pilot.press(key)
        await until(pilot, lambda: not pilot.app.is_running)
        assert pilot.app.return_code == 0

    play(story)


def test_help_explains_keys_signs_and_words():
    async def story(pilot, world):
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await pilot.pause()
        assert "stop the sweep and keep what was measured" in text_of(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, HelpScreen))

    play(story, request=None, autostart=False)


def test_every_action_is_in_the_palette():
    async def story(pilot, world):
        titles = [command.title for command in pilot.app.get_system_commands(pilot.app.screen)]
        assert {action.title or action.label for action in every_action()} <= set(titles)

    play(story, request=None, autostart=False)


def test_the_footer_holds_help_and_quit_at_80_columns():
    async def story(pilot, world):
        footer = text_of(pilot).splitlines()[-1]
        assert " ".join(footer.split()) == "r Run esc Stop/back ? Help q Quit s Save f Spots y Copy v View"

    play(story, request=None, autostart=False)


@pytest.mark.parametrize("size", [(40, 12), (60, 16), (300, 100)])
def test_every_size_shows_the_table_and_the_recommendation(size):
    async def story(pilot, world):
        await done(pilot)
        assert "shared-memory" in text_of(pilot)
        assert "Use shared-memory" in text_of(pilot)

    play(story, size=size)


def test_without_unicode_the_whole_screen_is_ascii_but_for_its_frames():
    async def story(pilot, world):
        await done(pilot)
        foreign = {letter for letter in text_of(pilot) if not letter.isascii()}
        assert all(0x2500 <= ord(letter) < 0x25A0 for letter in foreign)  # box drawing and blocks
        assert "* Use shared-memory x 4" in text_of(pilot)

    play(story, signs=ASCII)


def test_only_changed_rows_are_painted(monkeypatch):
    painted: list[int] = []
    repaint = ResultsTable.repaint

    def note(table, rows):
        painted.extend(rows)
        repaint(table, rows)

    monkeypatch.setattr(ResultsTable, "repaint", note)
    world = half_a_sweep()

    async def story(pilot, world):
        await running(pilot, "block 2/3")
        await pilot.pause(0.2)
        painted.clear()
        for event in (TrialStarted(block=1, plan=4), *a_trial(1, 4, 0.71)):
            world.engines[0].queue.put_nowait(event)
        await until(pilot, lambda: painted)
        await pilot.pause(0.2)
        assert set(painted) <= {0, 4}

    play(story, world)


def test_many_events_make_few_updates(monkeypatch):
    shown: list[float] = []
    show = ResultsTable.show

    def note(table, results):
        shown.append(time.monotonic())
        show(table, results)

    monkeypatch.setattr(ResultsTable, "show", note)
    events = a_sweep(SOME_PLANS, SOME_SECONDS, 5)

    async def story(pilot, world):
        begun = time.monotonic()
        await done(pilot)
        assert len(shown) <= 10 * (time.monotonic() - begun) + 4
        assert len(events) > 200

    play(story, World(FakeEngine(events, a_report())))


def test_the_filter_of_the_table_sifts_the_lines_of_the_plot_too():
    def legend(pilot):
        return str(pilot.app.screen.query_one("#key", Static).render())

    async def story(pilot, world):
        await done(pilot)
        await until(pilot, lambda: "thread python" in legend(pilot))
        names = [line.partition(" ")[2] for line in legend(pilot).splitlines()[2:]]
        assert names == ["shared-memory numpy", "sequential", "process python", "thread python"]  # the best first
        await pilot.press("slash", *"shared", "enter")
        await until(pilot, lambda: "thread python" not in legend(pilot))
        assert "^ shared-memory numpy" in legend(pilot)  # the mark it had
        await pilot.press("u")
        await until(pilot, lambda: "thread python" in legend(pilot))

    play(story, size=(160, 50))
