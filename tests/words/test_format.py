import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.report import Ceiling, Interval, TrialReport
from tests.builders import SOME_PLANS, SOME_SECONDS, a_plan, a_report
from workbench.words.format import ceiling_line, report_lines
from workbench.words.numbers import (
    ASCII,
    UNICODE,
    bar,
    efficiency,
    percent,
    rate,
    ratio,
    seconds,
    signs_for,
    size,
    timing,
)
from workbench.words.table import COLUMNS, fit_table, row_cells


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 s"),
        (1.234, "1.23 s"),
        (0.0456, "45.6 ms"),
        (0.00045, "450 µs"),
        (5e-9, "5.00 ns"),
        (0.9996, "1.00 s"),
        (0.09999, "100 ms"),
        (12.345, "12.3 s"),
        (99.4, "99.4 s"),
        (99.6, "1m40s"),
        (192, "3m12s"),
        (3599.7, "1h00m"),
        (3900, "1h05m"),
        (float("nan"), "?"),
    ],
)
def test_seconds_have_three_figures_and_a_unit_that_suits_them(value: float, text: str):
    assert seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (12, "12 B"), (216_000_000, "216 MB"), (1_234_000_000, "1.23 GB"), (999_999, "1.00 MB")],
)
def test_sizes_have_three_figures(value: int, text: str):
    assert size(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(22.4, "22×"), (0.081, "0.08×"), (1.94, "1.94×"), (9.996, "10×"), (120.2, "120×")]
)
def test_ratios_below_ten_have_two_decimals(value: float, text: str):
    assert ratio(value) == text


@pytest.mark.parametrize(("value", "text"), [(456.2, "456"), (12_345, "12.3k"), (0.5, "0.50"), (1.2e6, "1.20M")])
def test_rates_have_three_figures(value: float, text: str):
    assert rate(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.93, "93%"), (0.004, "0.4%"), (0, "0%"), (1.2, "120%"), (0.0099, "1.0%")]
)
def test_small_shares_keep_a_decimal(value: float, text: str):
    assert percent(value) == text


def test_a_time_is_shown_with_the_larger_half_of_its_interval():
    assert timing(Interval(1.0, 0.98, 1.04)) == "1.00 s ±4%"
    assert timing(Interval(1.0, 1.0, 1.0)) == "1.00 s"


def test_an_efficiency_bar_is_as_long_as_the_efficiency_and_never_longer_than_its_place():
    assert bar(0.5, 4) == "██··"
    assert bar(0.56, 4) == "██▎·"
    assert bar(1.7, 4) == "████"
    assert bar(-1, 4) == "····"
    assert efficiency(0.92) == "████▋  92%"


def test_without_unicode_everything_is_ascii():
    lines = report_lines(a_report(), 100, ASCII)
    assert all(line.isascii() for line in lines)
    assert signs_for("ANSI_X3.4-1968") is ASCII
    assert signs_for("UTF-8") is UNICODE


def test_text_from_outside_stays_on_one_line_and_cannot_steer_the_terminal():
    assert UNICODE.text("ValueError:\n  \x1b[31mred\x07 [/dim]") == "ValueError: [31mred [/dim]"


@given(st.floats(min_value=1e-9, max_value=1e7))
def test_every_duration_fits_seven_characters(value: float):
    assert 3 <= len(seconds(value)) <= 7


@given(st.floats(min_value=0, max_value=1e14))
def test_every_size_fits_seven_characters(value: float):
    assert len(size(int(value))) <= 7


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 120, 200])
def test_no_line_of_the_report_is_wider_than_the_terminal(width: int):
    assert [line for line in report_lines(a_report(), width) if len(line) > max(width, 20)] == []


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (0, "3 blocks"),
        (2, "3 blocks, 2 of them of an earlier sweep"),
        (3, "3 blocks, all of an earlier sweep: nothing was left to measure"),
    ],
)
def test_blocks_of_an_earlier_sweep_are_counted(before: int, words: str):
    assert report_lines(a_report(blocks_before=before), 120)[1].endswith(f"whole job, {words}")


