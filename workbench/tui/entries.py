"""What was typed into the form, and the request it stands for. Pure: the form shows what this says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import RequestError, UnknownName
from engine.knob import Knob
from engine.plan import KNOBS, Plan
from engine.report import Goal
from engine.request import Axis, SweepRequest
from workbench.state import State
from workbench.tui.catalogue import WorkloadOffer

GOALS: tuple[Goal, ...] = ("job", "steady")

AXES: tuple[Knob, ...] = tuple(knob for knob in KNOBS if knob.name != "mode")
"""The knobs of the plan that are typed; the mode is ticked."""

_DEFAULTS = SweepRequest(workload="")

BLOCKS = Knob("blocks", "fresh measuring processes behind every figure", _DEFAULTS.blocks, low=1)


@dataclass(frozen=True)
class Entries:
    """The form's contents, as text."""

    workload: str = ""
    size: str = ""
    modes: tuple[str, ...] = ()
    axes: Mapping[str, str] = field(default_factory=dict)
    """By name of the plan's knob; empty text leaves the choice to the engine."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """By name of the workload's knob."""
    blocks: str = str(_DEFAULTS.blocks)
    goal: Goal = _DEFAULTS.goal


def label(name: str) -> str:
    """Return the name of a field as a person reads it."""
    return name.replace("_", " ")


def check(entries: Entries, offer: WorkloadOffer | None) -> tuple[SweepRequest | None, dict[str, str]]:
    """Return the request, or None and what is wrong, by the name of the field."""
    problems: dict[str, str] = {}
    if not entries.workload:
        problems["workload"] = "workload: choose one, or type module:attribute or file.py:attribute"
    if not entries.modes:
        problems["mode"] = "modes: tick at least one"
    axes: dict[str, Axis] = {"mode": entries.modes}
    for knob in AXES:
        _try(problems, axes, knob, entries.axes.get(knob.name, ""), offer)
    settings: dict[str, Axis] = {}
    for knob in offer.knobs if offer else ():
        _try(problems, settings, knob, entries.settings.get(knob.name, ""), None)
    blocks: dict[str, Axis] = {}
    _try(problems, blocks, BLOCKS, entries.blocks, None)
    if problems:
        return None, problems
    return (
        SweepRequest(
            workload=entries.workload,
            size=entries.size,
            blocks=int(blocks["blocks"][0]) if blocks else _DEFAULTS.blocks,
            goal=entries.goal,
            axes=axes,
            settings=settings,
        ),
        {},
    )


def _try(problems: dict[str, str], axes: dict[str, Axis], knob: Knob, text: str, offer: WorkloadOffer | None) -> None:
    try:
        axis = parse_axis(knob, text)
        if knob.name == "kernel" and offer:
            for kernel in axis:
                _known_kernel(str(kernel), offer)
        if axis:
            axes[knob.name] = axis
    except RequestError as error:
        problems[knob.name] = str(error)


def parse_axis(knob: Knob, text: str) -> Axis:
    """Turn ``1,2,4`` into values of a knob; empty text into none. Raises RequestError naming the field."""
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    if knob.name == "blocks" and len(parts) > 1:
        raise RequestError("blocks: one number, please")
    return tuple(
        part if knob.name == "workers" and part == "auto" else knob.parse(part, label(knob.name)) for part in parts
    )


def _known_kernel(name: str, offer: WorkloadOffer) -> None:
    if offer.kernels and name not in offer.kernels:
        raise UnknownName("kernel", name, offer.kernels, "kernel")


def entries_of(request: SweepRequest) -> Entries:
    """Return what the form holds for a request that came from elsewhere."""
    return Entries(
        workload=request.workload,
        size=request.size,
        modes=tuple(map(str, request.axes.get("mode", ()))),
        axes={name: _text(axis) for name, axis in request.axes.items() if name != "mode"},
        settings={name: _text(axis) for name, axis in request.settings.items()},
        blocks=str(request.blocks),
        goal=request.goal,
    )


def _text(axis: Axis) -> str:
    return ",".join("true" if value is True else "false" if value is False else str(value) for value in axis)


def command_line(request: SweepRequest) -> list[str]:
    """Return the command that does the same without the terminal UI."""
    command = ["workbench", "sweep", request.workload, *_functions((request.tasks, request.data))]
    command += ["--size", request.size] if request.size else []
    for name, axis in request.axes.items():
        command += ["--modes" if name == "mode" else f"--{name.replace('_', '-')}", _text(axis)] if axis else []
    for name, axis in request.settings.items():
        command += ["--set", f"{name}={_text(axis)}"]
    for name in ("blocks", "goal", "budget", "sample"):
        value = getattr(request, name)
        if value != getattr(_DEFAULTS, name):
            command += [f"--{name}", f"{value:g}" if isinstance(value, float) else str(value)]
    return command


def _functions(references: tuple[str, str]) -> list[str]:
    """The flags that name tasks and data of a plain function."""
    return [word for flag, each in zip(("--tasks", "--data"), references, strict=True) if each for word in (flag, each)]


def flamegraph_command(state: State, plan: Plan, out: str) -> list[str]:
    """Return the arguments of ``workbench`` that capture the hot spots of a plan of a sweep."""
    command = ["flamegraph", state.reference or state.workload, *_functions(state.functions)]
    for knob in KNOBS:
        value = getattr(plan, knob.name)
        command += [f"--{knob.name.replace('_', '-')}", str(value)] if value != "" else []
    for name, axis in plan.settings.items():
        command += ["--set", f"{name}={_text((axis,))}"]
    return [*command, *(["--size", state.size] if state.size else []), "--out", out, "--json"]
