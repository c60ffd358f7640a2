"""Which plan to use, and what would change the choice."""

from math import ceil

from engine.analyse.words import duration
from engine.plan import describe
from engine.report import Goal, Interval, Recommendation, TrialReport

_NONE = Interval(1.0, 1.0, 1.0)


def recommend(trials: tuple[TrialReport, ...], goal: Goal) -> Recommendation | None:
    """Return the fastest plan for the goal; None when nothing was measured."""
    measured = [trial for trial in trials if trial.status == "ok" and trial.job_seconds and trial.seconds]
    if not measured:
        return None
    best = _simplest_of_the_fastest(measured, goal)
    steady = min(measured, key=lambda trial: _seconds(trial, "steady"))
    speedup = best.job_speedup if goal == "job" else best.speedup
    return Recommendation(
        plan=best.plan,
        goal=goal,
        speedup=speedup or _NONE,
        reason=_reason(best, measured, goal),
        note=_break_even(best, steady, measured) if goal == "job" else _whole_job(best, measured),
    )


TIED = 1.03
"""Plans within 3 % of the fastest are taken for equally fast: less than machines differ from one minute to the next."""


def _simplest_of_the_fastest(measured: list[TrialReport], goal: Goal) -> TrialReport:
    """Return the plan with the fewest workers, then the least memory, among those as fast as the fastest."""
    fastest = min(_seconds(trial, goal) for trial in measured)
    tied = [trial for trial in measured if _seconds(trial, goal) <= TIED * fastest]
    return min(tied, key=lambda trial: (trial.plan.workers, trial.peak_memory_bytes or 0, _seconds(trial, goal)))


def _seconds(trial: TrialReport, goal: Goal) -> float:
    interval = trial.job_seconds if goal == "job" else trial.seconds
    assert interval
    return interval.median


def _reason(best: TrialReport, measured: list[TrialReport], goal: Goal) -> str:
    what = "one whole job, set-up included" if goal == "job" else "a steady run, workers already up"
    mine, baseline = _seconds(best, goal), measured[0]
    times = f"{duration(mine)} instead of the baseline's {duration(_seconds(baseline, goal))}"
    if best is baseline:
        times = f"{duration(mine)}, the baseline itself"
    return f"fastest for {what}: {times}{_runner_up(best, measured, goal)}"


def _runner_up(best: TrialReport, measured: list[TrialReport], goal: Goal) -> str:
    others = [trial for trial in measured if trial.plan != best.plan]
    if not others:
        return ""
    second = min(others, key=lambda trial: _seconds(trial, goal))
    plan, seconds = describe(second.plan, [trial.plan for trial in measured]), _seconds(second, goal)
    if seconds <= _seconds(best, goal):
        return f"; {plan} is as fast ({duration(seconds)}) and needs more"
    return f"; next is {plan} with {duration(seconds)}"


def _break_even(best: TrialReport, steady: TrialReport, measured: list[TrialReport]) -> str:
    """After how many runs on the same workers the plan with the fastest steady run overtakes."""
    gain = _seconds(best, "steady") - _seconds(steady, "steady")
    if steady.plan == best.plan or gain <= 0.02 * _seconds(best, "steady"):
        return ""
    head_start = _seconds(steady, "job") - _seconds(best, "job")
    runs = 1 + max(1, ceil(head_start / gain - 1e-9))
    plan = describe(steady.plan, [trial.plan for trial in measured])
    return (
        f"with workers kept for several runs, {plan} takes {duration(_seconds(steady, 'steady'))} "
        f"a run instead of {duration(_seconds(best, 'steady'))} and pays from run {runs} on"
    )


def _whole_job(best: TrialReport, measured: list[TrialReport]) -> str:
    job = min(measured, key=lambda trial: _seconds(trial, "job"))
    if job.plan == best.plan:
        return ""
    return (
        f"for a single job, set-up included, {describe(job.plan, [t.plan for t in measured])} is faster: "
        f"{duration(_seconds(job, 'job'))} instead of {duration(_seconds(best, 'job'))}"
    )
