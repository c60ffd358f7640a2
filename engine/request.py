"""A sweep request: what to measure. Written as a profile (TOML), as command-line flags or by the form; all three make
this."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec

from engine.errors import FileProblem, RequestError, UnknownName
from engine.knob import Scalar, find_knob
from engine.plan import KNOBS
from engine.report import Goal

Axis = tuple[Scalar, ...]
"""The values a knob takes in a sweep."""


class SweepRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which plans of which workload to measure, and how carefully."""

    workload: Annotated[str, msgspec.Meta(description="built-in name, module:attribute or file.py:attribute")]
    tasks: Annotated[str, msgspec.Meta(description="tasks of a plain function: a list or a function returning one")] = (
        ""
    )
    data: Annotated[
        str, msgspec.Meta(description="what a plain function reads: an object or a function returning it")
    ] = ""
    size: Annotated[str, msgspec.Meta(description="how much of it; empty: the workload's first size")] = ""
    blocks: Annotated[
        int, msgspec.Meta(ge=1, description="fresh measuring processes behind every figure; a race takes up to 4x")
    ] = 5
    within: Annotated[
        float, msgspec.Meta(gt=0, description="how much slower than the best the winner may be, such as 0.03")
    ] = 0.03
    full_grid: Annotated[bool, msgspec.Meta(description="measure every plan in every block, none is dropped")] = False
    goal: Annotated[Goal, msgspec.Meta(description="recommend the fastest whole job, or the fastest steady run")] = (
        "job"
    )
    accept_noise: Annotated[
        bool, msgspec.Meta(description="let measurements count whatever else goes on on the machine")
    ] = False
    budget: Annotated[
        float, msgspec.Meta(ge=0, description="seconds after which no further block starts; 0: no limit")
    ] = 0
    patience: Annotated[
        float, msgspec.Meta(gt=0, description="seconds without progress before a trial is given up")
    ] = 600
    sample: Annotated[
        int, msgspec.Meta(ge=0, description="tasks to measure, from which the whole job is estimated; 0: all tasks")
    ] = 0
    axes: Annotated[dict[str, Axis], msgspec.Meta(description="values for the knobs of the plan")] = {}
    settings: Annotated[dict[str, Axis], msgspec.Meta(description="values for the knobs of the workload")] = {}


def with_axes(request: SweepRequest, axes: dict[str, Axis], settings: dict[str, Axis]) -> SweepRequest:
    """Return the request with these axes and settings in place of its own of the same name."""
    return msgspec.structs.replace(request, axes=request.axes | axes, settings=request.settings | settings)


def load_profile(path: Path) -> SweepRequest:
    """Read a profile. Raises FileProblem with the line of whatever is wrong."""
    text, table = read_toml(path)
    known = SweepRequest.__struct_fields__
    for name in table:
        if name not in known:
            raise UnknownName("key", name, known, f"{path}:{line_of(text, name)}")
    for section in ("axes", "settings"):
        table[section] = {name: _as_axis(value) for name, value in dict(table.get(section, {})).items()}
    for name, values in table["axes"].items():
        _check_axis(path, text, name, values)
    profile: SweepRequest = convert(table, SweepRequest, path, text)
    return profile


def _as_axis(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def _check_axis(path: Path, text: str, name: str, values: Axis) -> None:
    where = f"{path}:{line_of(text, name)}"
    knob = find_knob(KNOBS, name, where)
    if not values:
        raise RequestError(f"{where}: {name} has no values")
    for value in values:
        knob.check_axis(value, where)


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """Return the text and the table of a TOML file. Raises FileProblem."""
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise FileProblem(path, None, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise FileProblem(path, int(line[1]) if line else None, f"not valid TOML: {error}") from None


def convert(table: dict[str, Any], kind: Any, path: Path, text: str) -> Any:
    """Turn a TOML table into a struct. Raises FileProblem with the line of the key that does not fit."""
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `$.")
        key = place.rstrip("`")
        last = re.sub(r"\[.*", "", key).rsplit(".", 1)[-1]
        raise FileProblem(path, line_of(text, last), f"{key}: {problem}" if key else problem) from None


def line_of(text: str, key: str) -> int | None:
    """Return the line on which a key (or the table of that name) stands, or None."""
    pattern = re.compile(rf'^\s*(?:\[+.*\b{re.escape(key)}\b.*\]|["\']?{re.escape(key)}["\']?\s*=)')
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), None)
