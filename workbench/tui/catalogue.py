"""What the form offers: modes, workloads and their knobs, looked up in a process of its own.

The engine's modes and workloads import NumPy and look for GPUs, and a workload of the user's runs its module's code:
none of that belongs into the UI's process. The form is on screen while this runs.
"""

import contextlib
import sys
from collections import Counter
from dataclasses import dataclass

import msgspec

from engine.errors import RequestError, WorkbenchError
from engine.knob import Knob
from engine.workload import Workload
from workbench.tui.children import output_of


@dataclass(frozen=True)
class Reference:
    """What names a workload."""

    workload: str = ""
    """A name, or one's own as module:attribute or file.py:attribute; empty: none."""
    tasks: str = ""
    """The same for the tasks of a plain function; empty: the workload has tasks of its own."""
    data: str = ""
    """The same for what a plain function reads; empty: nothing, or data of the workload's own."""


EVERYTHING = Reference()
"""Asks for all there is to choose from."""


class ModeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One execution mode."""

    name: str
    summary: str = ""
    honours: tuple[str, ...] = ()
    unavailable: str = ""
    """Why it cannot run here; empty if it can."""


class WorkloadOffer(msgspec.Struct, frozen=True, kw_only=True):
    """One workload with everything that can be chosen about it."""

    reference: str
    """What the request names it by."""
    summary: str = ""
    sizes: dict[str, str] = {}
    kernels: tuple[str, ...] = ()
    knobs: tuple[Knob, ...] = ()


class InstalledOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A workload that an installed package brings; the package is imported when it is chosen."""

    reference: str
    """What the request names it by: its name, or module:attribute where another workload has that name too."""
    name: str
    package: str
    """Name and version of the package."""


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """Everything there is to choose from."""

    modes: tuple[ModeFacts, ...] = ()
    workloads: tuple[WorkloadOffer, ...] = ()
    installed: tuple[InstalledOffer, ...] = ()


async def load_catalogue(wanted: Reference = EVERYTHING) -> Catalogue:
    """Return what there is, or only the workload of this reference. Raises RequestError in the words of the engine."""
    words = (wanted.workload, wanted.tasks, wanted.data)
    code, out, complaints = await output_of([sys.executable, "-P", "-m", "workbench.tui.catalogue", *words])
    if code:
        raise RequestError(complaints.splitlines()[-1] if complaints else "the workload cannot be looked up")
    return msgspec.json.decode(out, type=Catalogue)


def look_up(wanted: Reference = EVERYTHING) -> Catalogue:
    """Ask the engine. With a reference: that workload alone."""
    from engine.workloads import WORKLOADS, resolve

    if wanted != EVERYTHING:
        workload = resolve(wanted.workload, wanted.tasks, wanted.data)
        return Catalogue(workloads=(_offer(wanted.workload, workload),))
    from engine.modes import MODES

    modes = tuple(
        ModeFacts(
            name=mode.name,
            summary=mode.summary,
            honours=tuple(sorted(mode.honours)),
            unavailable=mode.unavailable() or "",
        )
        for mode in MODES
    )
    built_in = tuple(_offer(workload.name, workload) for workload in WORKLOADS)
    return Catalogue(modes=modes, workloads=built_in, installed=_installed([offer.reference for offer in built_in]))


def _installed(built_in: list[str]) -> tuple[InstalledOffer, ...]:
    """Name what packages bring without importing any; a name that is not theirs alone does not find it."""
    from engine.workloads.installed import installed

    entries = installed()
    owners = Counter([*built_in, *(entry.name for entry in entries)])
    return tuple(
        InstalledOffer(
            reference=entry.name if owners[entry.name] == 1 else entry.reference,
            name=entry.name,
            package=entry.package,
        )
        for entry in entries
    )


def _offer(reference: str, workload: Workload) -> WorkloadOffer:
    return WorkloadOffer(
        reference=reference,
        summary=workload.summary,
        sizes=dict(workload.sizes),
        kernels=tuple(workload.kernels),
        knobs=workload.knobs,
    )


def main() -> int:
    """Write the catalogue as JSON to standard output; what the user's module prints goes to standard error."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            catalogue = look_up(Reference(*sys.argv[1:]))
    except WorkbenchError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    sys.stdout.buffer.write(msgspec.json.encode(catalogue))
    return 0


if __name__ == "__main__":
    sys.exit(main())
