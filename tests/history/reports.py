"""Reports with raw samples, as sweeps of different days, machines and commits would give them."""

from typing import Any

from msgspec.structs import replace

from engine.plan import Plan
from engine.report import Interval, Measurement, Noise, SweepReport, TrialReport, WorkloadFacts
from tests.builders import a_plan, a_report

PLANS = (a_plan(), a_plan("process", 4), a_plan("shared-memory", 4, "numpy"))
SECONDS = (2.0, 0.7, 0.11)
WINNER = PLANS[2]
BLOCKS = 3


def a_day(day: int, times: float = 1.0, spread: float = 0.03, blocks: int = BLOCKS, **changes: Any) -> SweepReport:
    """The report of a sweep on that day of a month in which every plan takes so many times as long as usual.

    ``changes`` are fields of the report, or of its workload as ``workload__NAME``, and ``disturbed``: in every block.
    """
    disturbed = changes.pop("disturbed", False)
    facts = {name.partition("__")[2]: changes.pop(name) for name in list(changes) if name.startswith("workload__")}
    seconds = tuple(each * times for each in SECONDS)
    fields: dict[str, Any] = {
        "created": f"2026-01-{day:02d}T12:00:00+00:00",
        "confidence": 0.95,
        "workload": a_workload(**facts),
    }
    report = a_report(PLANS, seconds, blocks, **(fields | changes))
    return replace(report, trials=tuple(measured(trial, spread, disturbed) for trial in report.trials))


def a_workload(**facts: Any) -> WorkloadFacts:
    usual: dict[str, Any] = {"name": "straddles", "reference": "straddles", "size": "small", "tasks": 1000}
    return WorkloadFacts(**(usual | {"data_hash": "d" * 64} | facts))


def measured(trial: TrialReport, spread: float, disturbed: bool) -> TrialReport:
    """The same trial with raw samples, one more than count, and with an interval of that width."""
    if trial.seconds is None:
        return trial
    steady = trial.seconds.median
    loud = Noise(reasons=("other processes",))
    samples = [
        Measurement(block=block, setup=0.1, first_run=1.1 * run, steady=(run, run), noise=loud if disturbed else None)
        for block, run in enumerate(trial.runs)
    ]
    left_out = Measurement(block=len(trial.runs), setup=0.1, first_run=9.0, steady=(9.0,), noise=loud)
    interval = Interval(steady, steady * (1 - spread), steady * (1 + spread))
    return replace(trial, seconds=interval, samples=(*samples, left_out))


def with_settings(plan: Plan, **settings: Any) -> Plan:
    return replace(plan, settings=settings)
