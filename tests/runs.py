"""Tuned configs and events of production runs, without any sweep."""

from typing import Any

import msgspec
import tomli_w

from engine.host import describe_host
from engine.plan import Plan
from engine.production.config import Evidence, TunedConfig
from engine.report import Interval
from engine.run_events import RunEnded, RunEvent, RunProgress, RunStarted, TasksLoaded
from engine.tune.space import check_settings
from engine.workloads import resolve
from tests.builders import a_host, a_plan

_ONE = Interval(1.0, 1.0, 1.0)


def a_config(mode: str = "sequential", workload: str = "fixed_cost", **changes: Any) -> TunedConfig:
    """A config of a small run that was tuned on this machine; ``changes`` are settings, or knobs as ``plan__name``."""
    knobs = {name.removeprefix("plan__"): changes.pop(name) for name in list(changes) if name.startswith("plan__")}
    workers: dict[str, Any] = {} if mode in ("sequential", "gpu-batch") else {"workers": 2, "start_method": "fork"}
    settings = check_settings(resolve(workload), {"tasks": 60, "work": 20} | changes)
    plain: dict[str, Any] = {"mode": mode, "kernel": "python", "settings": settings}
    plan = Plan(**(plain | workers | knobs))
    evidence = Evidence(
        created="2026-01-02T03:04:05+00:00",
        workbench="0.1.0",
        goal="job",
        reason="the fastest whole job",
        blocks=5,
        confidence=0.95,
        tasks=60,
        seconds=_ONE,
        job_seconds=_ONE,
        baseline_seconds=_ONE,
        baseline_job_seconds=_ONE,
        speedup=_ONE,
        job_speedup=Interval(1.8, 1.7, 1.9),
        max_error=0.0,
    )
    return TunedConfig(workload=workload, size="small", plan=plan, host=describe_host(), evidence=evidence)


def write(config: TunedConfig, path: Any) -> Any:
    """Write a config as ``workbench sweep --save-config`` would; return the path."""
    table = {name: value for name, value in msgspec.to_builtins(config).items() if value != ""}
    path.write_bytes(tomli_w.dumps(table).encode())
    return path


def a_run(tasks: int = 1000, parts: int = 4, **changes: Any) -> list[RunEvent]:
    """The events of a run; ``changes``: of its first."""
    facts: dict[str, Any] = {
        "workload": "straddles",
        "size": "large",
        "plan": a_plan("shared-memory", 2, "numpy"),
        "because": "the fastest whole job, 1.80x the baseline",
        "host": a_host(),
    }
    events: list[RunEvent] = [RunStarted(**(facts | changes)), TasksLoaded(tasks=tasks, seconds=1.5)]
    for part in range(parts + 1):
        done = tasks * part // parts
        left = (tasks - done) / 125 if done else None
        hands = {"workers_alive": 2, "workers_busy": 2 if part < parts else 0}
        rate = 125.0 if done else 0.0
        events.append(
            RunProgress(done=done, tasks=tasks, seconds=2 + done / 125, rate=rate, seconds_left=left, **hands)
        )
    return [*events, RunEnded(done=tasks, seconds=3 + tasks / 125, rate=125.0, out="out.parquet")]
