"""``workbench flamegraph``: where one plan spends its time."""

from typing import Any

import click
import msgspec

from engine.knob import find_knob
from engine.plan import KNOBS, Plan
from engine.request import Axis, SweepRequest
from engine.workload import Workload
from workbench.commands.options import (
    flag,
    knob_options,
    one_setting_each,
    parse_settings,
    read_target,
    workload_of,
    workload_options,
)
from workbench.commands.paper import paper
from workbench.completing import targets
from workbench.words.spots import spot_lines


@click.command()
@click.argument("target", required=False, shell_complete=targets, metavar="WORKLOAD")
@workload_options
@knob_options(many=False)
@click.option("--seconds", default=5.0, show_default=True, help="how long to sample the work")
@click.option("--out", default=".", show_default=True, metavar="DIR", help="folder for the files")
@click.option("--json", "as_json", is_flag=True, help="one JSON document on standard output")
def flamegraph(target: str | None, **given: Any) -> int:
    """Capture one plan with py-spy, worker processes included.

    \b
    workbench flamegraph straddles --mode sequential --kernel python --out spots

    Writes folded stacks, an SVG flame graph and a speedscope profile, and prints the ten hottest functions.
    """
    from engine.hotspots import CaptureRequest, capture

    request = read_target(target, given["tasks"], given["data"])
    workload = workload_of(request)
    settings = one_setting_each(parse_settings(workload, given["settings"], given["prices"]))
    plan = plan_of(given, settings, workload)
    size, plan = check_plan(request, given["size"] or request.size, plan)
    capturing = CaptureRequest(
        workload=request.workload,
        tasks=request.tasks,
        data=request.data,
        size=size,
        plan=plan,
        out=given["out"],
        seconds=given["seconds"],
    )
    found = capture(capturing)
    if given["as_json"]:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
        return 0
    for line in spot_lines(found.functions, *paper()):
        click.echo(line)
    for kind, path in found.files.items():
        click.echo(f"{kind}: {path}")
    if found.message:
        click.echo(found.message, err=True)
    return 0


def plan_of(given: dict[str, Any], settings: dict[str, Any], workload: Workload) -> Plan:
    """Return the one plan the flags stand for: sequential, with the mode's first kernel, unless said otherwise."""
    from engine.modes import find_mode

    values: dict[str, Any] = {"mode": "sequential"}
    values |= {knob.name: knob.parse(given[knob.name], flag(knob, False)) for knob in KNOBS if given[knob.name]}
    on_device = find_mode(values["mode"], "--mode").on_device
    fitting = [name for name, kernel in workload.kernels.items() if kernel.device == on_device]
    return Plan(**({"kernel": fitting[0] if fitting else workload.naive} | values), settings=settings)


def check_plan(request: SweepRequest, size: str, plan: Plan) -> tuple[str, Plan]:
    """Return size and plan, completed and checked as a sweep would. Raises RequestError or Lacking."""
    from engine.errors import Lacking
    from engine.tune.space import expand

    axes: dict[str, Axis] = {knob.name: (getattr(plan, knob.name),) for knob in KNOBS}
    settings: dict[str, Axis] = {name: (value,) for name, value in plan.settings.items()}
    space = expand(msgspec.structs.replace(request, size=size, axes=axes, settings=settings))
    wanted = {(name, value) for name, value in plan.settings.items() if not _is_idle(workload_of(request), plan, name)}
    index = next(
        i
        for i, each in enumerate(space.plans)
        if (each.mode, each.kernel) == (plan.mode, plan.kernel) and wanted <= set(each.settings.items())
    )
    if index in space.unavailable:
        raise Lacking(space.unavailable[index])
    return space.size, space.plans[index]


def _is_idle(workload: Workload, plan: Plan, name: str) -> bool:
    """Whether a setting does nothing beside the plan's others, so that a sweep leaves it at its default."""
    other = find_knob(workload.knobs, name, "--set").only_with
    return other is not None and plan.settings.get(other[0], other[1]) != other[1]
