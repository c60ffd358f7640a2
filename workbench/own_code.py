"""What the Python files of a folder define, for a form to suggest. Files are read and never run."""

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOST = 50
"""Files that are looked at, in the order of their names."""
LARGEST = 1 << 20
"""Bytes of a file that is; 20,000 lines take 0.2 s to parse."""

_LIKELY = {"tasks": ("task", "grid", "params", "days", "symbols"), "data": ("load", "data", "price", "read")}
"""Parts of names that come first where tasks and data are asked for."""


@dataclass(frozen=True)
class Defined:
    """A name at the top of a file."""

    reference: str
    """``file.py:name``."""
    kind: str
    """``workload``, ``function`` or ``value``."""


def defined_in(folder: Path) -> tuple[Defined, ...]:
    """Return what the files of a folder define, in the order in which it is written there; broken files are left
    out."""
    try:
        paths = sorted(folder.glob("*.py"))[:MOST]
    except OSError:
        return ()
    return tuple(each for path in paths for each in _defined(path))


def suggestions(names: tuple[Defined, ...]) -> dict[str, tuple[str, ...]]:
    """Return references to suggest where a workload (``reference``), its ``tasks`` or its ``data`` are asked for, the
    likeliest first."""
    workloads = [each.reference for each in names if each.kind == "workload"]
    functions = [each.reference for each in names if each.kind == "function"]
    others = [each.reference for each in names if each.kind != "workload"]
    found = {"reference": (*workloads, *functions)}
    for what, parts in _LIKELY.items():
        likely = [each for each in others if any(part in each.rpartition(":")[2].lower() for part in parts)]
        found[what] = tuple(dict.fromkeys((*likely, *others)))
    return found


def _defined(path: Path) -> Iterator[Defined]:
    if not path.stem.isidentifier():
        return  # it could not be imported
    for name, kind in _names(path):
        if not name.startswith("_"):
            yield Defined(f"{path.name}:{name}", kind)


def _names(path: Path) -> Iterator[tuple[str, str]]:
    try:
        statements = _parsed(path.read_bytes()) if path.stat().st_size <= LARGEST else []
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for statement in statements:
        if isinstance(statement, ast.FunctionDef):
            yield statement.name, "function"
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            kind = "workload" if _calls_workload(statement.value) else "value"
            yield from ((target.id, kind) for target in targets if isinstance(target, ast.Name))


def _parsed(source: bytes) -> list[ast.stmt]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the user's code, when he runs it
        return ast.parse(source).body


def _calls_workload(value: ast.expr | None) -> bool:
    called = value.func if isinstance(value, ast.Call) else None
    return (isinstance(called, ast.Name) and called.id == "Workload") or (
        isinstance(called, ast.Attribute) and called.attr == "Workload"
    )
