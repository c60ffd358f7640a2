"""Rows as records. What a file holds is checked on the way: msgspec raises DecodeError where it does not fit."""

import sqlite3
import zlib
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from engine.history.change import Reading, judge_all
from engine.history.finding import Condition
from engine.history.records import Best, Point, Series, Subject, Summary
from engine.history.writing import plan_key
from engine.knob import Scalar
from engine.plan import Plan

T = TypeVar("T")

LARGEST_REPORT = 1 << 30
"""Bytes of JSON that a report may have; a damaged or malicious file could otherwise fill the memory."""

_SWEEP = """
    sweeps.id, created, workbench, host, cpu, cores, workload, reference, size, tasks, settings, data_hash,
    git_commit, dirty, complete, blocks, goal,
    confidence, control, sweeps.speedup AS best_speedup, sweeps.speedup_low AS best_speedup_low,
    sweeps.speedup_high AS best_speedup_high
"""
"""Every column of a sweep but the report."""

_NEWEST_FIRST = "ORDER BY created DESC, sweeps.id DESC"
_OLDEST_FIRST = "ORDER BY created, sweeps.id"


def summaries(db: sqlite3.Connection, wanted: Condition, limit: int | None = None) -> list[Summary]:
    """Return sweeps, newest first."""
    where, values = wanted
    rows = db.execute(
        f"SELECT {_SWEEP}, (SELECT COUNT(*) FROM trials WHERE sweep = sweeps.id) AS plans,"
        " (SELECT plan FROM trials WHERE sweep = sweeps.id AND recommended) AS recommended"
        f" FROM sweeps WHERE {where} {_NEWEST_FIRST} LIMIT ?",
        (*values, -1 if limit is None else limit),
    )
    return [_summary(row) for row in rows]


def _summary(row: sqlite3.Row) -> Summary:
    plan = row["recommended"]
    return _checked(
        Summary,
        _subject(row)
        | {name: row[name] for name in ("id", "created", "workbench", "tasks", "data_hash", "blocks", "plans", "goal")}
        | _commit(row)
        | {
            "complete": bool(row["complete"]),
            "recommended": plan if plan is None else _decoded(plan, Plan),
            "speedup": _interval(row, "best_speedup"),
        },
    )


def document(db: sqlite3.Connection, sweep: int) -> bytes:
    """Return the JSON of a stored report. Raises zlib.error or msgspec.DecodeError where it is damaged."""
    blob = db.execute("SELECT report FROM sweeps WHERE id = ?", (sweep,)).fetchone()["report"]
    if not isinstance(blob, bytes):
        raise msgspec.DecodeError("a report that is no compressed text")
    unpacking = zlib.decompressobj()
    text = unpacking.decompress(blob, LARGEST_REPORT)
    if not unpacking.eof:
        raise msgspec.DecodeError("a report that is cut off or too long")
    return text


def plans(db: sqlite3.Connection, wanted: Condition) -> list[Plan]:
    """Return the plans that were measured, each once, in the order of their first measurement."""
    where, values = wanted
    rows = db.execute(
        f"SELECT plan FROM trials JOIN sweeps ON sweep = sweeps.id WHERE {where} AND seconds > 0"
        " GROUP BY plan_key ORDER BY MIN(trials.id)",
        values,
    )
    return [_decoded(row["plan"], Plan) for row in rows]


def series(db: sqlite3.Connection, wanted: Condition, plan: Plan | None) -> list[Series]:
    """Return what was measured of one plan, or of each sweep's recommended one, in the order of the first points."""
    where, values = wanted
    which, key = ("recommended", ()) if plan is None else ("plan_key = ?", (plan_key(plan),))
    rows = db.execute(
        f"SELECT {_SWEEP}, trials.*, (SELECT MAX(clean) FROM samples WHERE trial = trials.id) AS clean"
        " FROM trials JOIN sweeps ON sweep = sweeps.id"
        f" WHERE {where} AND {which} AND seconds > 0 AND seconds < 1e300 AND seconds_low > 0 {_OLDEST_FIRST}",
        (*values, *key),
    )
    found: dict[object, list[sqlite3.Row]] = {}
    for row in rows:
        settings = row["settings"] if plan is None else ""
        found.setdefault((row["reference"], row["size"], settings, row["host"]), []).append(row)
    return [_series(group, plan) for group in found.values()]


