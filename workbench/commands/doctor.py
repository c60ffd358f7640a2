"""``workbench doctor``: what this machine offers and what limits each mode."""

import os
import platform
import sys
import sysconfig

import click
import msgspec
import psutil

from workbench.commands.paper import paper
from workbench.words.machine import (
    Cores,
    Interpreter,
    Library,
    Machine,
    Memory,
    ModeState,
    SharedMemory,
    Tracing,
    fact_lines,
    mode_lines,
)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="one JSON document")
@click.option("--lag", is_flag=True, help="how fast the screen answers keys while a sweep keeps all cores busy; 40 s")
def doctor(as_json: bool, lag: bool) -> None:
    """Say what this machine offers, and for each mode what limits it here and how to lift that.

    \b
    workbench doctor
    workbench doctor --json
    workbench doctor --lag
    """
    if lag:
        _tell_lag(as_json)
        return
    machine = examine()
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(machine), indent=2))
        return
    width, signs = paper()
    for line in [*fact_lines(machine, width, signs), "", *mode_lines(machine, width, signs)]:
        click.echo(line)


def _tell_lag(as_json: bool) -> None:
    from workbench.lag import lag_lines, measure_lag

    lag = measure_lag()
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(lag), indent=2))
        return
    width, signs = paper()
    for line in lag_lines(lag, width, signs):
        click.echo(line)


def examine() -> Machine:
    """Look at this machine. About half a second, most of it to load the libraries that compute."""
    from engine import gpus
    from engine.host import describe_host
    from engine.threads import linear_algebra

    host, tracing = describe_host(), _tracing()
    elsewhere = gpus.elsewhere()
    return Machine(
        host=host,
        cores=_cores(host.physical_cores, host.usable_cores),
        memory=_memory(),
        gpus=(*host.gpus, *([elsewhere] if elsewhere else [])),
        no_gpu=gpus.why_none(),
        shared_memory=_shared("/dev/shm"),
        libraries=tuple(Library(name=n, version=v, threads=t, file=f) for n, v, t, f in sorted(linear_algebra())),
        tracing=tracing,
        python=_python(host.gil),
        modes=_modes(),
        flamegraph=_flamegraph(tracing),
    )


def _cores(physical: int, usable: int) -> Cores:
    from engine import cgroups

    logical = os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else logical
    affinity = None if allowed == logical else allowed
    return Cores(usable=usable, physical=physical, logical=logical, affinity=affinity, quota=cgroups.quota())


def _memory() -> Memory:
    from engine import cgroups

    memory, limit = psutil.virtual_memory(), cgroups.memory_limit()
    felt = limit if limit is not None and limit < memory.total else None  # version 1 says 2**63 for none
    return Memory(total=memory.total, available=memory.available, limit=felt)


def _shared(path: str) -> SharedMemory | None:
    try:
        stat = os.statvfs(path)
    except OSError:
        return None
    return SharedMemory(total=stat.f_blocks * stat.f_frsize, free=stat.f_bavail * stat.f_frsize)


def _python(gil: bool) -> Interpreter:
    return Interpreter(
        version=platform.python_version(),
        implementation=platform.python_implementation(),
        executable=sys.executable,
        gil=gil,
        free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    )


def _modes() -> tuple[ModeState, ...]:
    from engine.modes import MODES

    states = []
    for mode in MODES:
        why, limit = mode.unavailable(), mode.limit()
        sentence, lift = (limit.sentence, limit.lift) if limit else (why or "", "")
        states.append(ModeState(name=mode.name, available=why is None, limit=sentence, lift=lift))
    return tuple(states)


def _tracing() -> Tracing:
    from engine.hotspots.access import may_sample
    from engine.hotspots.refusal import ptrace_scope

    return Tracing(scope=ptrace_scope(), allowed=may_sample())


def _flamegraph(tracing: Tracing) -> ModeState:
    """Where nothing can be tried, only root may: macOS."""
    from engine.hotspots.refusal import advice, where

    if tracing.allowed:
        return ModeState(name="flamegraph", available=True)
    limit = "the system does not let py-spy read the processes it starts"
    return ModeState(name="flamegraph", available=False, limit=limit, lift=advice(where("")))
