"""The tuned config: the plan to use, what it is valid for, and the evidence. A TOML file that production loads."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from engine.errors import FileProblem, RequestError, UnknownName
from engine.files import replace_keeping
from engine.modes import find_mode
from engine.plan import Plan, describe
from engine.report import Certificate, Goal, Host, Interval, SweepReport
from engine.request import convert, line_of, read_toml

SCHEMA = 1


class Certified(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How sure the choice is: the report's certificate, with plans in words."""

    within: float | None = None
    """The plan is at most this share slower than any other, such as 0.03; None: nothing is certain."""
    wanted: float
    """What was asked for."""
    confidence: float
    """Probability with which that holds, such as 0.95."""
    blocks: int
    """Blocks behind it."""
    decided: bool
    """Whether what was asked for was reached."""
    confirmed: bool
    """Whether it held in one block more, in fresh processes."""
    ties: tuple[str, ...] = ()
    """Plans that may be as fast."""
    note: str = ""
    """Why it is not decided, where it is not."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The figures behind the choice."""

    created: str
    workbench: str
    goal: Goal
    reason: str
    note: str = ""
    blocks: int
    stopped_early: bool = False
    """The sweep was stopped before its end."""
    confidence: float
    tasks: int
    seconds: Interval
    job_seconds: Interval
    baseline_seconds: Interval
    baseline_job_seconds: Interval
    speedup: Interval
    job_speedup: Interval
    max_error: float
    certificate: Certified | None = None
    """None: there is none, as from a sample or from a version that knew none."""
    samples_hash: str = ""
    """``samples_hash`` of the report; empty from a version that knew none."""


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
    data_hash: str = ""
    """sha256 of the serialised data it was tuned on; empty: unknown."""
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
        stopped_early=not report.complete,
        confidence=report.confidence,
        tasks=report.workload.tasks,
        seconds=seconds,
        job_seconds=job_seconds,
        baseline_seconds=baseline_seconds,
        baseline_job_seconds=baseline_job,
        speedup=speedup,
        job_speedup=job_speedup,
        max_error=trial.max_error or 0.0,
        certificate=_certified(best.certificate, [each.plan for each in report.trials]),
        samples_hash=samples_hash(report),
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


def samples_hash(report: SweepReport) -> str:
    """Return the sha256 of the raw samples of all trials, in hexadecimal: it finds the report that a config came from.

    They are hashed as JSON without blanks, fields and trials in the order of the report, which is the same for a report
    that was written and read again.
    """
    return hashlib.sha256(msgspec.json.encode([trial.samples for trial in report.trials])).hexdigest()


def _certified(found: Certificate | None, plans: Sequence[Plan]) -> Certified | None:
    if found is None:
        return None
    return Certified(
        within=found.within,
        wanted=found.wanted,
        confidence=found.confidence,
        blocks=found.blocks,
        decided=not found.note,
        confirmed=found.confirmed,
        ties=tuple(describe(plan, plans) for plan in found.ties),
        note=found.note,
    )


def _present(interval: Interval | None) -> Interval:
    if interval is None:
        raise RequestError("the report lacks the figures of the recommended plan or of the baseline")
    return interval


def config_text(report: SweepReport) -> str:
    """Return the recommended plan of a report as TOML. Raises RequestError."""
    table: dict[str, Any] = msgspec.to_builtins(tuned_config(report))
    return tomli_w.dumps({name: value for name, value in table.items() if value != ""})


def save_config(report: SweepReport, path: Path) -> Path | None:
    """Write the recommended plan of a report as TOML, atomically; a file that is there is kept as NAME.bak.

    Returns the path of the kept file, or None. Raises RequestError.
    """
    return replace_keeping(path, config_text(report).encode())


def load_config(path: Path | str) -> TunedConfig:
    """Read a tuned config; reading runs no code. Raises FileProblem or UnknownName with the line that is
    wrong."""
    path = Path(path)
    text, table = read_toml(path)
    known = TunedConfig.__struct_fields__
    for name in table:
        if name not in known:
            raise UnknownName("key", name, known, f"{path}:{line_of(text, name)}")
    if (schema := table.get("schema")) != SCHEMA:
        raise FileProblem(path, line_of(text, "schema"), f"schema {schema!r} is not {SCHEMA}; save the config again")
    config: TunedConfig = convert(table, TunedConfig, path, text)
    find_mode(config.plan.mode, f"{path}:{line_of(text, 'mode')}: plan.mode")
    return config
