"""JSON for github-action-benchmark with ``tool: customSmallerIsBetter``, which draws a chart over commits."""

from typing import Any

import msgspec

from engine.exports.base import Export, block_points, measured, plan_name
from engine.measure.statistics import median_interval
from engine.report import SweepReport, TrialReport


def render(report: SweepReport) -> bytes:
    """Return one entry for each measured plan: median seconds of a steady run. Names are the same in every sweep."""
    entries = [_entry(report, trial) for trial in measured(report)]
    return msgspec.json.format(msgspec.json.encode(entries), indent=2) + b"\n"


def _entry(report: SweepReport, trial: TrialReport) -> dict[str, Any]:
    found = median_interval(block_points(trial))
    half = max(found.high - found.median, found.median - found.low)
    more = [f"{report.blocks} blocks"]
    more += [f"speedup {trial.speedup.median:.3g}"] if trial.speedup else []
    more += [f"efficiency {trial.efficiency:.0%}"] if trial.efficiency is not None else []
    return {
        "name": f"{report.workload.name} {report.workload.size}: {plan_name(trial.plan)}",
        "unit": "s",
        "value": found.median,
        "range": f"± {half:.3g}",
        "extra": "\n".join(more),
    }


GITHUB_ACTION = Export(
    "github-action-benchmark", ".json", "JSON for github-action-benchmark, customSmallerIsBetter", render
)
