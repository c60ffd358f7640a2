"""Settings of the machine that make two measurements differ, as far as they can be read without root."""

import os
from pathlib import Path

from engine.cgroups import quota, read

_MARKS = (("docker", "docker"), ("kubepods", "kubernetes"), ("libpod", "podman"), ("lxc", "lxc"))
"""What the control group of the first process of a container is called, and which kind of container that is."""
_LAYOUT = {"0": "off", "1": "without the heap", "2": "on"}


def conditions(root: Path = Path("/")) -> dict[str, str]:
    """Return, each only where it can be read: ``logical cores``, ``affinity``, ``quota``, ``governor``, ``turbo``,
    ``hyperthreads``, ``address randomisation``, ``container`` and ``virtual machine``.

    The values are words for people, such as ``{"governor": "performance", "quota": "1.5 cores"}``. Meanings:
    docs.kernel.org/admin-guide/pm/cpufreq.html and admin-guide/sysctl/kernel.html. About 1 ms.
    """
    virtual = _virtual(root)
    found = {
        "logical cores": str(os.cpu_count() or ""),
        "affinity": _affinity(),
        "quota": _quota(),
        "governor": _governor(root),
        "turbo": _turbo(root),
        "hyperthreads": _hyperthreads(root, bool(virtual)),
        "address randomisation": _LAYOUT.get(read(root / "proc/sys/kernel/randomize_va_space"), ""),
        "container": _container(root),
        "virtual machine": virtual,
    }
    return {name: words for name, words in found.items() if words}


def _affinity() -> str:
    """Empty where this process may run on every core."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    return f"{allowed} logical cores" if allowed and allowed != os.cpu_count() else ""


def _quota() -> str:
    """Empty without one."""
    cores = quota()
    return f"{cores:.3g} cores" if cores else ""


def _governor(root: Path) -> str:
    files = (root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_governor")
    return ", ".join(sorted({read(file) for file in files} - {""}))


def _turbo(root: Path) -> str:
    folder = root / "sys/devices/system/cpu"
    off, boost = read(folder / "intel_pstate/no_turbo"), read(folder / "cpufreq/boost")
    return {"0": "on", "1": "off"}.get(off) or {"1": "on", "0": "off"}.get(boost, "")


def _hyperthreads(root: Path, virtual: bool) -> str:
    """A virtual machine that is shown none may well run on some."""
    active = read(root / "sys/devices/system/cpu/smt/active")
    return "on" if active == "1" else "off" if active == "0" and not virtual else ""


def _container(root: Path) -> str:
    if (root / ".dockerenv").exists():
        return "docker"
    if (root / "run/.containerenv").exists():
        return "podman"
    group = read(root / "proc/1/cgroup")
    return next((kind for mark, kind in _MARKS if mark in group), "")


def _virtual(root: Path) -> str:
    """The maker's name where the machine says that it is a virtual one."""
    if "microsoft" in read(root / "proc/version").lower():
        return "WSL"
    flags = next((line for line in read(root / "proc/cpuinfo").splitlines() if line.startswith("flags")), "")
    maker = read(root / "sys/hypervisor/type") or read(root / "sys/class/dmi/id/sys_vendor")
    return (maker or "yes") if "hypervisor" in flags.split() else ""
