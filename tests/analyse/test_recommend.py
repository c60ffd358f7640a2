"""What is recommended where a sample of the tasks was measured."""

from engine.analyse.recommend import recommend
from engine.events import RaceLooked
from engine.report import Interval, TrialReport
from tests.builders import a_plan


def a_trial(mode, job, full=None, reason="", kernel="python", score=None):
    interval = Interval(full * 0.98, full * 0.97, full * 1.02) if full else None
    return TrialReport(
        plan=a_plan(mode, 1 if mode == "sequential" else 2, kernel),
        status="ok",
        seconds=Interval(job, job, job),
        job_seconds=Interval(job, job, job),
        full_seconds=interval and Interval(full, interval.low, interval.high),
        full_reason=reason,
        full_speedup=Interval(2, 2, 2),
        score=score,
    )


def test_the_plan_is_the_fastest_for_all_tasks_and_not_for_the_sample():
    trials = (a_trial("sequential", 1.0, 11_000), a_trial("process", 5.0, 840))
    found = recommend(trials, "job", 10_000)
    assert found
    assert found.plan.mode == "process"
    assert found.estimate == "10,000 tasks: 14 ± 0.4 min with process × 2, python, 3.06 ± 0.08 h as you do it now"


def test_a_plan_whose_estimate_is_vague_can_win_and_says_so():
    trials = (
        a_trial("sequential", 1.0, 100.0),
        a_trial("sequential", 0.1, 1.0, "the sample is too small: between 0.1 s and 3 s", "numpy"),
    )
    found = recommend(trials, "job", 500)
    assert found
    assert found.plan.kernel == "numpy"
    assert "the sample is too small: between 0.1 s and 3 s" in found.estimate


def test_a_plan_without_an_estimate_is_not_ranked():
    trials = (a_trial("sequential", 1.0, 100.0), a_trial("process", 0.1, reason="time does not grow"))
    found = recommend(trials, "job", 500)
    assert found
    assert found.plan.mode == "sequential"


def test_without_an_estimate_for_the_baseline_the_sample_decides_and_the_reason_is_told():
    trials = (a_trial("sequential", 1.0, reason="time does not grow"), a_trial("process", 0.5, 3.0))
    found = recommend(trials, "job", 500)
    assert found
    assert found.plan.mode == "process"
    assert found.estimate == "500 tasks: time does not grow"


def test_where_everything_was_measured_there_is_nothing_to_estimate():
    found = recommend((a_trial("sequential", 1.0),), "job")
    assert found
    assert found.estimate == ""


def test_a_plan_with_worse_answers_is_not_recommended_however_fast():
    trials = (
        a_trial("sequential", 1.0, score=0.987),
        a_trial("thread", 0.1, score=0.938),
        a_trial("process", 0.5, score=0.987 - 1e-9),
        a_trial("shared-memory", 0.6, score=1.0),
    )
    found = recommend(trials, "job")
    assert found
    assert found.plan.mode == "process"


def test_a_score_that_is_no_number_rules_nothing_out():
    trials = (a_trial("sequential", 1.0, score=float("nan")), a_trial("thread", 0.1, score=float("nan")))
    found = recommend(trials, "job")
    assert found
    assert found.plan.mode == "thread"


def test_a_plan_that_needs_less_and_is_as_fast_was_passed_over_because_it_is_less_certain():
    trials = (a_trial("sequential", 1.0), a_trial("sequential", 0.24, kernel="numpy"), a_trial("thread", 0.25))
    standing = RaceLooked(
        block=3, leader=2, within=0.24, wanted=0.03, racing=(2, 1), bounds={2: 0.24, 1: 0.4}, blocks=4
    )
    found = recommend(trials, "job", standing=standing)
    assert found
    assert found.plan.mode == "thread"
    assert found.reason.endswith("; sequential, numpy is as fast (240 ms) and is less certain")
