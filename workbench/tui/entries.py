"""What was typed into the form, and the request it stands for. Pure: the form shows what this says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

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
SAMPLE = Knob(
    "sample",
    "so many tasks (16 or more) are measured, and the whole job is estimated from them; empty or 0: all tasks",
    _DEFAULTS.sample,
    low=0,
)

REFERENCE = Knob(
    "reference",
    "your Workload or function of one task, as module:attribute or file.py:attribute; Enter looks it up",
    "",
)
TASKS = Knob("tasks", "where a plain function's tasks are: a list or a function returning one; Enter looks it up", "")
DATA = Knob(
    "data", "what a plain function takes before the task: an object or a function returning it; may be empty", ""
)


@dataclass(frozen=True)
class Entries:
    """The form's contents, as text."""

    workload: str = ""
    tasks: str = ""
    data: str = ""
    size: str = ""
    modes: tuple[str, ...] = ()
    axes: Mapping[str, str] = field(default_factory=dict)
    """By name of the plan's knob; empty text leaves the choice to the engine."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """By name of the workload's knob."""
    blocks: str = str(_DEFAULTS.blocks)
    sample: str = ""
    goal: Goal = _DEFAULTS.goal
    rest: SweepRequest = _DEFAULTS
    """A request that came from elsewhere: what the form has no field for stays as it is there."""


def label(name: str) -> str:
    """Return the name of a field as a person reads it."""
    return name.replace("_", " ")


def check(entries: Entries, offer: WorkloadOffer | None) -> tuple[SweepRequest | None, dict[str, str]]:
    """Return the request, or None and what is wrong: by section and name of the field, as in ``axes.workers``."""
    problems: dict[str, str] = {}
    if not entries.workload:
        problems["workload"] = "workload: choose one, or type module:attribute or file.py:attribute"
    if not entries.modes:
        problems["mode"] = "modes: tick at least one"
    kernels = offer.kernels if offer else ()
    axes: dict[str, Axis] = {"mode": entries.modes, **_read("axes", AXES, entries.axes, problems, kernels)}
    settings = _read("settings", offer.knobs if offer else (), entries.settings, problems)
    blocks, sample = _number(BLOCKS, entries.blocks, problems), _number(SAMPLE, entries.sample, problems)
    if problems:
        return None, problems
    return (
        msgspec.structs.replace(
            entries.rest,
            workload=entries.workload,
            tasks=entries.tasks,
            data=entries.data,
            size=entries.size,
            blocks=blocks,
            sample=sample,
            goal=entries.goal,
            axes=axes,
            settings=settings,
        ),
        {},
    )


def _read(
    section: str, knobs: Iterable[Knob], texts: Mapping[str, str], problems: dict[str, str], kernels: Sequence[str] = ()
) -> dict[str, Axis]:
    """Return the values of those knobs that have any. ``kernels``: those the workload has."""
    axes: dict[str, Axis] = {}
    for knob in knobs:
        try:
            axis = parse_axis(knob, texts.get(knob.name, ""))
            if knob.name == "kernel" and kernels:
                _check_kernels(axis, kernels)
            if axis:
                axes[knob.name] = axis
        except RequestError as error:
            problems[f"{section}.{knob.name}"] = str(error)
    return axes


def _number(knob: Knob, text: str, problems: dict[str, str]) -> int:
    """Return the one number a field of the section ``care`` takes; without any, its default."""
    try:
        axis = parse_axis(knob, text)
        if len(axis) > 1:
            raise RequestError(f"{knob.name}: one number, please")
        number = int(axis[0] if axis else knob.default)
        if knob is SAMPLE and number:
            from engine.measure.sample import check_size  # brings NumPy, which most sweeps on this screen never need

            check_size(number)
    except RequestError as error:
        problems[f"care.{knob.name}"] = str(error)
        return int(knob.default)
    return number


def parse_axis(knob: Knob, text: str) -> Axis:
    """Turn ``1,2,4`` into values of a knob; empty text into none. Raises RequestError naming the field."""
    parts = text.split(",") if text.strip() else []
    return tuple(knob.parse_axis(part.strip(), label(knob.name)) for part in parts)


def _check_kernels(axis: Axis, kernels: Sequence[str]) -> None:
    for kernel in axis:
        if kernel not in kernels:
            raise UnknownName("kernel", str(kernel), kernels, "kernel")


def entries_of(request: SweepRequest) -> Entries:
    """Return what the form holds for a request that came from elsewhere."""
    return Entries(
        workload=request.workload,
        tasks=request.tasks,
        data=request.data,
        size=request.size,
        modes=tuple(map(str, request.axes.get("mode", ()))),
        axes={name: _text(axis) for name, axis in request.axes.items() if name != "mode"},
        settings={name: _text(axis) for name, axis in request.settings.items()},
        blocks=str(request.blocks),
        sample=str(request.sample) if request.sample else "",
        goal=request.goal,
        rest=request,
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
    for name in ("blocks", "goal", "budget", "patience", "sample", "within"):
        value = getattr(request, name)
        if value != getattr(_DEFAULTS, name):
            command += [f"--{name}", f"{value:g}" if isinstance(value, float) else str(value)]
    return command + [f"--{name.replace('_', '-')}" for name in ("full_grid", "accept_noise") if getattr(request, name)]


def continue_command(request: SweepRequest, recording: Path) -> list[str]:
    """Return the command that goes on with a recorded sweep."""
    return [*command_line(request), "--continue", str(recording)]


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
