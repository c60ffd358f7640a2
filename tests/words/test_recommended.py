"""The recommended plan in full, as text."""

import shlex

import pytest
from msgspec.structs import replace

from engine.production.config import config_text
from tests.explained import an_explained_report
from workbench.words.format import recommendation_lines
from workbench.words.numbers import ASCII
from workbench.words.pieces import Line, text_of
from workbench.words.recommended import (
    RUN,
    alternative_lines,
    alternatives,
    config_lines,
    recommended_lines,
    shell_lines,
    sure_lines,
    use_lines,
)


def said(lines: list[Line]) -> str:
    return " ".join(" ".join(map(text_of, lines)).split())


def test_it_tells_everything_the_report_tells():
    report = an_explained_report()
    text = said(recommended_lines(report, 100))
    assert " ".join(" ".join(recommendation_lines(report, 98)).split()) in text


def test_a_certificate_is_told_in_words():
    report = an_explained_report()
    chosen = report.recommendation
    assert chosen
    assert chosen.certificate
    assert sure_lines(report, chosen.certificate, 200) == [
        "- asked for: at most 3% slower than any other plan, 95% sure",
        "- reached: at most 2%, after 4 blocks",
        "- winner, runner-up and baseline were measured once more in fresh processes, and it held",
        "- 1 plan may be as fast",
    ]
    unsure = replace(chosen.certificate, within=None, confirmed=False, ties=())
    assert sure_lines(report, unsure, 200)[1:] == [
        "- reached: nothing can be said yet",
        "- not confirmed in fresh processes",
        "- no other plan may be as fast",
    ]
    assert "no certificate" in sure_lines(report, None, 200)[0]
    assert "none can be recommended" in sure_lines(replace(report, recommendation=None), None, 200)[0]


def test_ties_come_first_and_then_the_next_three():
    report = an_explained_report()
    assert [(how, trial.plan.mode) for how, trial in alternatives(report)] == [
        ("tie", "shared-memory"),
        ("next", "sequential"),
        ("next", "process"),
        ("next", "thread"),
    ]
    header, best, tie, *_ = alternative_lines(report, 100)
    assert header.split() == ["whole", "job", "speedup", "takes", "plan"]
    assert best.endswith("1.00× shared-memory × 4, numpy")
    assert tie.startswith("tie ")
    assert "1.50× shared-memory × 2, numpy" in tie


def test_the_alternatives_are_those_of_the_goal():
    report = an_explained_report()
    assert report.recommendation
    steady = replace(report, recommendation=replace(report.recommendation, goal="steady"))
    assert "steady run" in alternative_lines(steady, 100)[0]
    assert alternative_lines(replace(report, recommendation=None), 100) == []


@pytest.mark.parametrize("width", [36, 76, 157])
def test_no_line_is_wider_than_the_screen(width):
    report = an_explained_report()
    command = ["workbench", "sweep", "mine.py:run one", "--save-config", "tuned.toml"]
    lines = [*recommended_lines(report, width, ASCII), *use_lines(command, width, ASCII)]
    texts = list(map(text_of, lines))
    python = [each for each in texts if "import" in each or "load_config" in each]
    assert max(len(each) for each in texts if each not in python) <= width
    assert "".join(texts).isascii()


def test_a_command_on_several_lines_is_the_same_command_to_a_shell():
    command = ["workbench", "sweep", "mine.py:run one", *RUN, *RUN]
    lines = shell_lines(command, 40)
    assert len(lines) > 3
    assert shlex.split("\n".join(lines).removeprefix("  $ ").replace("\\\n", "")) == command


def test_a_recording_has_no_command_that_sweeps():
    assert "workbench run --config tuned.toml" in said(use_lines(None, 100))
    assert "workbench sweep" not in said(use_lines(None, 100))


def test_a_config_that_holds_the_plan_already_is_told_so():
    text = config_text(an_explained_report())
    assert "it holds this plan already" in said(config_lines(text, text, 80))
    other = text.replace("workers = 4", "workers = 2")
    assert "it runs another plan: - now plan.workers = 2 + new plan.workers = 4" in said(config_lines(other, text, 80))
    older = text.replace("2026-01-01", "2025-01-01")
    assert "it runs the same plan" in said(config_lines(older, text, 80))
