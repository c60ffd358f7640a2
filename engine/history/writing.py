"""A report as rows."""

import hashlib
import sqlite3
import zlib
from collections.abc import Mapping
from statistics import median
from typing import Any

import msgspec

from engine.history.checkout import Checkout
from engine.plan import FIELDS, Plan
from engine.report import Interval, Measurement, SweepReport, TrialReport

_FIGURES = ("seconds", "speedup", "job_seconds", "job_speedup")


def add_report(db: sqlite3.Connection, report: SweepReport, checkout: Checkout | None) -> int:
    """Write a report into its tables; return its id. The same report again is not written, and has the id it had."""
    document = msgspec.json.encode(report)
    digest = hashlib.sha256(document).hexdigest()
    known = db.execute("SELECT id FROM sweeps WHERE digest = ?", (digest,)).fetchone()
    if known:
        return int(known["id"])
    row = {**_sweep(report, checkout), "digest": digest, "report": zlib.compress(document)}
    sweep = _insert(db, "sweeps", row)
    for trial in report.trials:
        number = _insert(db, "trials", {"sweep": sweep, **_trial(report, trial)})
        for sample in trial.samples:
            _insert(db, "samples", {"trial": number, **_sample(sample)})
    return sweep


def _insert(db: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> int:
    names = ", ".join(row)
    places = ", ".join("?" * len(row))
    number = db.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", tuple(row.values())).lastrowid
    assert number is not None
    return number


def _sweep(report: SweepReport, checkout: Checkout | None) -> dict[str, Any]:
    facts, host, best = report.workload, report.host, report.recommendation
    control = [seconds for seconds in report.control_seconds if seconds > 0]
    return {
        "created": report.created,
        "workbench": report.workbench,
        "host": host.fingerprint,
        "cpu": host.cpu,
        "cores": host.usable_cores,
        "workload": facts.name,
        "reference": facts.reference,
        "size": facts.size,
        "tasks": facts.tasks,
        "settings": _json(facts.settings),
        "data_hash": facts.data_hash,
        "git_commit": checkout.commit if checkout else None,
        "dirty": checkout.dirty if checkout else None,
        "complete": report.complete,
        "blocks": report.blocks,
        "confidence": report.confidence,
        "control": median(control) if control else None,
        "goal": best.goal if best else None,
        **_interval("speedup", best.speedup if best else None),
    }


def _trial(report: SweepReport, trial: TrialReport) -> dict[str, Any]:
    best, key = report.recommendation, plan_key(trial.plan)
    row: dict[str, Any] = {
        "plan": _json(trial.plan),
        "plan_key": key,
        "recommended": best is not None and plan_key(best.plan) == key,
        "status": trial.status,
        "points": len(trial.runs),
        "efficiency": trial.efficiency,
        "memory": trial.peak_memory_bytes,
    }
    for name in _FIGURES:
        row |= _interval(name, getattr(trial, name))
    return row


def _interval(name: str, value: Interval | None) -> dict[str, float | None]:
    parts = (value.median, value.low, value.high) if value else (None, None, None)
    return dict(zip((name, f"{name}_low", f"{name}_high"), parts, strict=True))


def _sample(sample: Measurement) -> dict[str, Any]:
    return {
        "block": sample.block,
        "setup": sample.setup,
        "first_run": sample.first_run,
        "steady": _json(sample.steady),
        "clean": not (sample.noise and sample.noise.reasons),
    }


def plan_key(plan: Plan) -> str:
    """Return what equal plans have in common: 16 hexadecimal digits.

    Only fields that differ from their default count, so that a knob added later leaves the keys of older plans alone.
    """
    defaults = dict(zip(reversed(FIELDS), reversed(Plan.__struct_defaults__), strict=False))
    said = {name: value for name in FIELDS if (value := getattr(plan, name)) != defaults.get(name)}
    return hashlib.sha256(_json(said).encode()).hexdigest()[:16]


def _json(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
