"""What stays on the terminal when the screen has gone."""

from msgspec.structs import replace

from tests.builders import a_report
from workbench.words.numbers import ASCII
from workbench.words.parting import parting_lines

BEST = ["Use shared-memory x 4, numpy", "10x (10x to 11x) the baseline's speed, whole job, 3 blocks"]


def said(report, kept=12, saved=""):
    return parting_lines(report, kept, saved, 80, ASCII)


def test_the_plan_stays_and_how_to_save_it_and_see_the_rest():
    assert said(a_report()) == [
        *BEST,
        "save it: workbench export history:12 --out tuned.toml",
        "all figures: workbench history show 12",
    ]


def test_a_saved_plan_says_how_it_is_run():
    saved = "saved as fast.toml; run it: workbench run --config fast.toml"
    assert said(a_report(), saved="fast.toml") == [*BEST, saved, "all figures: workbench history show 12"]


def test_without_a_history_there_is_nothing_to_come_back_to():
    assert said(a_report(), kept=None) == BEST


def test_a_sweep_that_finished_no_block_leaves_nothing():
    assert said(replace(a_report(complete=False), blocks=0)) == []


def test_without_a_recommendation_the_figures_are_still_there():
    assert said(a_report(recommendation=None)) == [
        "No recommendation (3 blocks).",
        "all figures: workbench history show 12",
    ]


def test_a_name_with_blanks_can_be_copied():
    assert "run it: workbench run --config 'my plan.toml'" in said(a_report(), saved="my plan.toml")[2]
