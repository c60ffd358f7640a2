"""Names of workloads and modes, read from the source of their tables: importing those takes NumPy and half a second,
which nobody waits for at a Tab key."""

import ast
import sys
from contextlib import suppress
from pathlib import Path

import engine

GROUP = "workbench.workloads"
"""Entry points under which packages bring workloads."""
_ROOT = Path(engine.__file__).parents[1]


def workload_names() -> tuple[str, ...]:
    """Return the built-in workloads and those that installed packages bring."""
    return (*names_in("engine.workloads", "WORKLOADS"), *_installed())


def _installed() -> tuple[str, ...]:
    """Look into the packages first, because the library that knows them takes a third of the time of all else."""
    files = (path for folder in sys.path for path in Path(folder).glob("*-info/entry_points.txt"))
    if not any(_mentions(path, GROUP) for path in files):
        return ()
    from importlib.metadata import entry_points

    return tuple(sorted(entry_points(group=GROUP).names))


def _mentions(path: Path, text: str) -> bool:
    with suppress(OSError):
        return text.encode() in path.read_bytes()
    return False


def mode_names() -> tuple[str, ...]:
    """Return the execution modes."""
    return names_in("engine.modes", "MODES")


def names_in(package: str, table: str) -> tuple[str, ...]:
    """Return the ``name`` of each entry of a table: of a class, or of what a call such as ``Workload(name=...)`` makes.

    Nothing where there is no source, or it is written in another way.
    """
    try:
        body = _body(package)
        homes = {
            alias.name: node.module
            for node in body
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }
        entries = _assigned(body, table)
        names = (
            [each.id for each in entries.elts if isinstance(each, ast.Name)] if isinstance(entries, ast.Tuple) else []
        )
        found = [_name_of(_body(homes[name]), name) for name in names if name in homes]
    except (OSError, SyntaxError):
        return ()
    return tuple(name for name in found if name)


def _body(module: str) -> list[ast.stmt]:
    path = _ROOT.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(path.read_text(encoding="utf-8")).body


def _name_of(body: list[ast.stmt], entry: str) -> str | None:
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name == entry:
            return _text(_assigned(node.body, "name"))
    made = _assigned(body, entry)
    given = made.keywords if isinstance(made, ast.Call) else []
    return next((_text(each.value) for each in given if each.arg == "name"), None)


def _assigned(body: list[ast.stmt], name: str) -> ast.expr | None:
    for node in body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            return node.value
    return None


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
