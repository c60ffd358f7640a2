import pytest
from msgspec.structs import replace

from engine.events import BlockStarted, RaceLooked, TrialStarted
from engine.report import Ceiling
from tests.builders import a_plan, a_report, a_start, a_sweep
from workbench.settings import Settings, signs_of
from workbench.state import State, fold_all
from workbench.tui.permission import Situation, why_not
from workbench.tui.widgets.progress import progress_text
from workbench.tui.widgets.series import FIGURES, Series, limits, plot_series, power_label, powers_of_two
from workbench.tui.widgets.title import title_text
from workbench.words.numbers import ASCII, UNICODE

SPEEDUP = FIGURES["speedup"]


def test_each_mode_and_kernel_is_a_line_and_sequential_plans_are_points():
    lines = plot_series(SPEEDUP, a_report().trials, (Ceiling(2, 1.9),))
    assert [line.label for line in lines] == [
        "sequential",
        "thread python",
        "process python",
        "shared-memory numpy",
        "ideal",
        "ceiling",
    ]
    assert lines[0] == Series("sequential", ((1.0, 1.0), (1.0, 5.0)), "points")
    assert next(iter(lines[3].points)) == (1, 5.0)
    assert [workers for workers, _ in lines[3].points] == [1, 2, 4]
    assert lines[4].points == ((1.0, 1.0), (4.0, 4.0))
    assert lines[5].points == ((1.0, 1.0), (2.0, 1.9))


def test_the_ceiling_of_memory_is_a_line_where_it_was_measured():
    lines = plot_series(SPEEDUP, a_report().trials, (Ceiling(2, 1.9, 1.4), Ceiling(4, 3.6)))
    assert [(line.label, line.points) for line in lines[-2:]] == [
        ("ceiling", ((1.0, 1.0), (2.0, 1.9), (4.0, 3.6))),
        ("memory", ((1.0, 1.0), (2.0, 1.4))),
    ]


def test_of_several_plans_with_the_same_workers_the_fastest_is_drawn():
    plans = (a_plan(), a_plan("thread", 2, chunk_size=1), a_plan("thread", 2, chunk_size=64))
    assert plot_series(SPEEDUP, a_report(plans, (2.0, 4.0, 1.0)).trials, ())[1].points == ((1, 1.0), (2, 2.0))


def test_only_wanted_plans_are_drawn_in_the_colours_they_have_among_all():
    trials = a_report().trials
    every = {line.label: line for line in plot_series(SPEEDUP, trials, ())}
    wanted = [trial for trial in trials if trial.plan.mode == "shared-memory" and trial.plan.workers == 4]
    sequential, line, ideal = plot_series(SPEEDUP, trials, (), wanted=wanted)
    assert (sequential, ideal) == (every["sequential"], every["ideal"])
    assert [workers for workers, _ in line.points] == [1, 4]
    assert line.place == every["shared-memory numpy"].place == 3


def test_without_figures_there_is_only_the_ideal():
    assert [line.label for line in plot_series(SPEEDUP, (), ())] == ["ideal"]


def test_the_plot_leaves_room_for_slow_plans_and_for_one_worker():
    (x_low, x_high), (y_low, y_high) = limits([Series("thread", ((1.0, 0.25), (1.0, 1.0)))])
    assert x_low < 0 < 1 < x_high
    assert y_low < -2 < 1 < y_high


def test_ticks_are_powers_of_two_and_no_more_than_fit():
    assert [power_label(tick) for tick in powers_of_two(-1.2, 3.4, 8)] == ["1/2", "1", "2", "4", "8"]
    assert [power_label(tick) for tick in powers_of_two(0, 10, 4)] == ["1", "8", "64", "512"]


def test_progress_says_what_is_done_what_is_left_and_what_runs():
    state = fold_all([a_start(), BlockStarted(block=0), TrialStarted(block=0, plan=2, seconds_left=90.0)])
    assert progress_text(State(), 0, 80) == "starting the engine…"
    assert (
        progress_text(state, 30.0, 200) == "block 1/3  ············   0%  0/24  1m00s left  thread × 2, python: set-up"
    )
    assert progress_text(state, 500.0, 200).count("0 s left") == 1
    assert len(progress_text(state, 0, 40)) == 40
    assert progress_text(state, 0, 60, ASCII).isascii()


def test_a_wide_line_says_how_near_the_race_is_to_its_end():
    looked = RaceLooked(block=1, leader=0, within=0.081, wanted=0.03, racing=(0, 2), blocks=2)
    state = fold_all([a_start(), BlockStarted(block=1), looked])
    assert "2 racing, the leader within 8% of the best (3% wanted)" in progress_text(state, 0, 160)
    assert "2 racing  " in progress_text(state, 0, 80)
    assert "wanted" not in progress_text(fold_all([a_start(), replace(looked, within=None)]), 0, 160)


def test_the_title_invites_or_says_what_is_measured_where():
    assert title_text(State()) == "Workbench · find the fastest safe way to run it on this machine"
    assert title_text(fold_all(a_sweep())) == "Workbench · straddles small · 1000 tasks, 216 MB · 4 cores, Test CPU"


def test_what_cannot_be_done_has_a_reason_that_says_what_can():
    finished = fold_all(a_sweep())
    done = Situation("done", state=finished)
    assert why_not("sweep", Situation(problems={"workers": "workers: wrong"})) == "workers: wrong"
    assert why_not("sweep", Situation()) is None
    unfinished = fold_all(a_sweep()[:-1])
    assert why_not("save", Situation("done", state=unfinished)) == "there is no report to save from"
    assert why_not("save", done) is None
    assert why_not("hotspots", done) == "no plan is selected"
    assert why_not("hotspots", Situation("done", state=finished, row=finished.rows[0])) is None
    assert why_not("stop", Situation("running", state=finished)) is None
    assert why_not("stop", Situation(page="why")) is None
    assert why_not("save", Situation()) == "nothing was measured yet; r starts a sweep"
    assert why_not("save", Situation("form", state=finished)) is None
    assert why_not("stop", Situation()) == "no sweep is running"
    assert why_not("stop", Situation("form", state=finished)) is None
    assert why_not("view", Situation("form", state=finished)) == "esc shows the figures"
    assert why_not("sweep", Situation(page="run", problems={"workers": "workers: wrong"})) is None
    assert "a sweep is running" in str(why_not("sweep", Situation("running", page="run")))
    assert "no recording" in str(why_not("pause", done))
    assert why_not("scrub", Situation("done", playing=True)) is None


@pytest.mark.parametrize(
    ("environment", "signs"),
    [
        ({}, UNICODE),
        ({"LANG": "en_US.UTF-8"}, UNICODE),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, ASCII),
        ({"LANG": "de_DE.ISO-8859-1"}, ASCII),
        ({"LANG": "en_US.UTF-8", "TERM": "linux"}, ASCII),
    ],
)
def test_the_locale_decides_which_characters_are_sent(environment, signs):
    assert signs_of(Settings(), environment) is signs
