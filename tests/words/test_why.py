"""Where the time of a plan goes, as text: the facts of the report, in every width and in ASCII."""

from math import isclose, prod
from pathlib import Path
from typing import Any

import pytest

from engine.events import SweepFinished
from engine.plan import describe
from engine.recording import read_recording
from engine.report import SweepReport, TrialReport
from tests.explained import an_explained_report
from workbench.words.account import factor_text
from workbench.words.efficiency import efficiency_bar, taken
from workbench.words.format import breakdown_line, report_lines
from workbench.words.numbers import ASCII, UNICODE, percent, seconds
from workbench.words.pieces import Line, text_of
from workbench.words.why import NOT_YET, Subject, why_lines

RECORDED = Path(__file__).parents[1] / "recorded" / "demo.jsonl"
LOSING = {"start-up": 0.8, "shipping": 0.5, "dispatch": 1.0, "compute": 0.9}
GAINING = {"start-up": 0.8, "compute": 1.2}


def subject(report: SweepReport, index: int, **changes) -> Subject:
    trial = report.trials[index]
    facts: dict[str, Any] = {"name": describe(trial.plan, [each.plan for each in report.trials]), "trial": trial}
    return Subject(**(facts | changes))


def said(lines: list[Line]) -> str:
    """All on one line, with single blanks."""
    return " ".join(" ".join(map(text_of, lines)).split())


def recorded() -> SweepReport:
    last = read_recording(RECORDED)[-1]
    assert isinstance(last, SweepFinished)
    return last.report


@pytest.mark.parametrize("factors", [LOSING, GAINING, {"compute": 1.3}, {"a": 0.001, "b": 0.9}])
def test_what_the_factors_add_and_take_leads_from_all_to_the_efficiency(factors):
    assert isclose(1 + sum(taken(factors).values()), prod(factors.values()))
    assert all((change < 0) == (factors[name] < 1) for name, change in taken(factors).items() if change)


@pytest.mark.parametrize("signs", [UNICODE, ASCII])
@pytest.mark.parametrize("factors", [LOSING, GAINING, {"compute": 1.0}, {"a": 0.001}])
def test_the_bar_is_as_wide_as_asked_whatever_the_factors(factors, signs):
    for width in (20, 41, 80):
        first, *rest = map(text_of, efficiency_bar(factors, width, signs))
        assert len(first) == width
        assert first.endswith(percent(prod(factors.values())))
        assert all(len(each) <= width and "100%" in each for each in rest)
        assert not signs.ascii_only or first.isascii()


def test_the_parts_of_the_bar_are_as_long_as_what_the_factors_take_and_carry_their_letters():
    [bar] = efficiency_bar(LOSING, 104)
    kept, *lost, label = bar
    assert (len(kept.text), label.text) == (36, " 36%")
    assert [(len(piece.text), piece.text.strip("░▒")) for piece in lost] == [(4, "d"), (40, "b"), (20, "a")]
    assert [piece.text[0] for piece in lost] == ["▒", "░", "▒"]


def test_a_factor_above_one_lengthens_the_bar_and_the_place_of_100_percent_is_marked():
    bar, mark = map(text_of, efficiency_bar(GAINING, 124))
    assert bar.count("█") == 96
    assert mark.index("^") == 99
    assert len(bar) == 124


def test_every_plan_of_a_recording_is_told_with_the_facts_of_its_report():
    report = recorded()
    whole = " ".join(" ".join(report_lines(report, 100)).split())
    for index, trial in enumerate(report.trials):
        text = said(why_lines(subject(report, index), None, 300))
        assert trial.verdict in text
        assert trial.verdict in whole
        for part in breakdown_line(trial).split(" = ")[1].split(" + "):
            words, figure, unit = part.partition(" (")[0].rsplit(" ", 2)
            assert f"{words}" in text
            assert f"{figure} {unit}" in text
            assert part in whole
        assert breakdown_line(trial).split(" = ")[0] in text
        assert all(f"{loss.cause}, {seconds(loss.seconds)}" in text for loss in trial.losses)


