"""Whether two reports are of the same work on the same machine, and the points of the plans that are in both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from statistics import median

import numpy as np

from engine.analyse.comparing.robust import Array
from engine.analyse.comparing.views import Points
from engine.errors import RequestError
from engine.plan import Plan, describe
from engine.report import Goal, Host, Measurement, SweepReport, TrialReport

_HOST = ("cpu", "physical_cores", "usable_cores", "memory_bytes", "gpus", "system", "python", "gil")
_WORKLOAD = ("name", "size", "tasks", "all_tasks", "settings")


def differences(before: SweepReport, after: SweepReport) -> list[str]:
    """Return one line for each fact that forbids a comparison; none for two reports of one work on one machine."""
    found = _differing("", before, after, ["schema"])
    found += host_differences(before.host, after.host)
    found += _differing("workload ", before.workload, after.workload, _WORKLOAD)
    hashes = before.workload.data_hash, after.workload.data_hash
    if all(hashes) and hashes[0] != hashes[1]:
        found.append(f"data: sha256 {hashes[0][:12]} before, {hashes[1][:12]} after")
    return found


def host_differences(before: Host, after: Host) -> list[str]:
    """Return one line for each fact in which two machines differ; none for one fingerprint."""
    if before.fingerprint == after.fingerprint:
        return []
    return _differing("host ", before, after, _HOST) or _differing("host ", before, after, ["fingerprint"])


def _differing(prefix: str, before: object, after: object, names: Sequence[str]) -> list[str]:
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in names)
    return [f"{prefix}{name.replace('_', ' ')}: {old} before, {new} after" for name, old, new in pairs if old != new]


def check_same_work(before: SweepReport, after: SweepReport, *, force: bool = False) -> tuple[str, ...]:
    """Return what differs though it should not. Raises RequestError for any of it, unless forced."""
    found = differences(before, after)
    if found and not force:
        raise RequestError(f"these reports cannot be compared: {'; '.join(found)} (--force compares them all the same)")
    return tuple(f"compared all the same: {each}" for each in found)


@dataclass(frozen=True)
class Pair:
    """One plan in both reports, with the seconds of its undisturbed blocks by block."""

    plan: Plan
    before: Mapping[int, float]
    after: Mapping[int, float]
    disturbed_before: int
    """Blocks in which nothing was measured undisturbed."""
    disturbed_after: int
    given_up: bool = False
    """Whether both sweeps stopped measuring it because others are faster."""


MEASURED = ("ok", "eliminated")
"""A plan that was ok before and is given up now may have become slower, so both are compared."""


@dataclass(frozen=True)
class Matching:
    """What can be compared, what cannot, and what stopped working."""

    pairs: tuple[Pair, ...]
    left_out: Mapping[Plan, str]
    fails_now: Mapping[Plan, str]


def match_plans(before: SweepReport, after: SweepReport, goal: Goal) -> Matching:
    """Bring the plans of two reports together. Raises RequestError when no plan is in both, or, for whole jobs, where a
    report has no raw samples."""
    old, new = ({trial.plan: trial for trial in report.trials} for report in (before, after))
    pairs, left_out, fails_now = [], {}, {}
    for plan in dict.fromkeys([*old, *new]):
        if plan not in old or plan not in new:
            left_out[plan] = f"only in the report {'after' if plan in new else 'before'}"
        elif old[plan].status in MEASURED and new[plan].status in MEASURED:
            pairs.append(_pair(old[plan], new[plan], goal))
        elif old[plan].status in MEASURED and new[plan].status == "failed":
            fails_now[plan] = new[plan].reason
        else:
            left_out[plan] = f"{old[plan].status} before, {new[plan].status} after"
    if not pairs and not fails_now:
        raise RequestError(_nothing_in_common(before, after))
    return Matching(tuple(pairs), left_out, fails_now)


def _nothing_in_common(before: SweepReport, after: SweepReport) -> str:
    firsts = " and ".join(describe(report.trials[0].plan) if report.trials else "none" for report in (before, after))
    return f"these reports have no measured plan in common; their first plans are {firsts}"


def _pair(before: TrialReport, after: TrialReport, goal: Goal) -> Pair:
    old, new = block_seconds(before, goal), block_seconds(after, goal)
    return Pair(
        plan=before.plan,
        before=old,
        after=new,
        disturbed_before=len({each.block for each in before.samples} - old.keys()),
        disturbed_after=len({each.block for each in after.samples} - new.keys()),
        given_up=before.status == after.status == "eliminated",
    )


def is_disturbed(measurement: Measurement) -> bool:
    """Return whether something else went on meanwhile, so that the measurement does not count."""
    return bool(measurement.noise and measurement.noise.reasons)


def block_seconds(trial: TrialReport, goal: Goal) -> dict[int, float]:
    """Return the one point of each undisturbed block, in seconds: the median steady run, or set-up plus first run.

    Reports without raw samples have steady points only, numbered from 0. Raises RequestError for whole jobs there.
    """
    if not trial.samples and trial.runs and goal == "job":
        raise RequestError("a report without raw samples says nothing about the spread of whole jobs; compare steady")
    if not trial.samples:
        return dict(enumerate(trial.runs))
    return {
        each.block: median(each.steady) if goal == "steady" else each.setup + each.first_run
        for each in trial.samples
        if not is_disturbed(each) and (each.steady or goal == "job")
    }


def points_of(pairs: Sequence[Pair], before: SweepReport, after: SweepReport) -> tuple[Points, Points]:
    """Return the points of all pairs as arrays, for the rule."""
    return (
        _points([pair.before for pair in pairs], before.control_seconds),
        _points([pair.after for pair in pairs], after.control_seconds),
    )


def _points(plans: Sequence[Mapping[int, float]], control: Sequence[float]) -> Points:
    blocks = sorted({block for seconds in plans for block in seconds}) or [0]
    table = np.array([_logs(seconds, blocks) for seconds in plans])
    return Points(table, _logs(dict(enumerate(control)), blocks))


def _logs(seconds: Mapping[int, float], blocks: Sequence[int]) -> Array:
    values = (seconds.get(block, 0.0) for block in blocks)
    return np.array([log(value) if value > 0 else np.nan for value in values])
