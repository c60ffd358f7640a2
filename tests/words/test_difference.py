"""How two tuned configs differ, in signs and words."""

from msgspec.structs import replace

from engine.production.config import config_text
from tests.builders import SOME_PLANS
from tests.explained import an_explained_report
from workbench.words.difference import Change, changes, knob_changes, meaningful_lines, unified_lines
from workbench.words.numbers import ASCII
from workbench.words.pieces import text_of


def texts() -> tuple[str, str]:
    """The configs of two sweeps that recommend different plans."""
    report = an_explained_report()
    chosen = report.recommendation
    assert chosen
    before = replace(report, created="2025-01-01", recommendation=replace(chosen, plan=SOME_PLANS[5]))
    return config_text(before), config_text(report)


def test_the_knobs_that_change_are_told_from_old_to_new():
    assert knob_changes(*texts()) == [Change("workers", "2", "4")]
    assert Change("workers", "2", "4").words() == "workers: 2 -> 4"
    assert Change("tasks", "", '"mine.py:tasks"').words() == 'tasks: nothing -> "mine.py:tasks"'


def test_meaningful_lines_carry_signs_and_words_and_count_the_figures():
    old, new = texts()
    lines = list(map(text_of, meaningful_lines(old, new)))
    figures = sum(each.name.startswith("evidence.") for each in changes(old, new))
    assert lines == ["- now plan.workers = 2", "+ new plan.workers = 4", f"  and {figures} figures behind it"]
    assert figures > 3


def test_equal_texts_do_not_differ():
    _, new = texts()
    assert changes(new, new) == []
    assert meaningful_lines(new, new) == []
    assert unified_lines(new, new) == []


def test_the_whole_difference_is_that_of_diff():
    lines = list(map(text_of, unified_lines(*texts(), ASCII)))
    assert lines[:2] == ["--- the file as it is", "+++ as it would be saved"]
    assert "- workers = 2" in lines
    assert "+ workers = 4" in lines
    assert "".join(lines).isascii()


def test_text_that_is_no_toml_differs_in_everything():
    _, new = texts()
    assert {each.old for each in changes("= [/dim]", new)} == {""}
