"""``workbench workloads`` and ``modes``: what there is."""

import click

from engine.errors import WorkloadProblem
from engine.workload import Workload


@click.command()
def workloads() -> None:
    """List the workloads, those of installed packages as well, with their kernels, sizes and settings.

    \b
    workbench workloads
    """
    from engine.workloads import WORKLOADS
    from engine.workloads.installed import installed

    for workload in WORKLOADS:
        _describe(workload, workload.name)
    names = {workload.name for workload in WORKLOADS}
    for entry in installed():
        if entry.name in names:
            click.echo(f"{entry.name} of {entry.package}: hidden by the workload above; name it as {entry.reference}")
            continue
        try:
            _describe(entry.load(), f"{entry.name} of {entry.package}")
        except WorkloadProblem as error:
            click.echo(f"{entry.name} of {entry.package}: not available: {error}")


def _describe(workload: Workload, name: str) -> None:
    click.echo(f"{name}: {workload.summary}")
    click.echo(f"  kernels: {', '.join(workload.kernels)}")
    for size, words in workload.sizes.items():
        click.echo(f"  size {size}: {words}")
    for knob in workload.knobs:
        choices = f" [{'|'.join(map(str, knob.choices))}]" if knob.choices else ""
        click.echo(f"  --set {knob.name}={knob.default}{choices}: {knob.help}")


@click.command()
def modes() -> None:
    """List the execution modes, the knobs each honours, and why one cannot run here.

    \b
    workbench modes
    """
    from engine.modes import MODES

    for mode in MODES:
        click.echo(f"{mode.name}: {mode.summary}")
        click.echo(f"  knobs: {', '.join(sorted(mode.honours))}")
        if why := mode.unavailable():
            click.echo(f"  not available: {why}")
