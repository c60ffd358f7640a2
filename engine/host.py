"""The machine: what a result is valid for, and what a plan may use of it."""

import hashlib
import os
import platform
import sys
from importlib import metadata
from pathlib import Path

import psutil

from engine import cgroups, gpus
from engine.conditions import conditions
from engine.report import Host

_LIBRARIES = ("numpy", "pyarrow", "scipy", "torch", "numba")


def usable_cores() -> int:
    """Return the cores this process may use: CPU affinity, lowered by the CPU quotas of its control groups. At
    least 1."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cgroups.cores()
    return max(1, min(allowed, quota) if quota else allowed)


def memory_bytes() -> int:
    """Return the memory this process may use: the machine's, lowered by the limits of its control groups."""
    total = psutil.virtual_memory().total
    limit = cgroups.memory_limit()
    return total if limit is None else min(total, limit)


def describe_host() -> Host:
    """Return the facts that decide whether a result measured elsewhere holds here, and the conditions as they are now.

    Conditions are no part of the fingerprint: under another governor it is the same machine still, and two measurements
    on it should be compared, with a note of what differs, and not refused.
    GPUs are read from the driver's files, because asking CUDA would start it in this process and spoil a later fork.
    """
    facts = {
        "cpu": _cpu_name(),
        "physical_cores": psutil.cpu_count(logical=False) or usable_cores(),
        "usable_cores": usable_cores(),
        "memory_bytes": memory_bytes() >> 30 << 30,  # kernels differ by a few pages, so whole GiB
        "gpus": gpus.names(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": ".".join(platform.python_version_tuple()[:2]),
        "gil": getattr(sys, "_is_gil_enabled", lambda: True)(),
    }
    digest = hashlib.sha256(repr(sorted(facts.items())).encode()).hexdigest()[:16]
    return Host(fingerprint=digest, libraries=_versions(), conditions=conditions(), **facts)  # type: ignore[arg-type]


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _versions() -> dict[str, str]:
    installed = {}
    for name in _LIBRARIES:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return installed
