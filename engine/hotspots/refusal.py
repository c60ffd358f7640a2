"""What to do when py-spy may not read the process: each kind of machine needs another command."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from engine.errors import Lacking

Place = Literal["linux", "locked", "docker", "kubernetes", "macos"]

# Literally what py-spy 0.4 and the system calls below it print.
_REFUSED = (
    "Permission Denied",
    "This program requires root on OSX.",
    "Failed to suspend process",
    "EPERM: Operation not permitted",
    "Permission denied (os error 13)",
    "Operation not permitted (os error 1)",
)
_UNSUPPORTED = (
    "Failed to find python version from target process",
    "Unsupported version of Python",
    "failed to get gil_thread_id",
)

_SUDO = 'sudo env "PATH=$PATH" workbench flamegraph …'
_ADVICE: dict[Place, str] = {
    "linux": f"allow it until the next boot with `sudo sysctl kernel.yama.ptrace_scope=0`, or run `{_SUDO}`",
    "locked": "kernel.yama.ptrace_scope is 3, which stays until the next boot: set it to 1 in /etc/sysctl.d and reboot",
    "docker": "start the container with `docker run --cap-add SYS_PTRACE …`",
    "kubernetes": "add to the container in the pod's YAML: `securityContext: {capabilities: {add: [SYS_PTRACE]}}`",
    "macos": f"macOS lets only root do this: run `{_SUDO}`, with a Python that is not the system's own",
}


def refused(text: str) -> bool:
    """Return whether py-spy's output says that the system does not let it read the process."""
    return any(message in text for message in _REFUSED)


def unsupported(text: str) -> bool:
    """Return whether py-spy's output says that it does not know this Python."""
    return any(message in text for message in _UNSUPPORTED)


def advice(place: Place) -> str:
    """Return the exact next step."""
    return _ADVICE[place]


def refusal(place: Place) -> Lacking:
    """Return the error with the exact next step."""
    return Lacking(f"py-spy may not read the processes it samples (ptrace is refused); {_ADVICE[place]}")


def where(text: str, environment: Mapping[str, str] | None = None, system: str = "", root: Path = Path("/")) -> Place:
    """Return which kind of machine this is, as far as rights are concerned."""
    if (system or sys.platform) == "darwin":
        return "macos"
    # Before docker: its pods look like containers, but are started from YAML; py-spy itself does not tell them apart.
    if "KUBERNETES_SERVICE_HOST" in (os.environ if environment is None else environment):
        return "kubernetes"
    if "docker container" in text or any((root / mark).exists() for mark in (".dockerenv", "run/.containerenv")):
        return "docker"
    return "locked" if ptrace_scope(root) == "3" else "linux"


def ptrace_scope(root: Path = Path("/")) -> str:
    """Return what Yama allows, from 0 to 3; empty: it is not there."""
    try:
        return (root / "proc/sys/kernel/yama/ptrace_scope").read_text().strip()
    except OSError:
        return ""
