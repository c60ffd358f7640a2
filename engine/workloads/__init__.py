"""The workloads. ``WORKLOADS`` is the table of the built-in ones: adding one is one file, one import and one entry
here."""

from engine.errors import UnknownName
from engine.workload import Workload
from engine.workloads.fixed_cost import FIXED_COST
from engine.workloads.importing import import_workload
from engine.workloads.straddles import STRADDLES

WORKLOADS: tuple[Workload, ...] = (STRADDLES, FIXED_COST)
"""Built-in workloads, in the order of lists."""


def resolve(reference: str) -> Workload:
    """Return the workload that ``reference`` names.

    A built-in name, or a workload of the user's own as ``module:attribute`` or ``path/to/file.py:attribute``. Raises
    UnknownName or WorkloadProblem, whose messages say what is wrong and where.
    """
    for workload in WORKLOADS:
        if workload.name == reference:
            return workload
    if ":" in reference or reference.endswith(".py"):
        return import_workload(reference)
    raise UnknownName("workload", reference, [workload.name for workload in WORKLOADS])
