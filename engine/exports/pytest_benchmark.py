"""The JSON of ``pytest --benchmark-json``, which ``pytest-benchmark compare`` and several dashboards read.

A round is a block: one fresh process, whose point is the median of its steady runs. pytest-benchmark takes the rounds
of one process for independent; blocks are.
"""

from collections.abc import Sequence
from statistics import mean, median, stdev
from typing import Any

import msgspec

from engine.exports.base import Export, block_points, measured, plan_name
from engine.report import SweepReport, TrialReport

VERSION = "5.3.1"
"""The version of pytest-benchmark whose format this is."""


def render(report: SweepReport) -> bytes:
    """Return the document; plans that were not measured are left out. Seconds throughout."""
    host = report.host
    system, _, machine = host.system.partition(" ")
    document = {
        "machine_info": {
            "node": host.fingerprint,
            "processor": machine,
            "machine": machine,
            "python_implementation": "CPython",
            "python_version": host.python,
            "system": system,
            "cpu": {"brand_raw": host.cpu, "count": host.usable_cores},
        },
        "commit_info": {"id": "unversioned", "time": None, "dirty": False, "project": report.workload.name},
        "benchmarks": [_benchmark(report, trial) for trial in measured(report)],
        "datetime": report.created,
        "version": VERSION,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _benchmark(report: SweepReport, trial: TrialReport) -> dict[str, Any]:
    facts, plan = report.workload, plan_name(trial.plan)
    knobs = {name: value for name, value in msgspec.to_builtins(trial.plan).items() if name != "settings"}
    return {
        "group": f"{facts.name} {facts.size}",
        "name": f"{facts.name}[{plan}]",
        "fullname": f"{facts.name} {facts.size}[{plan}]",
        "params": knobs | trial.plan.settings,
        "param": plan,
        "extra_info": {"setup_seconds": trial.setup_seconds, "peak_memory_bytes": trial.peak_memory_bytes},
        "options": {"disable_gc": False, "warmup": 1, "min_rounds": report.blocks},
        "stats": statistics_of(block_points(trial)),
    }


def statistics_of(points: Sequence[float]) -> dict[str, Any]:
    """Return pytest-benchmark's statistics of at least one point, with its quartiles: the medians of the halves.

    Outliers are counted beyond one standard deviation and beyond 1.5 interquartile ranges of the quartiles; ``ld15iqr``
    and ``hd15iqr`` are the lowest and highest points that are none of the second kind.
    """
    data = sorted(points)
    centre, spread = mean(data), stdev(data) if len(data) > 1 else 0.0
    low, high = _quartiles(data)
    fence = 1.5 * (high - low)
    inside = [point for point in data if low - fence <= point <= high + fence]
    beyond = sum(abs(point - centre) > spread for point in data)
    return {
        "min": data[0],
        "max": data[-1],
        "mean": centre,
        "stddev": spread,
        "rounds": len(data),
        "median": median(data),
        "iqr": high - low,
        "q1": low,
        "q3": high,
        "iqr_outliers": len(data) - len(inside),
        "stddev_outliers": beyond,
        "outliers": f"{beyond};{len(data) - len(inside)}",
        "ld15iqr": inside[0],
        "hd15iqr": inside[-1],
        "ops": 1 / centre,
        "total": sum(data),
        "data": list(points),
        "iterations": 1,
    }


def _quartiles(data: Sequence[float]) -> tuple[float, float]:
    """Medians of the lower and upper half; of an odd number, the mean of those with and without the middle one."""
    half, odd = divmod(len(data), 2)
    if not half:
        return data[0], data[0]
    without = median(data[:half]), median(data[half + odd :])
    within = median(data[: half + odd]), median(data[half:])
    return (without[0] + within[0]) / 2, (without[1] + within[1]) / 2


PYTEST_BENCHMARK = Export("pytest-benchmark", ".json", "JSON as of pytest --benchmark-json", render)