def test_factors_causes_and_notes_are_those_of_the_report():
    report = an_explained_report()
    whole = " ".join(" ".join(report_lines(report, 200)).split())
    for index, trial in enumerate(report.trials):
        text = said(why_lines(subject(report, index), None, 200))
        for name, factor in trial.factors.items():
            assert f"{name} {factor_text(factor)}" in text
            assert f"{name} {factor_text(factor)}" in whole or abs(factor - 1) <= 0.01
        assert not trial.factors or f"efficiency {percent(prod(trial.factors.values()))}" in whole
        assert all(note in text and note in whole for note in trial.notes)
        assert trial.measured or "unavailable: no CUDA device here" in text


def test_causes_come_most_expensive_first_with_what_to_do():
    report = an_explained_report()
    text = said(why_lines(subject(report, 4), None, 100))
    shipping = text.index("40% shipping data, 300 ms do: use shared-memory")
    assert shipping < text.index("10% starting workers, 200 ms do: keep [the] workers")


def test_a_marked_plan_stands_beside_and_the_factor_that_sets_them_apart_stands_out():
    report = an_explained_report()
    process, shared = subject(report, 4, sign="✓"), subject(report, 6, sign="◆")
    lines = why_lines(process, shared, 140)
    text = said(lines)
    assert "Beside ◆ shared-memory × 4, numpy (marked): the whole job takes 1.93× as long: ship +300 ms" in text
    head = next(text_of(each) for each in lines if text_of(each).startswith("◆"))
    assert "✓ process × 4" in head[60:]
    strong = [
        piece.text.strip() for each in lines for piece in each if piece.kind == "strong" and "%" not in piece.text
    ]
    assert strong == ["-0.71", "+300 ms"]
    row = next(text_of(each) for each in lines if "shipping" in text_of(each) and "1.00" in text_of(each))
    assert "0.29" in row
    assert " = " in next(text_of(each) for each in lines if "  uneven chunks" in text_of(each))


def test_on_a_narrow_screen_the_plans_stand_one_under_the_other():
    report = an_explained_report()
    lines = list(map(text_of, why_lines(subject(report, 4, sign="✓"), subject(report, 6, sign="◆"), 78)))
    assert lines.index("✓ process × 4, python") < lines.index("◆ shared-memory × 4, numpy")
    assert any("ship (432 MB)" in each and "+300 ms" in each for each in lines)


@pytest.mark.parametrize("signs", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [36, 47, 76, 96, 157])
def test_no_line_is_wider_than_the_screen(width, signs):
    report = an_explained_report()
    for index in range(len(report.trials)):
        for other in (None, subject(report, 3, sign=signs.mark)):
            lines = list(map(text_of, why_lines(subject(report, index, sign=signs.chosen), other, width, signs)))
            assert max(map(len, lines)) <= width
            assert not signs.ascii_only or "".join(lines).isascii()


def test_live_figures_say_that_factors_and_causes_come_with_the_report():
    live = TrialReport(
        plan=recorded().trials[0].plan,
        status="ok",
        seconds=recorded().trials[0].seconds,
        job_seconds=recorded().trials[0].job_seconds,
        breakdown=recorded().trials[0].breakdown,
        efficiency=0.5,
    )
    text = said(why_lines(Subject("sequential", live, final=False), None, 80))
    assert f"efficiency 50%; {NOT_YET}" in text
    compute = recorded().trials[0].breakdown
    assert compute is not None
    assert f"compute {seconds(compute.compute)}" in text


def test_what_is_neither_wide_nor_there_does_not_break_the_account():
    nothing = TrialReport(plan=recorded().trials[0].plan, status="unmeasured")
    assert said(why_lines(Subject("thread", nothing), None, 80)) == "thread unmeasured"
    assert "Beside" in said(why_lines(Subject("thread", nothing), Subject("process", nothing), 80))
