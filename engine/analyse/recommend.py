"""Which plan to use, and what would change the choice."""

from math import ceil, isfinite

from msgspec.structs import replace

from engine.analyse.words import duration, spread
from engine.plan import describe
from engine.report import Goal, Interval, Recommendation, TrialReport

_NONE = Interval(1.0, 1.0, 1.0)


def recommend(trials: tuple[TrialReport, ...], goal: Goal, tasks: int = 0) -> Recommendation | None:
    """Return the fastest plan for the goal; None when nothing was measured.

    ``tasks``: how many there are in all, where a sample of them was measured; the plan is then the fastest for all.
    """
    measured = [trial for trial in trials if trial.status == "ok" and trial.job_seconds and trial.seconds]
    if not measured:
        return None
    measured = _good_enough(_comparable(measured))
    best = _simplest_of_the_fastest(measured, goal)
    steady = min(measured, key=lambda trial: _seconds(trial, "steady"))
    speedup = (best.full_speedup or best.job_speedup) if goal == "job" else best.speedup
    return Recommendation(
        plan=best.plan,
        goal=goal,
        speedup=speedup or _NONE,
        reason=_reason(best, measured, goal),
        note=_break_even(best, steady, measured) if goal == "job" else _whole_job(best, measured),
        estimate=_estimate(best, measured, tasks),
    )


ROUNDING = 1e-6
"""What kernels may differ in the score by nothing but the order of their sums."""
TIED = 1.03
"""Plans within 3 % of the fastest are taken for equally fast: less than machines differ from one minute to the next."""


def _simplest_of_the_fastest(measured: list[TrialReport], goal: Goal) -> TrialReport:
    """Return the plan with the fewest workers, then the least memory, among those as fast as the fastest."""
    fastest = min(_seconds(trial, goal) for trial in measured)
    tied = [trial for trial in measured if _seconds(trial, goal) <= TIED * fastest]
    return min(tied, key=lambda trial: (trial.plan.workers, trial.peak_memory_bytes or 0, _seconds(trial, goal)))


def _seconds(trial: TrialReport, goal: Goal) -> float:
    interval = trial.full_seconds or trial.job_seconds if goal == "job" else trial.seconds
    assert interval
    return interval.median


def _reason(best: TrialReport, measured: list[TrialReport], goal: Goal) -> str:
    what = "one whole job, set-up included" if goal == "job" else "a steady run, workers already up"
    mine, baseline = _seconds(best, goal), measured[0]
    times = f"{duration(mine)} instead of the baseline's {duration(_seconds(baseline, goal))}"
    if best is baseline:
        times = f"{duration(mine)}, the baseline itself"
    return f"fastest for {what}: {times}{_runner_up(best, measured, goal)}"


def _comparable(measured: list[TrialReport]) -> list[TrialReport]:
    """Return plans whose seconds are of the same tasks: of all where the baseline's could be estimated, else of the
    sample."""
    if measured[0].full_seconds:
        return [trial for trial in measured if trial.full_seconds]
    return [replace(trial, full_seconds=None, full_speedup=None) for trial in measured]


def _good_enough(measured: list[TrialReport]) -> list[TrialReport]:
    """Return the plans whose results are as good as the baseline's: a fast bad answer is no plan."""
    least = measured[0].score
    if least is None or not isfinite(least):  # a Sharpe ratio without trades is no number
        return measured
    slack = ROUNDING * abs(least)
    return [trial for trial in measured if trial.score is None or trial.score >= least - slack]


def _estimate(best: TrialReport, measured: list[TrialReport], tasks: int) -> str:
    """How long all tasks take with the plan and as it is done now, or why nobody knows; empty without a sample."""
    baseline = measured[0]
    if not best.full_seconds:
        return f"{tasks:,} tasks: {baseline.full_reason or best.full_reason}" if tasks else ""
    plan = describe(best.plan, [trial.plan for trial in measured])
    seconds = f"{plan}: {best.full_reason}" if best.full_reason else f"{spread(best.full_seconds)} with {plan}"
    mine = f"{tasks:,} tasks: {seconds}"
    if best is baseline or not baseline.full_seconds:
        return mine
    return f"{mine}, {spread(baseline.full_seconds)} as you do it now"


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
