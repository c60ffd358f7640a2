"""From points to the report's account of how a mode and kernel scale."""

from engine.analyse.scaling.fitted import Fitted, around, fit_points
from engine.analyse.scaling.peak import peak_of
from engine.analyse.scaling.points import Points
from engine.analyse.scaling.predict import listed, measured_speedups, predictions_of
from engine.plan import Plan
from engine.report import Interval, Scaling


def scaling_of(points: Points, tasks: int, plan: Plan, cores: int | None = None) -> Scaling:
    """Return how one mode, kernel and settings scale: both laws, the peak and predictions, each with an interval or
    with the reason why not.

    Args:
        points: workers -> block -> seconds of one run over all tasks, above 0.
        tasks: how many tasks a run computes, at least 1.
        plan: any of the plans; mode, kernel and settings are taken from it.
        cores: what the machine has. Speedups are predicted up to there, and the laws are fitted up to there, since
            workers beyond it wait for a core, which is another law; None fits to everything, as for work that waits.

    The same points give the same account. Intervals are 95 % ones. Raises ValueError for seconds that are not above 0
    and finite.
    """
    fitted = fit_points(points, cores)
    if isinstance(fitted, str):
        return Scaling(
            mode=plan.mode,
            kernel=plan.kernel,
            settings=plan.settings,
            predictions=measured_speedups(points),
            note=fitted,
        )
    predictions, refused = predictions_of(fitted, points)
    peak, no_peak = peak_of(fitted)
    universal = fitted.universal
    return Scaling(
        mode=plan.mode,
        kernel=plan.kernel,
        settings=plan.settings,
        serial_fraction=around(fitted.amdahl.contention, fitted.serial_fraction),
        contention=fitted.interval("contention") if universal else None,
        coherency=fitted.interval("coherency") if universal else None,
        throughput_at_one=_per_second(fitted, tasks) if universal else None,
        peak_workers=peak,
        predictions=predictions,
        note="; ".join(filter(None, (_left_out(points, fitted), no_peak, refused))),
    )


def _per_second(fitted: Fitted, tasks: int) -> Interval:
    runs = fitted.interval("throughput_at_one")
    return Interval(tasks * runs.median, tasks * runs.low, tasks * runs.high)


def _left_out(points: Points, fitted: Fitted) -> str:
    """Which counts of workers say nothing of the law, and why."""
    waiting = [count for count in sorted(points) if fitted.cores is not None and count > fitted.cores]
    alone = [count for count in sorted(points) if count not in fitted.workers and count not in waiting]
    found = [f"{listed(waiting)} workers share {fitted.cores} cores and are left out of the laws"] if waiting else []
    found += [f"{listed(alone)} workers were measured in too few blocks for the laws"] if alone else []
    return "; ".join(found)
