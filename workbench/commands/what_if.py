"""``workbench what-if``: what a run would take on a machine that is only described."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from engine.analyse.words import spread
from engine.plan import Plan, describe
from engine.report import SweepReport
from workbench.commands.reports import named_report
from workbench.completing import files

if TYPE_CHECKING:
    from engine.analyse.scaling import Machine, WhatIf


@click.command(name="what-if")
@click.argument("report", metavar="REPORT.json", shell_complete=files)
@click.argument("machine", metavar="cores=N[,memory=SIZE]")
@click.option("--json", "as_json", is_flag=True, help="one JSON document")
def what_if(report: str, machine: str, as_json: bool) -> None:
    """Predict a steady run on another machine from the report of a sweep, or say why nothing can be said.

    \b
    workbench sweep straddles --workers 1,2,4 --full-grid --out report.json
    workbench what-if report.json cores=16,memory=64GB
    workbench what-if history:12 cores=16

    Predictions follow the universal scalability law, fitted to every block, with a 95 % interval; what lies too far
    beyond the measured workers is refused.
    """
    from engine.analyse.scaling import parse_machine
    from engine.analyse.scalings import what_ifs

    found = named_report(report)
    described = parse_machine(machine)
    outlook = list(what_ifs(found, described))
    if as_json:
        document = [{"plan": plan, "what_if": outcome} for plan, outcome in outlook]
        click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2))
        return
    for line in what_if_lines(found, described, outlook):
        click.echo(line)


def what_if_lines(report: SweepReport, machine: "Machine", outlook: "Sequence[tuple[Plan, WhatIf]]") -> list[str]:
    """Return a line for each mode and kernel: seconds and speedup there, or why nothing is said."""
    if not outlook:
        return ["no mode and kernel was measured with two numbers of workers; sweep with --workers 1,2,4"]
    memory = f" and {machine.memory_bytes / 1e9:.3g} GB" if machine.memory_bytes else ""
    among = [trial.plan for trial in report.trials]
    lines = [f"a steady run of {report.workload.name} with {machine.cores} cores{memory}:"]
    for plan, outcome in outlook:
        name = describe(msgspec.structs.replace(plan, workers=max(1, outcome.workers)), among)
        lines.append(f"{name}: {_outcome(outcome)}")
    notes = dict.fromkeys(outcome.note for _, outcome in outlook if outcome.note)
    return [*lines, *notes]


def _outcome(outcome: "WhatIf") -> str:
    if outcome.seconds is None or outcome.speedup is None:
        return f"cannot be said: {outcome.reason}"
    speedup = f"{outcome.speedup.median:.3g}× one worker ({outcome.speedup.low:.3g} to {outcome.speedup.high:.3g})"
    return f"{spread(outcome.seconds)}, {speedup}, limited by {outcome.limited_by}"
