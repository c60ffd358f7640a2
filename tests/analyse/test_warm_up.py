import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analyse.warm_up import break_even, warm_up_note
from engine.report import Interval, TrialReport
from tests.builders import a_plan

seconds = st.floats(0.001, 1000.0)


@pytest.mark.parametrize(
    ("cold_first", "warm_first", "warm_up", "runs"),
    [
        (10.7, 0.3, 10.4, 1),
        (10.7, 1.0, 10.4, 2),
        (42.0, 2.0, 40.0, 1),
        (0.5, 0.3, 0.0, 1),
        (0.5, 0.5, 0.1, None),
        (0.5, 0.6, 0.1, None),
    ],
)
def test_a_warm_up_pays_when_what_it_saves_reaches_what_it_costs(cold_first, warm_first, warm_up, runs):
    assert break_even(cold_first, warm_first, warm_up) == runs


@given(cold_first=seconds, warm_first=seconds, warm_up=seconds)
def test_it_has_paid_after_that_many_first_runs_and_not_before(cold_first, warm_first, warm_up):
    runs = break_even(cold_first, warm_first, warm_up)
    saved = cold_first - warm_first
    assert (runs is None) == (saved <= 0)
    if runs is not None:
        assert runs * saved >= warm_up * (1 - 1e-6)
        assert (runs - 1) * saved < warm_up or runs == 1


def a_trial(warm_up, setup, first, mode="thread"):
    return TrialReport(
        plan=a_plan(mode, 2, "torch-cpu", settings={"warm_up": warm_up, "seed": 1}),
        status="ok",
        seconds=Interval(first, first, first),
        job_seconds=Interval(setup + first, setup + first, setup + first),
        setup_seconds=setup,
        first_run_seconds=first,
    )


def test_a_warm_plan_is_compared_with_the_cold_one_like_it():
    cold, warm, other = a_trial("none", 0.2, 10.2), a_trial("real", 10.0, 0.3), a_trial("none", 0.1, 99.0, "process")
    note = warm_up_note(warm, (other, cold, warm))
    assert (
        note
        == "warm-up adds 9.8 s to set-up and makes the first run 300 ms instead of 10.2 s: it pays after 1 first run"
    )
    assert warm_up_note(cold, (other, cold, warm)) == ""
    assert warm_up_note(warm, (other, warm)) == ""


def test_a_warm_up_that_saves_nothing_never_pays():
    cold, warm = a_trial("none", 0.2, 1.0), a_trial("dummy", 5.0, 1.5)
    assert warm_up_note(warm, (cold, warm)).endswith("it never pays")
