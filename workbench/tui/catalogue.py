"""What the form offers: modes, workloads and their knobs, looked up in a process of its own.

The engine's modes and workloads import NumPy and look for GPUs, and a workload of the user's runs its module's code:
none of that belongs into the UI's process. The form is on screen while this runs.
"""

import contextlib
import sys

import msgspec

from engine.errors import RequestError, WorkbenchError
from engine.knob import Knob
from engine.workload import Workload
from workbench.tui.children import output_of


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


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """Everything there is to choose from."""

    modes: tuple[ModeFacts, ...] = ()
    workloads: tuple[WorkloadOffer, ...] = ()


async def load_catalogue(reference: str = "") -> Catalogue:
    """Return what there is, or only the workload of this reference. Raises RequestError in the words of the engine."""
    code, out, complaints = await output_of([sys.executable, "-P", "-m", "workbench.tui.catalogue", reference])
    if code:
        raise RequestError(complaints.splitlines()[-1] if complaints else "the workload cannot be looked up")
    return msgspec.json.decode(out, type=Catalogue)


def look_up(reference: str = "") -> Catalogue:
    """Ask the engine. With a reference: that workload alone."""
    from engine.workloads import WORKLOADS, resolve

    if reference:
        return Catalogue(workloads=(_offer(reference, resolve(reference)),))
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
    return Catalogue(modes=modes, workloads=tuple(_offer(workload.name, workload) for workload in WORKLOADS))


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
            catalogue = look_up(sys.argv[1] if len(sys.argv) > 1 else "")
    except WorkbenchError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    sys.stdout.buffer.write(msgspec.json.encode(catalogue))
    return 0


if __name__ == "__main__":
    sys.exit(main())
