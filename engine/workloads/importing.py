"""Importing a workload that the user wrote, so that worker processes can import it too, and saying plainly why it
cannot be done."""

import contextlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from engine.errors import WorkloadProblem
from engine.workload import Workload
from engine.workloads.functions import Named, described, from_functions

_EXAMPLES = {"workload": "WORKLOAD", "tasks": "tasks", "data": "load"}
"""What a reference may be for, and a name such a thing could have."""

_MISSING = object()


def import_workload(reference: str, tasks: str = "", data: str = "") -> Workload:
    """Return the workload ``module:attribute`` or ``file.py:attribute``. Raises WorkloadProblem.

    The attribute is a Workload, or a function of one task where ``tasks`` and, if it takes data, ``data`` name the rest
    in the same way.
    """
    named = import_named(reference, "workload")
    if isinstance(named.value, Workload):
        if tasks or data:
            raise WorkloadProblem(
                f"{reference} is a Workload, which has tasks and data of its own: leave --tasks and --data out"
            )
        return named.value
    if not tasks:
        raise WorkloadProblem(_no_workload(named))
    return from_functions(named, import_named(tasks, "tasks"), import_named(data, "data") if data else None)


def import_named(reference: str, what: str) -> Named:
    """Return the object that a reference names. ``what``: workload, tasks or data. Raises WorkloadProblem."""
    place, _, attribute = reference.rpartition(":")
    if attribute.endswith(".py") or (place and not attribute):
        file = reference.rstrip(":")
        raise WorkloadProblem(f"{reference}: name the {what} in the file, as in {file}:{_EXAMPLES[what]}")
    if not place:
        raise WorkloadProblem(
            f"{reference}: say where the {what} {_verb(what)} defined, as in mybacktest.py:{attribute}"
        )
    if not place.endswith(".py") and str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # last, so that nothing in it takes the place of an installed module
    module = _import_file(Path(place)) if place.endswith(".py") else _import_module(place)
    value = getattr(module, attribute, _MISSING)
    if value is _MISSING:
        raise WorkloadProblem(f"{place}: has no attribute {attribute!r}; {_hint(module, place, attribute, what)}")
    return Named(reference, value)


def _verb(what: str) -> str:
    return "are" if what == "tasks" else "is"


def _import_file(path: Path) -> ModuleType:
    """Import a file by its stem with its folder first on the path, which is how a spawned worker finds it again."""
    if not path.is_file():
        raise WorkloadProblem(f"{path}: no such file; {_beside(path)}")
    if not path.stem.isidentifier():
        raise WorkloadProblem(
            f"{path}: {path.stem!r} cannot be imported; rename the file to letters, digits and underscores"
        )
    path = path.resolve()
    taken = _taken_by(path)
    if taken:
        raise WorkloadProblem(f"{path}: the name {path.stem!r} is already {taken}; rename the file")
    folder = str(path.parent)
    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)
    importlib.invalidate_caches()
    return _import_module(path.stem, str(path))


def _beside(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"the folder {folder} does not exist either"
    others = sorted(other.name for other in folder.glob("*.py"))
    near = get_close_matches(path.name, others, n=1)
    return f"did you mean {folder / near[0]}?" if near else f"{folder} holds {', '.join(others) or 'no .py file'}"


def _taken_by(path: Path) -> str | None:
    """Return what else an import of the stem would find, or None."""
    if path.stem in sys.builtin_module_names:
        return "a module of Python's own"
    loaded = sys.modules.get(path.stem)
    if loaded is not None:
        return _other(getattr(loaded, "__file__", None), path)
    try:
        found = importlib.util.find_spec(path.stem)
    except (ImportError, ValueError):
        return None
    return _other(found.origin, path) if found is not None else None


def _other(origin: str | None, path: Path) -> str | None:
    if origin is not None and Path(origin).resolve() == path:
        return None
    if path.stem in sys.stdlib_module_names:
        return "a module of Python's own"
    # a folder without __init__.py has no origin and gives way to any file
    return f"the module {origin}" if origin is not None else None


def _import_module(name: str, place: str = "") -> ModuleType:
    try:
        with contextlib.redirect_stdout(sys.stderr):  # standard output belongs to the report
            return importlib.import_module(name)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise WorkloadProblem(_import_failure(name, place, error)) from None


def _import_failure(name: str, place: str, error: BaseException) -> str:
    if (
        isinstance(error, ModuleNotFoundError)
        and error.name
        and (name == error.name or name.startswith(f"{error.name}."))
    ):
        near = get_close_matches(name, _importable_here(), n=1)
        return f"{name}: no such module" + (
            f"; did you mean {near[0]!r}?" if near else f"; looked in {Path.cwd()} and the environment"
        )
    what = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
    return f"{_where(place or name, error)}: cannot be imported: {what}"


def _importable_here() -> list[str]:
    return [path.stem for path in Path.cwd().glob("*.py")] + [
        path.parent.name for path in Path.cwd().glob("*/__init__.py")
    ]


def _where(place: str, error: BaseException) -> str:
    """Return ``file:line`` of the user's code that failed: the innermost frame outside the import machinery."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "importlib" not in frame.filename and frame.filename != __file__
    ]
    own = [frame for frame in frames if frame.filename == place] or frames
    return f"{own[-1].filename}:{own[-1].lineno}" if own else place


def _hint(module: ModuleType, place: str, name: str, what: str) -> str:
    """Return what could have been meant instead of an attribute that is not there."""
    if what == "workload":
        return _workload_hint(module, place, name)
    own = _own(module)
    near = get_close_matches(name, own, n=1)
    return f"did you mean {place}:{near[0]}?" if near else f"it defines {', '.join(own) or 'nothing'}"


def _workload_hint(module: ModuleType, place: str, name: str) -> str:
    """Return the nearest workload of a module, or the nearest function if that is nearer."""
    workloads = [key for key, value in vars(module).items() if isinstance(value, Workload)]
    functions = [key for key in _own(module) if callable(getattr(module, key)) and key != name]
    near = get_close_matches(name, [*workloads, *functions], n=1) or _nearest(name, workloads)
    return f"did you mean {place}:{near[0]}?" if near else "it defines no Workload; write NAME = Workload(...)"


def _nearest(name: str, known: Iterable[str]) -> list[str]:
    return get_close_matches(name, list(known), n=1, cutoff=0.0)


def _own(module: ModuleType) -> list[str]:
    """Return the public names that a module defines, without those of what it imported."""
    return [
        key
        for key, value in vars(module).items()
        if not key.startswith("_")
        and not isinstance(value, ModuleType)
        and (not callable(value) or getattr(value, "__module__", None) == module.__name__)
    ]


def _no_workload(named: Named) -> str:
    """Return what to do about an attribute that is there but is no Workload."""
    place, _, name = named.reference.rpartition(":")
    value: Any = named.value
    if callable(value) and not isinstance(value, type):
        return f"{named.reference} is a function: say what its tasks are, as in --tasks {place}:tasks"
    module = sys.modules[Path(place).stem if place.endswith(".py") else place]
    return f"{named.reference} is {described(value)}, not a Workload; {_workload_hint(module, place, name)}"
