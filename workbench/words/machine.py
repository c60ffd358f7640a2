"""What a machine offers and what limits each mode on it: one document, and the same in words. Pure."""

from collections.abc import Sequence

import msgspec

from engine.report import Host
from workbench.words.format import wrap
from workbench.words.numbers import UNICODE, Signs, size

SCHEMA = 1
LABEL = 17
"""Characters before what is said."""
ROOMY = 60
"""Characters of a line from which labels stand in a column."""


class Cores(msgspec.Struct, frozen=True, kw_only=True):
    """What computes."""

    usable: int
    """By this process: affinity, lowered by quotas."""
    physical: int
    logical: int
    affinity: int | None = None
    """Logical cores this process may run on; None: all."""
    quota: float | None = None
    """Cores that the tightest CPU quota amounts to; None: there is none."""


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes."""

    total: int
    available: int
    limit: int | None = None
    """Of the tightest control group; None: no limit."""


class SharedMemory(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of /dev/shm."""

    total: int
    free: int


class Library(msgspec.Struct, frozen=True, kw_only=True):
    """A native library that computes with threads of its own."""

    name: str
    version: str
    threads: int
    file: str


class Tracing(msgspec.Struct, frozen=True, kw_only=True):
    """Whether processes can be sampled."""

    scope: str = ""
    """What Yama allows, from 0 to 3; empty: it is not there."""
    allowed: bool | None = None
    """Whether a child's memory could be read; None: it was not tried."""


class Interpreter(msgspec.Struct, frozen=True, kw_only=True):
    """This Python."""

    version: str
    implementation: str
    executable: str
    gil: bool
    free_threaded: bool
    """Whether it was built to run without a GIL."""


class ModeState(msgspec.Struct, frozen=True, kw_only=True):
    """A mode, or a tool, on this machine."""

    name: str
    available: bool
    limit: str = ""
    """What holds it back, in a sentence; empty: nothing does."""
    lift: str = ""
    """What to do about that."""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What ``workbench doctor --json`` says."""

    schema: int = SCHEMA
    host: Host
    cores: Cores
    memory: Memory
    gpus: tuple[str, ...] = ()
    no_gpu: str = ""
    """Why there is none; empty where there is one."""
    shared_memory: SharedMemory | None = None
    """None: there is no /dev/shm."""
    libraries: tuple[Library, ...] = ()
    tracing: Tracing
    python: Interpreter
    modes: tuple[ModeState, ...]
    flamegraph: ModeState


Row = tuple[str, str]
"""A label and what is said under it."""


def facts(machine: Machine) -> list[Row]:
    """Return what the machine offers, a row each."""
    host = machine.host
    return [
        ("cpu", host.cpu),
        ("cores", _cores(machine.cores)),
        ("memory", _memory(machine.memory)),
        ("gpu", ", ".join(machine.gpus) or f"none: {machine.no_gpu}"),
        ("/dev/shm", _shared(machine.shared_memory)),
        *(
            ("library", f"{each.name} {each.version}, {_many(each.threads, 'thread')}, {each.file}")
            for each in machine.libraries
        ),
        ("ptrace", _tracing(machine.tracing)),
        ("python", _python(machine.python)),
        ("packages", ", ".join(f"{name} {version}" for name, version in host.libraries.items()) or "none"),
        ("system", host.system),
        ("conditions", ", ".join(f"{name} {value}" for name, value in host.conditions.items()) or "none known"),
        ("fingerprint", host.fingerprint),
    ]


def mode_rows(machine: Machine, signs: Signs = UNICODE) -> list[tuple[str, list[str]]]:
    """Return each mode, and whether it can run, what limits it and how to lift that."""
    rows = []
    for mode in (*machine.modes, machine.flamegraph):
        sign = signs.status[0 if mode.available else 2]
        state = "available; " if mode.available else "not available: "
        said = [f"{state}{mode.limit}" if mode.limit else state.strip("; :")]
        said += [f"to lift it: {mode.lift}"] if mode.lift else []
        rows.append((f"{sign} {mode.name}", said))
    return rows


def mode_lines(machine: Machine, width: int, signs: Signs = UNICODE) -> list[str]:
    """Return the modes in lines of at most this width."""
    return [line for label, said in mode_rows(machine, signs) for line in _lines(label, said, width, signs)]


def fact_lines(machine: Machine, width: int, signs: Signs = UNICODE) -> list[str]:
    """Return the facts in lines of at most this width."""
    return [line for label, said in facts(machine) for line in _lines(label, [said], width, signs)]


def _lines(label: str, said: Sequence[str], width: int, signs: Signs) -> list[str]:
    """Labels stand in a column; where there is no room for that, above what is said."""
    indent = LABEL if width >= ROOMY else 2
    parts = [part for text in said for part in wrap(signs.text(text), width - indent)]
    lines = [" " * indent + part for part in parts]
    if width < ROOMY:
        return [signs.text(label), *lines]
    return [f"{signs.text(label):<{LABEL}}{parts[0]}", *lines[1:]]


def _many(count: float, what: str) -> str:
    return f"{count:.3g} {what}{'' if count == 1 else 's'}"


def _cores(cores: Cores) -> str:
    affinity = "all" if cores.affinity is None else str(cores.affinity)
    quota = "none" if cores.quota is None else _many(cores.quota, "core")
    return (
        f"{cores.usable} usable; {cores.physical} physical, {cores.logical} logical, affinity {affinity}, quota {quota}"
    )


def _memory(memory: Memory) -> str:
    limit = "no limit" if memory.limit is None else f"a limit of {size(memory.limit)}"
    return f"{size(memory.total)}, {size(memory.available)} of it available; {limit} by a control group"


def _shared(shared: SharedMemory | None) -> str:
    note = "not needed: shared data lives in anonymous memory"
    return f"{size(shared.free)} free of {size(shared.total)} ({note})" if shared else f"not there ({note})"


def _tracing(tracing: Tracing) -> str:
    words = {
        "0": "scope 0: any process of one's own",
        "1": "scope 1: children only, which is enough",
        "2": "scope 2: only with CAP_SYS_PTRACE",
        "3": "scope 3: nobody, until the next boot",
    }
    scope = words.get(tracing.scope, f"scope {tracing.scope}" if tracing.scope else "no Yama")
    tried = {True: "a child can be sampled", False: "a child cannot be sampled", None: "not tried"}
    return f"{tried[tracing.allowed]} ({scope})"


def _python(python: Interpreter) -> str:
    gil = "GIL on" if python.gil else "GIL off"
    build = ", free-threaded build" if python.free_threaded else ""
    return f"{python.implementation} {python.version}, {gil}{build}, {python.executable}"
