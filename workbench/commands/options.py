"""Options made from the knobs of a plan, so that a new knob is a new flag without a line written here."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from engine.errors import RequestError
from engine.knob import Knob, Scalar, find_knob
from engine.plan import KNOBS
from workbench.completing import files, sizes, values_of

if TYPE_CHECKING:
    from engine.request import Axis, SweepRequest
    from engine.workload import Workload

Command = Callable[..., Any]

LIMIT = "5%"
"""The slowdown that a gate looks for unless another is given."""
_LIMIT = (
    "the slowdown to find; one of this size is found in nine of ten comparisons of ten blocks, "
    f"below half of it nothing fails; default {LIMIT}"
)
_TASKS = "tasks of a plain function: a list, or a function returning one"
_PRICES = "file of daily prices: CSV (also gzipped), Parquet, Feather or arch:NAME"
_DATA = "what a plain function takes before the task: an object, or a function returning it"


def flag(knob: Knob, many: bool) -> str:
    """Return the flag of a knob; several modes are ``--modes``."""
    return "--modes" if many and knob.name == "mode" else "--" + knob.name.replace("_", "-")


def knob_options(many: bool) -> Callable[[Command], Command]:
    """Add an option for each knob of a plan; ``many``: comma-separated values."""

    def add(command: Command) -> Command:
        for knob in reversed(KNOBS):
            metavar = "A,B" if many else None
            offer = values_of(knob, many)
            command = click.option(
                flag(knob, many), knob.name, metavar=metavar, help=_help(knob), shell_complete=offer
            )(command)
        return command

    return add


def _help(knob: Knob) -> str:
    choices = f" [{'|'.join(map(str, knob.choices))}]" if knob.choices else ""
    return knob.help + choices


def workload_options(command: Command) -> Command:
    """Add the options that say what is computed: --tasks, --data, --size, --set, --prices."""
    command = click.option("--prices", metavar="FILE", help=_PRICES, shell_complete=files)(command)
    command = click.option("--set", "settings", multiple=True, metavar="KNOB=VALUES", help="a setting of the workload")(
        command
    )
    size = "how much of the workload: small, medium or large"
    command = click.option("--size", help=size, shell_complete=sizes)(command)
    for name, words in (("data", _DATA), ("tasks", _TASKS)):
        command = click.option(f"--{name}", metavar="FILE.py:NAME", help=words, shell_complete=files)(command)
    return command


def limit_option(command: Command) -> Command:
    """Add --fail-slower."""
    return click.option("--fail-slower", "limit", metavar="PERCENT", help=_LIMIT)(command)


def parse_axes(values: dict[str, str | None]) -> "dict[str, Axis]":
    """Return the axes given on the command line. Raises RequestError naming the flag."""
    return {knob.name: _parse(knob, text, flag(knob, True)) for knob in KNOBS if (text := values[knob.name])}


def _parse(knob: Knob, text: str, where: str) -> "Axis":
    return tuple(knob.parse_axis(word.strip(), where) for word in text.split(","))


def parse_settings(workload: "Workload", settings: tuple[str, ...], prices: str | None) -> "dict[str, Axis]":
    """Return the settings given by --set and --prices. Raises RequestError naming what is wrong."""
    axes: dict[str, Axis] = {}
    for pair in settings:
        name, equals, text = pair.partition("=")
        if not equals:
            raise RequestError(f"--set {pair}: expected KNOB=VALUE")
        if not workload.knobs:
            raise RequestError(f"--set {pair}: {workload.name} has no settings")
        knob = find_knob(workload.knobs, name, f"--set {name}")
        free_text = isinstance(knob.default, str) and not knob.choices  # file and column names may hold commas
        axes[name] = (text,) if free_text else _parse(knob, text, f"--set {name}")
    if prices is not None:
        if "prices" not in workload.knob_names():
            raise RequestError(f"--prices: {workload.name} reads no prices")
        axes["prices"] = (prices,)
    return axes


def parse_seconds(text: str, where: str) -> float:
    """Return seconds from ``90``, ``90s`` or ``2m``. Raises RequestError."""
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    number, unit = (text[:-1], units[text[-1]]) if text[-1:] in units else (text, 1.0)
    try:
        seconds = float(number) * unit
    except ValueError:
        seconds = -1.0
    if not seconds > 0:
        raise RequestError(f"{where}: expected seconds such as 90, 90s or 2m, got {text!r}")
    return seconds


def parse_share(text: str, where: str) -> float:
    """Return a share from ``3%`` or ``0.03``. Raises RequestError."""
    number, percent = text.removesuffix("%"), text.endswith("%")
    try:
        share = float(number) / (100 if percent else 1)
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise RequestError(f"{where}: expected a share such as 3% or 0.03, got {text!r}")
    return share


def one_setting_each(axes: "dict[str, Axis]") -> dict[str, Scalar]:
    """Return one value per setting. Raises RequestError where several were given."""
    for name, values in axes.items():
        if len(values) > 1:
            raise RequestError(f"--set {name}: one value is needed here, got {len(values)}")
    return {name: values[0] for name, values in axes.items()}


def check_folder(path: Path | None, where: str) -> None:
    """Find out before the work that a file cannot be written after it. Raises RequestError."""
    if path is not None and not path.resolve().parent.is_dir():
        raise RequestError(f"{where}: there is no folder {path.parent}")
    if path is not None and path.is_dir():
        raise RequestError(f"{where}: {path} is a folder")


def read_target(target: str | None, tasks: str | None = None, data: str | None = None) -> "SweepRequest":
    """Return the request a profile or a workload stands for; ``tasks`` and ``data``: as given on the command line.

    Raises RequestError.
    """
    from engine.request import SweepRequest, load_profile

    if target is None:
        from engine.workloads import WORKLOADS

        names = ", ".join(workload.name for workload in WORKLOADS)
        raise RequestError(f"name a workload ({names}), a profile (FILE.toml), module:attribute or file.py:attribute")
    request = load_profile(Path(target)) if target.endswith(".toml") else SweepRequest(workload=target)
    given = {name: text for name, text in (("tasks", tasks), ("data", data)) if text}
    return msgspec.structs.replace(request, **given)


def asked_for(target: str | None, given: dict[str, Any]) -> "tuple[SweepRequest, Workload]":
    """Return the request of a target with the axes and settings of the command line, and its workload.

    Raises RequestError.
    """
    from engine.request import with_axes

    request = read_target(target, given["tasks"], given["data"])
    axes, workload = parse_axes(given), workload_of(request)
    return with_axes(request, axes, parse_settings(workload, given["settings"], given["prices"])), workload


def workload_of(request: "SweepRequest") -> "Workload":
    """Return the workload of a request. Raises RequestError."""
    from engine.workloads import resolve

    return resolve(request.workload, request.tasks, request.data)
