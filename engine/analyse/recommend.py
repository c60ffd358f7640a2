"""Which plan to use, and what would change the choice."""

from math import ceil, isfinite

from msgspec.structs import replace

from engine.analyse.words import duration, spread
from engine.events import RaceLooked
from engine.executor import Seconds
from engine.measure.statistics import CONFIDENCE
from engine.plan import Plan, describe
from engine.report import Certificate, Goal, Interval, Recommendation, TrialReport

_NONE = Interval(1.0, 1.0, 1.0)


def recommend(
    trials: tuple[TrialReport, ...], goal: Goal, tasks: int = 0, standing: RaceLooked | None = None
) -> Recommendation | None:
    """Return the plan to use for the goal; None when nothing was measured.

    ``tasks``: how many there are in all, where a sample of them was measured; the plan is then the fastest for all.
    ``standing``: how the race ended; without it plans within 3 % of the fastest count as equally fast.
    """
    measured = [trial for trial in trials if trial.measured]
    if not measured:
        return None
    measured = _good_enough(_comparable(measured))
    tied = _tied(trials, measured, goal, standing)
    best = min(tied, key=lambda trial: needs(trial.plan, trial.peak_memory_bytes, _seconds(trial, goal)))
    steady = min(measured, key=lambda trial: _seconds(trial, "steady"))
    speedup = (best.full_speedup or best.job_speedup) if goal == "job" else best.speedup
    return Recommendation(
        plan=best.plan,
        goal=goal,
        speedup=speedup or _NONE,
        reason=_reason(best, measured, goal),
        note=_break_even(best, steady, measured) if goal == "job" else _whole_job(best, measured),
        estimate=_estimate(best, measured, tasks),
        certificate=certify(best.plan, trials, standing) if standing and standing.bounds else None,
    )


ROUNDING = 1e-6
"""What kernels may differ in the score by nothing but the order of their sums."""
TIED = 1.03
"""Without a certificate, plans within 3 % of the fastest are taken for equally fast: less than machines differ from one
minute to the next."""

Needs = tuple[int, int, float]
"""Workers, bytes and seconds: of plans that are equally fast the one with the least is taken."""


def needs(plan: Plan, memory: int | None, seconds: Seconds) -> Needs:
    """Return what a plan needs, for comparison."""
    return plan.workers, memory or 0, seconds


def as_good(standing: RaceLooked) -> list[int]:
    """Return the plans certified to be as good as was asked for, or else as good as the leader is; the leader first."""
    limit = max(standing.wanted, standing.bounds.get(standing.leader, 0.0))
    certified = [plan for plan, bound in standing.bounds.items() if bound <= limit and plan != standing.leader]
    return [standing.leader, *certified]


def _tied(
    trials: tuple[TrialReport, ...], measured: list[TrialReport], goal: Goal, standing: RaceLooked | None
) -> list[TrialReport]:
    """The plans of which the one that needs least is recommended."""
    if standing and standing.bounds:
        plans = [trials[index].plan for index in as_good(standing)]
        if certified := [trial for trial in measured if trial.plan in plans]:
            return certified
    fastest = min(_seconds(trial, goal) for trial in measured)
    return [trial for trial in measured if _seconds(trial, goal) <= TIED * fastest]


def certify(plan: Plan, trials: tuple[TrialReport, ...], standing: RaceLooked) -> Certificate:
    """Return how sure it is that no other plan is faster than this one."""
    index = next((at for at in standing.racing if trials[at].plan == plan), standing.leader)
    within = standing.bounds.get(index, standing.within)
    return Certificate(
        within=within,
        wanted=standing.wanted,
        confidence=CONFIDENCE,
        blocks=standing.blocks,
        confirmed=standing.confirmed,
        ties=tuple(trials[at].plan for at in standing.racing if at != index),
        note="" if standing.decided else _undecided(within, standing),
    )


def _undecided(within: float | None, standing: RaceLooked) -> str:
    reached = "nothing is certain yet" if within is None else f"{standing.wanted:.1%} was not reached"
    return f"{reached}; more --blocks would narrow it"


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
    return [trial for trial in measured if good_enough(trial.score, measured[0].score)]


def good_enough(score: float | None, least: float | None) -> bool:
    """Whether a score is as good as the baseline's; where either is no number there is nothing to compare."""
    if score is None or least is None or not isfinite(least):  # a Sharpe ratio without trades is no number
        return True
    return score >= least - ROUNDING * abs(least)


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
        needed = [needs(each.plan, each.peak_memory_bytes, 0.0) for each in (best, second)]
        why = "needs more" if needed[0] <= needed[1] else "is less certain"  # the race could not tell them apart
        return f"; {plan} is as fast ({duration(seconds)}) and {why}"
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
