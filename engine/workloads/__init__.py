"""The workloads. ``WORKLOADS`` is the table of the built-in ones: adding one is one file, one import and one entry
here."""

from engine.errors import UnknownName, WorkloadProblem
from engine.workload import Workload
from engine.workloads.crossover import CROSSOVER
from engine.workloads.fixed_cost import FIXED_COST
from engine.workloads.importing import import_workload
from engine.workloads.installed import find_installed, installed
from engine.workloads.maxdiff import MAXDIFF
from engine.workloads.straddles import STRADDLES
from engine.workloads.symbols import SYMBOLS
from engine.workloads.walkforward import WALKFORWARD

WORKLOADS: tuple[Workload, ...] = (STRADDLES, MAXDIFF, SYMBOLS, WALKFORWARD, CROSSOVER, FIXED_COST)
"""Built-in workloads, in the order of lists."""


def resolve(reference: str, tasks: str = "", data: str = "") -> Workload:
    """Return the workload that ``reference`` names.

    A built-in name, one that an installed package brings, or the user's own as ``module:attribute`` or
    ``path/to/file.py:attribute``: a Workload, or a function of one task, whose ``tasks`` and ``data`` are named in the
    same way. Raises UnknownName or WorkloadProblem, whose messages say what is wrong and where.
    """
    if ":" in reference or reference.endswith(".py"):
        return import_workload(reference, tasks, data)
    if tasks or data:
        raise WorkloadProblem(
            f"{reference} has tasks and data of its own; --tasks and --data go with a function such as mine.py:run_one"
        )
    for workload in WORKLOADS:
        if workload.name == reference:
            return workload
    found = find_installed(reference)
    if found is None:
        names = [*(workload.name for workload in WORKLOADS), *(entry.name for entry in installed())]
        raise UnknownName("workload", reference, names)
    return found
