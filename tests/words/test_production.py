"""The model of a production run, without a terminal."""

import pytest
from msgspec.structs import replace

from engine.run_events import RunFailed, RunProgress, RunStarted, TaskFailed
from tests.builders import a_plan
from tests.runs import a_run
from workbench.run_state import SHOWN, asked_for, fold
from workbench.words.numbers import ASCII, UNICODE
from workbench.words.production import narrate, progress_line, run_lines


def after(events, config="tuned.toml", out="out.parquet"):
    state = asked_for(config, out)
    for event in events:
        state = fold(state, event)
    return state


def text(state, width=80, signs=UNICODE, waited=0.0):
    return "\n".join(run_lines(state, width, signs, waited))


@pytest.mark.parametrize(
    ("events", "phase"),
    list(enumerate(("choosing", "loading", "starting", "running", "running", "running", "running", "writing", "done"))),
)
def test_a_run_goes_through_its_phases(events, phase):
    assert after(a_run()[:events]).phase == phase


def test_a_running_run_shows_config_plan_bar_rate_time_left_and_where_results_go():
    lines = text(after(a_run()[:4]))
    for words in (
        "running after 4 s, 2 of 2 workers busy",
        " 25%  250 of 1,000 tasks, 125/s, 6 s left",
        "config     tuned.toml",
        "plan       shared-memory × 2, numpy",
        "because    the fastest whole job",
        "results    go to out.parquet",
        "checkpoint none; results are kept until the end",
    ):
        assert words in lines


def test_time_goes_on_between_two_events():
    lines = text(after(a_run()[:4]), waited=3.0)
    assert "running after 7 s" in lines
    assert "3 s left" in lines


def test_a_finished_run_says_where_the_results_are():
    lines = text(after(a_run()))
    assert lines.startswith("✓ done after 11.0 s")
    assert "results    are in out.parquet" in lines
    assert "checkpoint" not in lines
    assert "100%" in lines


def test_without_a_file_it_says_that_nothing_is_written():
    assert "results    are not written to a file" in text(after(a_run()[:4], out=""))


def test_a_hundred_percent_is_not_said_before_all_is_done():
    progress = RunProgress(done=9999, tasks=10_000, seconds=2.0, rate=5000.0, seconds_left=0.0)
    assert " 99%" in progress_line(after([*a_run()[:2], progress]), 80)


def test_failures_are_shown_with_their_reasons_and_the_rest_is_counted():
    failures = [TaskFailed(position=at, error=f"task {at} ({at}) raised ValueError: [red]no") for at in range(9)]
    progress = RunProgress(done=500, failed=9, tasks=1000, seconds=9.0, rate=100.0, seconds_left=5.0)
    state = after([*a_run()[:4], *failures, progress])
    lines = text(state)
    assert len(state.failures) == SHOWN
    assert "✗ task 0 (0) raised ValueError: [red]no" in lines
    assert "✗ 4 more failed" in lines
    assert "9 failed" in lines


def test_a_failed_run_says_why_once():
    events = [TaskFailed(position=3, error="task 3 went wrong"), RunFailed(message="task 3 went wrong", exit_code=4)]
    lines = text(after([*a_run()[:4], *events]))
    assert lines.startswith("✗ failed after")
    assert lines.count("task 3 went wrong") == 1


def test_a_stopped_run_is_not_a_failed_one():
    state = after([*a_run()[:4], RunFailed(message="interrupted; no results were written", exit_code=130)])
    assert text(state).startswith("- stopped after")
    assert state.finished


def test_notes_are_told_and_the_last_is_not_told_twice():
    notes = ("cpu: tuned on A, here B", "so the safe plan is used")
    lines = text(after(a_run(notes=notes, because=notes[-1])[:4]))
    assert "note       cpu: tuned on A, here B" in lines
    assert lines.count("so the safe plan is used") == 1


def test_where_the_progress_is_too_wide_for_a_line_nothing_of_it_is_lost():
    lines = run_lines(after(a_run()[:4]), 34)
    assert lines[1:3] == ["███·········  25%", "250 of 1,000 tasks, 125/s, 6 s"]
    assert lines[3] == "left"


@pytest.mark.parametrize("width", [20, 36, 76, 116])
@pytest.mark.parametrize("signs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_no_line_is_wider_than_asked_for_and_ascii_is_enough(width, signs):
    for number in range(len(a_run()) + 1):
        state = after(a_run(because="é" * 90, notes=("ü" * 200,))[:number], config="/a/very" * 30)
        for line in run_lines(state, width, signs):
            assert len(line) <= width
            assert line.isascii() or signs is UNICODE


def test_events_are_lines_of_text_and_the_end_is_told_by_others():
    state, lines = asked_for("tuned.toml"), []
    for event in a_run():
        state = fold(state, event)
        lines.append(narrate(event, state))
    assert (
        lines[0]
        == "run of straddles large: shared-memory × 2, numpy, forkserver: the fastest whole job, 1.80x the baseline"
    )
    assert lines[1] == "data loaded: 1,000 tasks in 1.50 s; starting 2 workers"
    assert lines[3] == "25%: 250 of 1,000 tasks, 125/s, 6 s left"
    assert lines[-1] is None


def test_one_worker_is_set_up_and_not_counted():
    start = replace(a_run()[0], plan=a_plan()) if isinstance(a_run()[0], RunStarted) else None
    assert start
    assert "setting up" in text(after([start, a_run()[1]]))
