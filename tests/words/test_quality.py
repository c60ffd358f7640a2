"""Quality against speed in words."""

from engine.report import Interval, TrialReport
from tests.builders import a_plan
from workbench.words.numbers import ASCII
from workbench.words.quality import fastest_by_score, quality_lines


def a_trial(mode, seconds, score, **settings):
    return TrialReport(
        plan=a_plan(mode, 1 if mode == "sequential" else 2, settings=settings),
        status="ok",
        seconds=Interval(seconds, seconds, seconds),
        score=score,
    )


TRIALS = (
    a_trial("sequential", 2.0, 0.987, method="direct", maxfun=500),
    a_trial("process", 1.1, 0.987000001, method="direct", maxfun=500),
    a_trial("sequential", 0.4, 0.961, method="direct", maxfun=100),
    a_trial("sequential", 0.02, 1.0, method="exact", maxfun=500),
)


def test_each_quality_has_its_fastest_plan_and_the_best_comes_first():
    assert [(trial.score, trial.seconds and trial.seconds.median) for trial in fastest_by_score(TRIALS)] == [
        (1.0, 0.02),
        (0.987000001, 1.1),
        (0.961, 0.4),
    ]


def test_lines_say_what_a_better_answer_beats():
    head, best, *beaten = quality_lines(TRIALS)
    assert head.startswith("score")
    assert "1.0000" in best
    assert "exact" in best
    assert "better answer is faster" not in best
    assert all("better answer is faster" in line for line in beaten)
    assert best.count("█") < beaten[0].count("█") == 24


def test_a_worse_answer_that_is_faster_is_not_beaten():
    lines = quality_lines((a_trial("sequential", 2.0, 1.0, x=1), a_trial("sequential", 1.0, 0.9, x=2)))
    assert "better answer is faster" not in "".join(lines)


def test_one_quality_needs_no_lines():
    assert quality_lines(TRIALS[:2]) == []
    assert quality_lines((TrialReport(plan=a_plan(), status="failed"),)) == []


def test_signs_are_those_of_the_terminal():
    assert "".join(quality_lines(TRIALS, ASCII)).isascii()
