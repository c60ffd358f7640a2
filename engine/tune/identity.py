"""What is measured, in one number: samples of two sweeps belong together only where it is equal."""

import ast
import hashlib
import json
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from engine.report import Host
from engine.request import SweepRequest
from engine.workload import Workload

_ENGINES_OWN = "engine.workloads"
"""The package of the built-in workloads that are one file."""


def code_of(request: SweepRequest, workload: Workload, host: Host) -> str:
    """Return the sha256 of the workload's files, of Workbench's version and of those of the kernels' libraries.

    A user's file counts with the files beside it that it imports, and they with theirs; what is installed counts by the
    package that the workload is in. About 1 ms for each file.
    """
    digest = hashlib.sha256(json.dumps([metadata.version("workbench"), sorted(host.libraries.items())]).encode())
    for path in sorted({path for file in _named_files(request, workload) for path in sources(file)}):
        content = path.read_bytes()
        digest.update(f"\n{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _named_files(request: SweepRequest, workload: Workload) -> Iterator[Path]:
    """The files that a request names, or of a workload known by name those it is made of."""
    for reference in filter(None, (request.workload, request.tasks, request.data)):
        place, colon, _ = reference.rpartition(":")
        if place.endswith(".py"):
            yield Path(place).resolve()
        else:
            yield from _files_of(place if colon else workload.load.__module__, whole=not colon)


def _files_of(module: str, *, whole: bool) -> Iterator[Path]:
    """The file of an imported module. ``whole``: that of the package it is in, but for the engine's own."""
    package = module.rpartition(".")[0]
    name = package if whole and package and package != _ENGINES_OWN else module
    file = getattr(sys.modules.get(name), "__file__", None)
    if file and Path(file).suffix == ".py":
        yield Path(file).resolve()


def sources(file: Path) -> set[Path]:
    """Return a file with all that it imports from beside it, at any depth; a package with all that is in it."""
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        waiting += path.parent.rglob("*.py") if path.name == "__init__.py" else _imported(path)
    return found


def _imported(file: Path) -> Iterator[Path]:
    """The modules and packages that may be meant by a file's imports, if they are beside it."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):  # whoever imports it says so
        return
    for node in ast.walk(tree):
        folder, names = file.parent, list[str]()
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            folder = file.parents[max(0, node.level - 1)]
            names = [node.module] if node.module else [alias.name for alias in node.names]
        for name in names:
            top = folder / name.partition(".")[0]
            yield from (top.with_suffix(".py"), top / "__init__.py")
