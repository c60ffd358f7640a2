"""What a file of the user's does when a worker imports it, as far as its text tells; and what its folder hides."""

import ast
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.checking.findings import Finding, Severity

STEP = "source"

_HARMLESS = (
    *("addHandler", "append", "basicConfig", "captureWarnings", "extend", "filterwarnings", "insert", "load_dotenv"),
    *("register", "seed", "set_option", "set_num_threads", "setLevel", "setdefault", "seterr", "simplefilter"),
    *("update", "use"),
)
"""Last names of calls that people make at the top level of a module for good reason."""

_STARTERS = ("Parallel", "Pool", "ProcessPool", "ProcessPoolExecutor", "WorkerPool")
"""Last names of calls that start worker processes."""

_OURS = ("engine", "workbench")


def import_findings(path: Path) -> Iterator[Finding]:
    """Yield what a file does when it is imported besides defining things, as far as its text tells."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return  # the import says what is wrong, and where
    statements = list(_top_level(tree.body))
    for call in _calls(statements):
        if _last_name(call) in _STARTERS:
            yield Finding(
                severity="breaks",
                step=STEP,
                what=f"{_last_name(call)}(...) starts worker processes whenever the file is imported, and workers "
                "import it",
                where=f"{path}:{call.lineno}",
                advice='move it below if __name__ == "__main__":',
            )
    yield from _unguarded(path, statements)


def _unguarded(path: Path, statements: list[ast.stmt]) -> Iterator[Finding]:
    """Yield the calls made for what they do and not for what they return."""
    calls = [each.value for each in statements if isinstance(each, ast.Expr) and isinstance(each.value, ast.Call)]
    names = {call.lineno: _last_name(call) for call in calls if _last_name(call) not in (*_HARMLESS, *_STARTERS)}
    if names:
        several = len(names) > 1
        yield Finding(
            severity="warning",
            step=STEP,
            what=f"{', '.join(f'{name}(...)' for name in dict.fromkeys(names.values()))} "
            f"{'run' if several else 'runs'} again in every worker, because workers import the file",
            where=f"{path}:{','.join(map(str, names))}",
            advice=f'move {"them" if several else "it"} below if __name__ == "__main__":',
        )


def _top_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that an import executes, those in loops and branches as well."""
    for statement in body:
        if isinstance(statement, ast.If) and _asks_for_main(statement.test):
            yield from _top_level(statement.orelse)
            continue
        yield statement
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for name in ("body", "orelse", "finalbody"):
                yield from _top_level(getattr(statement, name, ()))
            for handler in getattr(statement, "handlers", ()):
                yield from _top_level(handler.body)


def _asks_for_main(test: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(test))


def _calls(statements: list[ast.stmt]) -> Iterator[ast.Call]:
    """Yield every call in the expressions of the statements, without the bodies of functions."""
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        expressions = [node for node in ast.iter_child_nodes(statement) if isinstance(node, ast.expr)]
        expressions += [item.context_expr for item in getattr(statement, "items", ())]
        for expression in expressions:
            yield from (node for node in ast.walk(expression) if isinstance(node, ast.Call))


def _last_name(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def hiding_findings(path: Path) -> Iterator[Finding]:
    """Yield what lies beside a file and takes the place of another module, since its folder comes first on the path."""
    for other in sorted(path.parent.iterdir()):
        name = other.stem if other.suffix == ".py" else other.name if (other / "__init__.py").is_file() else ""
        if name in _OURS and not _is_loaded_from(name, other):
            yield _hiding(other, f"takes the place of Workbench's own package {name!r} in workers", "breaks")
        elif name in sys.stdlib_module_names and name not in sys.builtin_module_names:
            severity: Severity = "breaks" if name in sys.modules else "warning"  # what is loaded here, workers load too
            yield _hiding(other, f"takes the place of Python's own module {name!r} in workers", severity)


def _is_loaded_from(name: str, place: Path) -> bool:
    """Whether it is the very package that runs this."""
    spec = importlib.util.find_spec(name)
    return spec is not None and place.resolve() == Path(spec.origin or "").resolve().parent


def _hiding(place: Path, what: str, severity: Severity) -> Finding:
    return Finding(
        severity=severity,
        step=STEP,
        what=f"{place.name} {what}, because the folder of your file comes first on the search path",
        where=str(place),
        advice="rename it",
    )
