"""Requests, stacks and what py-spy writes."""

import sys
from pathlib import Path

from engine.hotspots import CaptureRequest
from engine.plan import Plan

TARGET = (sys.executable, str(Path(__file__).with_name("target.py")))

SAID = "py-spy> Wrote raw flamegraph data to 'raw'. Samples: {samples} Errors: {errors}"


def request(tmp_path, workload="sequential", **changes):
    plan = changes.pop("plan", Plan(mode="sequential", kernel="python"))
    return CaptureRequest(workload=workload, plan=plan, out=str(tmp_path / "out"), **{"seconds": 0.8} | changes)


def stack(*names):
    return tuple(f"{name} (kernel.py:{line})" for line, name in enumerate(names, 1))


def raw(*lines):
    return "".join(f'process 7:"python -m engine loop";{line}\n' for line in lines)