def _series(rows: list[sqlite3.Row], plan: Plan | None) -> Series:
    points = [_point(row) for row in rows]
    judgements, floor = judge_all([_reading(point) for point in points])
    judged = [
        msgspec.structs.replace(point, change=judgement.change, ratio=judgement.ratio)
        for point, judgement in zip(points, judgements, strict=True)
    ]
    own = {} if plan is None else {"settings": plan.settings}
    return _checked(Series, _subject(rows[-1]) | own | {"plan": plan, "floor": floor, "points": judged})


def _point(row: sqlite3.Row) -> Point:
    return _checked(
        Point,
        {name: row[name] for name in ("sweep", "created", "points", "tasks", "data_hash", "confidence", "control")}
        | _commit(row)
        | {
            "plan": _decoded(row["plan"], Plan),
            "seconds": _interval(row, "seconds"),
            "speedup": _interval(row, "speedup"),
            "disturbed": row["clean"] == 0,  # without raw samples it is NULL
        },
    )


def _reading(point: Point) -> Reading:
    known = point.commit and point.dirty is False
    code = (point.commit, plan_key(point.plan)) if known else None
    return Reading(
        seconds=point.seconds,
        confidence=point.confidence,
        disturbed=point.disturbed,
        control=point.control,
        subject=(point.data_hash, point.tasks),
        code=code,
    )


def best(db: sqlite3.Connection, wanted: Condition) -> list[Best]:
    """Return the fastest recommended plan of each workload, size, settings, data, host and goal.

    Fastest is the one whose time is lowest at the upper end of its interval, so that luck in one block does not count.
    Sweeps that were stopped early count only where there is no other.
    """
    where, values = wanted
    rows = db.execute(
        f"SELECT {_SWEEP}, trials.* FROM trials JOIN sweeps ON sweep = sweeps.id"
        f" WHERE {where} AND recommended {_NEWEST_FIRST}",
        values,
    )
    found: dict[object, Best] = {}
    for row in sorted(rows, key=_slowness):
        subject = tuple(row[name] for name in ("reference", "size", "settings", "data_hash", "tasks", "host", "goal"))
        if subject not in found and _interval(row, _goal_seconds(row)) and _interval(row, "best_speedup"):
            found[subject] = _best(row)
    return sorted(found.values(), key=lambda each: each.created, reverse=True)


def _goal_seconds(row: sqlite3.Row) -> str:
    return "job_seconds" if row["goal"] == "job" else "seconds"


def _slowness(row: sqlite3.Row) -> tuple[bool, float]:
    high = row[_goal_seconds(row) + "_high"]
    return not row["complete"], high if isinstance(high, float) else float("inf")


def _best(row: sqlite3.Row) -> Best:
    return _checked(
        Best,
        _subject(row)
        | {name: row[name] for name in ("data_hash", "tasks", "goal", "sweep", "created")}
        | _commit(row)
        | {
            "plan": _decoded(row["plan"], Plan),
            "seconds": _interval(row, _goal_seconds(row)),
            "speedup": _interval(row, "best_speedup"),
        },
    )


def _subject(row: sqlite3.Row) -> dict[str, Any]:
    names: Iterable[str] = Subject.__struct_fields__
    return {name: row[name] for name in names} | {"settings": _decoded(row["settings"], dict[str, Scalar])}


def _commit(row: sqlite3.Row) -> dict[str, Any]:
    dirty = row["dirty"]
    return {"commit": row["git_commit"], "dirty": dirty if dirty is None else bool(dirty)}


def _interval(row: sqlite3.Row, name: str) -> dict[str, Any] | None:
    """Return an interval's three parts, or None where one is missing, as a figure that is no number is."""
    parts = (row[name], row[name + "_low"], row[name + "_high"])
    return None if None in parts else dict(zip(("median", "low", "high"), parts, strict=True))


def _decoded(text: Any, kind: type[T]) -> T:
    return msgspec.json.decode(text if isinstance(text, str | bytes) else b"", type=kind)


def _checked(kind: type[T], facts: Any) -> T:
    return msgspec.convert(facts, kind)
