"""``workbench workloads``, ``modes`` and ``doctor``: what there is."""

import os
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

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


@click.command()
@click.option("--json", "as_json", is_flag=True, help="one JSON document")
def doctor(as_json: bool) -> None:
    """Say what this machine offers and what limits each mode.

    \b
    workbench doctor
    workbench doctor --json
    """
    from engine.host import describe_host
    from engine.modes import MODES

    host = describe_host()
    facts = {
        "host": msgspec.to_builtins(host),
        "modes": {mode.name: mode.unavailable() or "ok" for mode in MODES},
        "ptrace_scope": _read("/proc/sys/kernel/yama/ptrace_scope"),
        "shared_memory_bytes": _free("/dev/shm"),
        "executable": sys.executable,
    }
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(facts), indent=2))
        return
    for name, value in facts["host"].items():
        click.echo(f"{name.replace('_', ' ')}: {_in_words(value)}")
    for name, word in facts["modes"].items():
        click.echo(f"mode {name}: {word}")
    click.echo(f"ptrace scope: {facts['ptrace_scope'] or 'not restricted'}")
    click.echo(
        f"free in /dev/shm: {facts['shared_memory_bytes']} bytes (not needed: the data lives in anonymous memory)"
    )


def _in_words(fact: Any) -> str:
    """A table or a list as a line."""
    if isinstance(fact, dict):
        fact = [f"{name} {value}" for name, value in fact.items()]
    return (", ".join(fact) or "none") if isinstance(fact, list | tuple) else str(fact)


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _free(path: str) -> int:
    try:
        stat = os.statvfs(path)
    except OSError:
        return 0
    return stat.f_bavail * stat.f_frsize
