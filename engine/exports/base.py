"""What an export is, and what all of them need: names of plans, and rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from engine.knob import Scalar
from engine.plan import FIELDS, Plan, describe
from engine.report import Measurement, SweepReport, TrialReport


@dataclass(frozen=True)
class Export:
    """One format that a report can be written in."""

    name: str
    suffix: str
    """Ending of such a file; where several formats share it, it does not tell which is meant."""
    help: str
    render: Callable[[SweepReport], bytes]
    """The whole file; raises RequestError where a valid report lacks what the format is about."""
    text: bool = True
    """Whether a terminal can show it."""


def plan_name(plan: Plan) -> str:
    """Return a name that stays the same from sweep to sweep and tells every plan from every other."""
    device = f", {plan.device}" if plan.device != "auto" else ""
    return describe(plan) + device


def knob_columns(report: SweepReport) -> list[tuple[str, list[Scalar | None]]]:
    """Return one column for each knob and each setting, ``setting.NAME``, with a value for each trial."""
    plans = [trial.plan for trial in report.trials]
    knobs = [(name, [getattr(plan, name) for plan in plans]) for name in FIELDS if name != "settings"]
    settings = sorted({name for plan in plans for name in plan.settings})
    return [*knobs, *((f"setting.{name}", [plan.settings.get(name) for plan in plans]) for name in settings)]


def measurements(trial: TrialReport) -> tuple[Measurement, ...]:
    """Return the raw samples; of an older report, which has none, a made-up one for each block's point."""
    if trial.samples:
        return trial.samples
    nan = float("nan")
    return tuple(
        Measurement(block=block, setup=nan, first_run=nan, steady=(seconds,))
        for block, seconds in enumerate(trial.runs)
    )


def block_points(trial: TrialReport) -> list[float]:
    """Return seconds of a steady run, one for each block that counts."""
    if trial.runs or not trial.samples:
        return list(trial.runs)
    counted = [each for each in trial.samples if each.steady and not (each.noise and each.noise.reasons)]
    return [median(each.steady) for each in counted]


def measured(report: SweepReport) -> Sequence[TrialReport]:
    """Return the trials that have points."""
    return [trial for trial in report.trials if trial.status == "ok" and block_points(trial)]
