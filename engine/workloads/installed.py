"""Workloads that installed packages bring: their entry points of the group ``workbench.workloads``."""

from dataclasses import dataclass
from importlib import metadata

from engine.errors import WorkloadProblem
from engine.workload import Workload
from engine.workloads.importing import import_workload

GROUP = "workbench.workloads"


@dataclass(frozen=True, order=True)
class Installed:
    """A workload by the name that a package gives it; nothing of the package is imported before ``load``."""

    name: str
    package: str
    """Name and version of the package."""
    reference: str
    """``module:attribute``."""

    def load(self) -> Workload:
        """Import it. Raises WorkloadProblem naming the package."""
        try:
            return import_workload(self.reference)
        except WorkloadProblem as error:
            raise WorkloadProblem(f"workload {self.name} of the package {self.package}: {error}") from None


def installed() -> list[Installed]:
    """Return what the packages of this environment offer, by name; 1 to 20 ms, and no package is imported."""
    return sorted(
        Installed(entry.name, f"{entry.dist.name} {entry.dist.version}" if entry.dist else "?", _reference(entry.value))
        for entry in metadata.entry_points(group=GROUP)
    )


def _reference(value: str) -> str:
    """Return an entry point's object without the extras it may ask for, ``module:attribute [extra]``."""
    return value.partition("[")[0].replace(" ", "")


def find_installed(name: str) -> Workload | None:
    """Return the workload of that name, or None. Raises WorkloadProblem when it is broken or two packages have it."""
    found = [entry for entry in installed() if entry.name == name]
    if len(found) > 1:
        packages = " and ".join(entry.package for entry in found)
        raise WorkloadProblem(f"{packages} both have a workload {name}; name it as {found[0].reference}")
    return found[0].load() if found else None