def test_narrow_tables_lose_the_least_important_columns_first():
    report = a_report()
    names = {width: [column.header for column in fit_table(report.trials, width).columns] for width in (40, 80, 120)}
    assert names[40] == ["mode", "workers", "kernel", "speedup"]
    assert names[80] == ["mode", "workers", "kernel", "steady run", "speedup", "efficiency", "whole job"]
    assert names[120][-2:] == ["whole job", "set-up"]


def test_a_knob_is_shown_before_other_columns_when_plans_differ_in_it():
    plans = (a_plan(), a_plan("process", 2, start_method="fork"), a_plan("process", 2, start_method="spawn"))
    table = fit_table(a_report(plans, (1.0, 1.0, 1.0)).trials, 80)
    assert "start" in [column.header for column in table.columns]


def test_settings_that_differ_tell_the_rows_apart():
    plans = (a_plan(), a_plan("thread", 2, settings={"fees": 0.1}), a_plan("thread", 2, settings={"fees": 0.2}))
    lines = report_lines(a_report(plans, (1.0, 1.0, 1.0)), 80)
    assert any("fees=0.2" in line for line in lines)


def test_a_plan_without_figures_says_why_in_their_place():
    table = fit_table(a_report().trials, 80)
    line = table.line(TrialReport(plan=SOME_PLANS[-1], status="failed"), "failed", "[/dim] wrong\nresults")
    assert line == "✗ gpu-batch           1 torch  failed: [/dim] wrong results"


def test_figures_of_all_rows_stand_under_their_header():
    table = fit_table(a_report().trials, 100)
    end = table.header().index("speedup") + len("speedup")
    assert {table.line(trial, "ok")[end - 1] for trial in a_report().trials[:-1]} == {"×"}


def test_a_row_has_one_text_per_column():
    assert len(row_cells(a_report().trials[0])) == len(COLUMNS)


def test_the_report_begins_with_the_recommendation_and_marks_its_row():
    lines = report_lines(a_report(), 100)
    assert lines[0] == "Use shared-memory × 4, numpy"
    assert [line for line in lines if line.startswith("★")] == [line for line in lines if "18×" in line and "★" in line]
    assert "ceiling of this machine: 1.91× with 2, 3.65× with 4 workers" in lines
    assert lines[-1] == "noise: another process used 6% of the CPU during block 2"


def test_every_plan_has_its_verdict_in_the_report():
    text = "\n".join(report_lines(a_report(), 200))
    assert text.count(" of its time") == 2 * len(
        [value for value in SOME_SECONDS if value]
    )  # in the table and below it
    assert "gpu-batch, torch: unavailable: no CUDA device here" in text


def test_a_sweep_that_was_stopped_says_so():
    lines = report_lines(a_report(complete=False, recommendation=None, blocks=1), 80)
    assert lines[0] == "No recommendation (stopped early: 1 block finished)."
    lines = report_lines(a_report(complete=False, blocks=1, blocks_before=1), 120)
    assert lines[1].endswith("whole job, stopped early: 1 block finished, all of an earlier sweep")


def test_plans_that_a_stop_left_out_are_counted():
    report = a_report(complete=False)
    left_out = [
        replace(each, status="unmeasured", reason="it was stopped", runs=(), samples=()) for each in report.trials
    ]
    text = "\n".join(report_lines(replace(report, trials=(*report.trials[:2], *left_out[2:])), 200))
    assert f"stopped early: 3 blocks finished, {len(left_out) - 2} of {len(left_out)} plans not measured" in text
    assert f"\n{len(left_out) - 2} plans were not measured: it was stopped" in text


def test_an_interval_that_holds_1_is_put_into_words():
    report = a_report()
    assert report.recommendation
    chosen = replace(report.recommendation, speedup=Interval(low=0.96, median=1.25, high=1.62))
    lines = report_lines(replace(report, recommendation=chosen), 120)
    assert lines[2] == "that may be no gain at all: its interval holds 1; more --blocks would tell"
    assert "no gain" not in "\n".join(report_lines(report, 120))


def test_the_ceiling_of_memory_stands_beside_that_of_computing():
    line = ceiling_line((Ceiling(2, 1.91, 1.48),))
    assert line.endswith("1.91× with 2 workers; for work that only reads and writes memory 1.48× with 2")
