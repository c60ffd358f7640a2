"""What the names that a person gives stand for, and what to say where there is no such thing."""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.errors import RequestError, UnknownName

NEXT = "every finished `workbench sweep` is kept there; `workbench demo` is the quickest"
"""What to do about an empty history."""

NEAREST = 3
"""Ids named in place of one that does not exist."""

Condition = tuple[str, tuple[str | int, ...]]
"""A condition on sweeps, in SQL, with its values."""


def condition(db: sqlite3.Connection, workload: str | None = None, host: str | None = None) -> Condition:
    """Return the condition for a workload, by name or reference, and a host, by how its fingerprint starts.

    Raises RequestError where the history holds no such thing, naming the nearest that it holds.
    """
    parts, values = ["1"], list[str]()
    if workload is not None:
        parts.append("(workload = ? OR reference IN (?, ?))")
        values += [_workload(db, workload), workload, absolute(workload)]
    if host is not None:
        parts.append("substr(host, 1, length(?)) = ?")
        values += [_host(db, host)] * 2
    return " AND ".join(parts), tuple(values)


def column(db: sqlite3.Connection, name: str) -> list[str]:
    """Return the different values of a column of the sweeps, in the order of the alphabet."""
    return [str(row[0]) for row in db.execute(f"SELECT DISTINCT {name} FROM sweeps ORDER BY {name}")]


def _workload(db: sqlite3.Connection, name: str) -> str:
    names = column(db, "workload")
    if not {name, absolute(name)} & {*names, *column(db, "reference")}:
        raise _unknown("workload", name, names)
    return name


def _host(db: sqlite3.Connection, start: str) -> str:
    hosts = column(db, "host")
    if not any(host.startswith(start) for host in hosts):
        raise _unknown("host", start, hosts)
    return start


def _unknown(kind: str, name: str, known: Sequence[str]) -> RequestError:
    return UnknownName(kind, name, known, "history") if known else _empty()


def check_ids(db: sqlite3.Connection, sweeps: Iterable[int]) -> None:
    """Raise RequestError for the first id that does not exist, naming the nearest that do."""
    known = [int(row["id"]) for row in db.execute("SELECT id FROM sweeps")]
    for sweep in sweeps:
        if sweep not in known:
            raise _no_such(sweep, known) if known else _empty()


def _no_such(sweep: int, known: Sequence[int]) -> RequestError:
    near = sorted(known, key=lambda other: abs(other - sweep))[:NEAREST]
    return RequestError(f"history: there is no sweep {sweep}; the nearest: {', '.join(map(str, near))}")


def _empty() -> RequestError:
    return RequestError(f"history: it is empty; {NEXT}")


def absolute(reference: str) -> str:
    """Return a reference as sweeps store it, with the whole path of a file."""
    file, _, attribute = reference.rpartition(":")
    return f"{Path(file).resolve()}:{attribute}" if file.endswith(".py") else reference
