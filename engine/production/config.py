"""The tuned config: the plan to use, what it is valid for, and the evidence. A TOML file that production loads."""

from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from engine.errors import FileProblem, RequestError, UnknownName
from engine.files import write_atomically
from engine.plan import Plan
from engine.report import Goal, Host, Interval, SweepReport
from engine.request import convert, line_of, read_toml

SCHEMA = 1


class Evidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The figures behind the choice."""

    created: str
    workbench: str
    goal: Goal
    reason: str
    note: str = ""
    blocks: int
    confidence: float
    tasks: int
    seconds: Interval
    job_seconds: Interval
    baseline_seconds: Interval
    baseline_job_seconds: Interval
    speedup: Interval
    job_speedup: Interval
    max_error: float


class TunedConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan with everything needed to run it again and to notice that it no longer fits."""

    schema: int = SCHEMA
    workload: str
    """Built-in name, module:attribute or file.py:attribute; a relative file is looked up from the current folder."""
    tasks: str = ""
    """The same for the tasks of a plain function."""
    data: str = ""
    """The same for its data."""
    size: str
    data_hash: str
    """sha256 of the serialised data it was tuned on."""
    plan: Plan
    host: Host
    evidence: Evidence


def tuned_config(report: SweepReport) -> TunedConfig:
    """Return the config that a report recommends. Raises RequestError when it recommends nothing."""
    best = report.recommendation
    if best is None:
        raise RequestError("the report recommends no plan, so there is nothing to save")
    trial = next(each for each in report.trials if each.plan == best.plan)
    baseline = next(each for each in report.trials if each.plan == report.baseline)
    figures = (
        trial.seconds,
        trial.job_seconds,
        baseline.seconds,
        baseline.job_seconds,
        trial.speedup,
        trial.job_speedup,
    )
    seconds, job_seconds, baseline_seconds, baseline_job, speedup, job_speedup = map(_present, figures)
    evidence = Evidence(
        created=report.created,
        workbench=report.workbench,
        goal=best.goal,
        reason=best.reason,
        note=best.note,
        blocks=report.blocks,
        confidence=report.confidence,
        tasks=report.workload.tasks,
        seconds=seconds,
        job_seconds=job_seconds,
        baseline_seconds=baseline_seconds,
        baseline_job_seconds=baseline_job,
        speedup=speedup,
        job_speedup=job_speedup,
        max_error=trial.max_error or 0.0,
    )
    facts = report.workload
    return TunedConfig(
        workload=facts.reference,
        tasks=facts.tasks_reference,
        data=facts.data_reference,
        size=facts.size,
        data_hash=trial.data_hash,
        plan=best.plan,
        host=report.host,
        evidence=evidence,
    )


def _present(interval: Interval | None) -> Interval:
    if interval is None:
        raise RequestError("the report lacks the figures of the recommended plan or of the baseline")
    return interval


def save_config(report: SweepReport, path: Path) -> None:
    """Write the recommended plan of a report as TOML, atomically. Raises RequestError."""
    table: dict[str, Any] = msgspec.to_builtins(tuned_config(report))
    table = {name: value for name, value in table.items() if value != ""}
    write_atomically(path, tomli_w.dumps(table).encode())


def load_config(path: Path | str) -> TunedConfig:
    """Read a tuned config; reading runs no code. Raises FileProblem naming the line that is wrong."""
    path = Path(path)
    text, table = read_toml(path)
    known = TunedConfig.__struct_fields__
    for name in table:
        if name not in known:
            raise UnknownName("key", name, known, f"{path}:{line_of(text, name)}")
    if (schema := table.get("schema")) != SCHEMA:
        raise FileProblem(path, line_of(text, "schema"), f"schema {schema!r} is not {SCHEMA}; save the config again")
    config: TunedConfig = convert(table, TunedConfig, path, text)
    return config
