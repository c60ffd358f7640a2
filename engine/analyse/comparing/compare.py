"""Two reports of one workload on one machine: what became slower, what did not, and what cannot be told."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import exp, expm1, isnan, log

from engine.analyse.comparing.matching import Matching, Pair, check_same_work, match_plans, points_of
from engine.analyse.comparing.result import (
    EXIT_CODES,
    Comparison,
    LeftOut,
    Machine,
    PlanComparison,
    Ratio,
    Reference,
    Side,
    Verdict,
)
from engine.analyse.comparing.robust import CONFIDENCE, Difference
from engine.analyse.comparing.rule import MINIMUM, Decision, decide
from engine.analyse.comparing.verdicts import (
    HARMLESS,
    LARGEST,
    REASONS,
    between,
    moved,
    percent,
    ratio_of,
    reason_of,
    sentence_of,
)
from engine.errors import RequestError
from engine.plan import describe
from engine.report import Goal, Host, SweepReport

THRESHOLD = 0.05
"""The limit unless another is given."""


def compare(
    before: SweepReport,
    after: SweepReport,
    threshold: float = THRESHOLD,
    *,
    goal: Goal = "steady",
    force: bool = False,
) -> Comparison:
    """Return what changed between two reports, plan by plan and as a whole; ``engine.analyse.comparing.rule`` says how.

    Args:
        before: the baseline.
        after: the report to judge.
        threshold: the slowdown to find, a share above 0 and below 1. One of this size is found in nine of ten
            comparisons of ten blocks each where processes differ by 2 %; below half of it nothing fails.
        goal: compare steady runs, or whole jobs (set-up and first run).
        force: compare although host, workload, size, settings or data differ; the differences become notes.

    Raises RequestError for reports that do not belong together or have no plan in common.
    """
    if not 0 < threshold < 1:
        raise RequestError(f"the threshold must be above 0% and below 100%, got {percent(threshold)}")
    notes = check_same_work(before, after, force=force)
    matching = match_plans(before, after, goal)
    decision = decide(*points_of(matching.pairs, before, after), threshold) if matching.pairs else None
    plans = _plans(matching, decision, threshold)
    machine = _machine(decision)
    verdict, reason = _whole(plans, decision)
    return Comparison(
        verdict=verdict,
        reason=reason,
        sentence=_sentence(verdict, reason, plans, machine, threshold),
        exit_code=EXIT_CODES[verdict],
        threshold=threshold,
        minimum=MINIMUM * threshold,
        confidence=CONFIDENCE,
        goal=goal,
        workload=after.workload.name,
        size=after.workload.size,
        before=_side(before),
        after=_side(after),
        plans=plans,
        machine=machine,
        left_out=tuple(LeftOut(plan, why) for plan, why in matching.left_out.items()),
        notes=(*notes, *_changed_around(before.host, after.host)),
    )


def _side(report: SweepReport) -> Side:
    return Side(created=report.created, workbench=report.workbench, blocks=report.blocks, complete=report.complete)


def _changed_around(before: Host, after: Host) -> Iterator[str]:
    """One line for each library and each condition that differs; reports of old tell no conditions."""
    yield from _changed(before.libraries, after.libraries, "not installed")
    if before.conditions and after.conditions:
        yield from _changed(before.conditions, after.conditions, "none told")


def _changed(old: Mapping[str, str], new: Mapping[str, str], absent: str) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"{name}: {old.get(name, absent)} before, {new.get(name, absent)} after"


def _plans(matching: Matching, decision: Decision | None, threshold: float) -> tuple[PlanComparison, ...]:
    """Every plan that is in both reports, and then those that fail now."""
    found = [
        _plan(pair, decision, index, threshold) for index, pair in enumerate(matching.pairs) if decision is not None
    ]
    failing = [
        PlanComparison(
            plan=plan, verdict="ambiguous", reason="fails-now", sentence=f"worked before and now fails: {why}"
        )
        for plan, why in matching.fails_now.items()
    ]
    return (*found, *failing)


def _plan(pair: Pair, decision: Decision, index: int, threshold: float) -> PlanComparison:
    reason = reason_of(int(decision.codes[index]), pair)
    measured, change = _ratio(decision.looks.measured, index), _ratio(decision.looks.decisive, index)
    against = _against(decision, index)
    chance = float(decision.chance[index])
    return PlanComparison(
        plan=pair.plan,
        verdict=REASONS[reason],
        reason=reason,
        sentence=sentence_of(reason, pair, measured, change, against, threshold),
        counts=not pair.given_up,
        before=_seconds(decision.before[index]),
        after=_seconds(decision.after[index]),
        blocks_before=len(pair.before),
        blocks_after=len(pair.after),
        disturbed_before=pair.disturbed_before,
        disturbed_after=pair.disturbed_after,
        measured=measured,
        change=change,
        against=against,
        chance=float(f"{chance:.3g}") if change else None,
    )


def _against(decision: Decision, index: int) -> Reference:
    if decision.looks.by_control[index]:
        return "control"
    return "nothing" if decision.looks.lone[index] else "others"


def _ratio(found: Difference, index: int) -> Ratio | None:
    return ratio_of(*(float(values[index]) for values in (found.value, found.low, found.high)))


def _seconds(logarithm: float) -> float | None:
    return None if isnan(logarithm) else float(f"{exp(logarithm):.6g}")


def _machine(decision: Decision | None) -> Machine:
    if decision is None:
        return Machine(sentence="nothing was measured in both reports")
    found = decision.machine
    control, plans = _ratio(found.control, 0), _ratio(found.plans, 0)
    varied = float(found.wander[0])
    words = f"the median plan is {moved(plans.estimate)}" if plans else "too few blocks to say how the plans moved"
    if control is None:
        return Machine(plans=plans, sentence=f"{words} as measured; no control in both reports")
    return Machine(
        control=control,
        plans=plans,
        sentence=f"{words} as measured, the control {moved(control.estimate)} ({between(control)})"
        + (
            f"; from block to block the control itself varied by {percent(expm1(min(varied, LARGEST)))}"
            if varied
            else ""
        ),
    )


def _whole(plans: Sequence[PlanComparison], decision: Decision | None) -> tuple[Verdict, str]:
    """The worst over the plans; the sweep as a whole may add a doubt."""
    reasons = [
        each.reason for each in plans if each.reason not in HARMLESS and (each.counts or each.verdict == "slower")
    ]
    if decision is not None and bool(decision.machine.known[0] & decision.machine.undecided[0]):
        reasons.append("sweep-could-be-slower")
    order: tuple[Verdict, ...] = ("slower", "contaminated", "ambiguous", "faster")
    for verdict in order:
        counted = Counter(reason for reason in reasons if REASONS[reason] == verdict)
        if counted:
            return verdict, counted.most_common(1)[0][0]
    return "same", "within-threshold"


def _sentence(
    verdict: Verdict, reason: str, plans: Sequence[PlanComparison], machine: Machine, threshold: float
) -> str:
    compared = f"{len(plans)} plan{'' if len(plans) == 1 else 's'} compared, limit {percent(threshold)}"
    if verdict == "same":
        return f"no plan is slower: {compared}"
    if reason in ("control-shifted", "control-unsteady", "sweep-could-be-slower"):
        return f"{machine.sentence}; {compared}"
    concerned = [each for each in plans if each.reason == reason]
    first = max(concerned, key=lambda each: abs(log(each.change.estimate)) if each.change else 0.0)
    name = describe(first.plan, [each.plan for each in plans])
    return f"{len(concerned)} of {compared}; first of all {name}: {first.sentence}"
