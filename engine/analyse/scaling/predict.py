"""Speedups at other numbers of workers: with an interval, or refused with a reason."""

from engine.analyse.scaling.fitted import Fitted
from engine.analyse.scaling.peak import measuring, to_measure
from engine.analyse.scaling.points import Points
from engine.analyse.scaling.strong import speedup_at
from engine.report import Interval, Prediction

REACH = 4
"""Multiple of the most workers measured up to which is predicted."""

VAGUE = 0.25
"""Half width of the interval, as part of the speedup, beyond which a prediction says nothing."""

COUNTS = 4
"""Counts of workers a law must have been fitted to before it is trusted beyond them: one more than it has
coefficients."""


def predictions_of(fitted: Fitted, points: Points) -> tuple[tuple[Prediction, ...], str]:
    """Return speedups for the counts measured, as measured, and by the law for the powers of two up to the machine's
    cores and for these; and what is not predicted and why."""
    cores, found = fitted.cores or 1, [*measured_speedups(points)]
    wanted = {*fitted.workers, cores, *(1 << power for power in range(cores.bit_length()))} - {1}
    wanted -= {each.workers for each in found}
    refused = {count: why for count in sorted(wanted) if (why := refusal(fitted, count))}
    found += [Prediction(count, fitted.speedup(count)) for count in wanted - refused.keys()]
    return tuple(sorted(found, key=lambda each: each.workers)), _words(refused)


def measured_speedups(points: Points) -> tuple[Prediction, ...]:
    """Return the speedups of the counts that were measured in one block with one worker, ascending."""
    found = ((count, speedup_at(points, count)) for count in sorted(points) if count > 1)
    return tuple(Prediction(count, speedup, measured=True) for count, speedup in found if speedup)


def _words(refused: dict[int, str]) -> str:
    """One clause for each reason."""
    reasons = dict.fromkeys(refused.values())
    alike = {why: [count for count in refused if refused[count] == why] for why in reasons}
    return "; ".join(f"no prediction for {listed(counts)} workers: {why}" for why, counts in alike.items())


def refusal(fitted: Fitted, workers: int) -> str:
    """Return why nothing is said of so many workers; empty where the points support it.

    The interval must be narrow enough (VAGUE). Beyond the counts measured the law must also have been fitted to COUNTS
    counts or more, the points must lie on it, and no more than REACH times the most is predicted.
    """
    if not fitted.universal and workers not in fitted.workers:
        return _too_few(fitted)
    if workers > fitted.largest and (why := _beyond(fitted, workers)):
        return why
    if _vague(fitted.speedup(workers)):
        return f"the interval is wider than ±{VAGUE:.0%}; {to_measure(fitted)}"
    return ""


def _beyond(fitted: Fitted, workers: int) -> str:
    if workers > REACH * fitted.largest:
        return f"that is more than {REACH} times the {fitted.largest} measured"
    if fitted.misfit and fitted.misfit.bad:
        return f"no law to go by: {fitted.misfit}"
    return _too_few(fitted) if len(fitted.workers) < COUNTS else ""


def _too_few(fitted: Fitted) -> str:
    """Which count to measure first: one between those there are, or beyond them."""
    between = (count for count in range(2, fitted.largest) if count not in fitted.workers)
    missing = next(between, 2 * fitted.largest)
    return f"{listed(fitted.workers)} workers fit any law; {measuring(fitted, missing)} as well"


def _vague(speedup: Interval) -> bool:
    """The wider side decides: the other may only be short because a coefficient cannot be less than 0."""
    return max(speedup.high - speedup.median, speedup.median - speedup.low) > VAGUE * speedup.median


def listed(counts: tuple[int, ...] | list[int]) -> str:
    """Return one number or more as words: ``2, 4 and 8``."""
    *first, last = map(str, counts)
    return f"{', '.join(first)} and {last}" if first else last
