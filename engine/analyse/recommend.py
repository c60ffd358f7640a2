"""Which plan to use, and what would change the choice."""

from math import ceil

from engine.analyse.words import figure
from engine.plan import describe
from engine.report import Goal, Interval, Recommendation, TrialReport

_NONE = Interval(1.0, 1.0, 1.0)


def recommend(trials: tuple[TrialReport, ...], goal: Goal) -> Recommendation | None:
    """Return the fastest plan for the goal; None when nothing was measured."""
    measured = [trial for trial in trials if trial.status == "ok" and trial.job_seconds and trial.seconds]
    if not measured:
        return None
    best = min(measured, key=lambda trial: _seconds(trial, goal))
    steady = min(measured, key=lambda trial: _seconds(trial, "steady"))
    speedup = best.job_speedup if goal == "job" else best.speedup
    return Recommendation(
        plan=best.plan,
        goal=goal,
        speedup=speedup or _NONE,
        reason=_reason(best, measured, goal),
        note=_break_even(best, steady, measured) if goal == "job" else _whole_job(best, measured),
    )


def _seconds(trial: TrialReport, goal: Goal) -> float:
    interval = trial.job_seconds if goal == "job" else trial.seconds
    assert interval
    return interval.median


def _reason(best: TrialReport, measured: list[TrialReport], goal: Goal) -> str:
    what = "one whole job, set-up included" if goal == "job" else "a steady run, workers already up"
    baseline = measured[0]
    times = f"{figure(_seconds(best, goal))} s instead of the baseline's {figure(_seconds(baseline, goal))} s"
    others = sorted((t for t in measured if t.plan != best.plan), key=lambda trial: _seconds(trial, goal))
    plans = [trial.plan for trial in measured]
    next_best = ""
    if others:
        next_best = f"; next is {describe(others[0].plan, plans)} with {figure(_seconds(others[0], goal))} s"
    if best is baseline:
        times = f"{figure(_seconds(best, goal))} s, and nothing else measured is faster"
    return f"fastest for {what}: {times}{next_best}"


def _break_even(best: TrialReport, steady: TrialReport, measured: list[TrialReport]) -> str:
    """After how many runs on the same workers the plan with the fastest steady run overtakes."""
    gain = _seconds(best, "steady") - _seconds(steady, "steady")
    if steady.plan == best.plan or gain <= 0.02 * _seconds(best, "steady"):
        return ""
    head_start = _seconds(steady, "job") - _seconds(best, "job")
    runs = 1 + max(1, ceil(head_start / gain - 1e-9))
    plan = describe(steady.plan, [trial.plan for trial in measured])
    return (
        f"with workers kept for several runs, {plan} takes {figure(_seconds(steady, 'steady'))} s "
        f"a run instead of {figure(_seconds(best, 'steady'))} s and pays from run {runs} on"
    )


def _whole_job(best: TrialReport, measured: list[TrialReport]) -> str:
    job = min(measured, key=lambda trial: _seconds(trial, "job"))
    if job.plan == best.plan:
        return ""
    return (
        f"for a single job, set-up included, {describe(job.plan, [t.plan for t in measured])} is faster: "
        f"{figure(_seconds(job, 'job'))} s instead of {figure(_seconds(best, 'job'))} s"
    )
