"""GPUs of this machine, read from the driver's files: asking CUDA would start it in this process and spoil a fork."""

import platform
import sys
from pathlib import Path

DRIVER = "proc/driver/nvidia"
LIFT = "a machine with a GPU and its driver; in a container start it with `docker run --gpus all`"
"""What to do where there is none."""


def names(root: Path = Path("/")) -> tuple[str, ...]:
    """Return the NVIDIA GPUs that the driver knows."""
    found = []
    for information in sorted((root / DRIVER / "gpus").glob("*/information")):
        text = information.read_text(errors="replace")
        found += [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("Model")]
    return tuple(found)


def why_none(root: Path = Path("/"), system: str = "", machine: str = "") -> str:
    """Return why no GPU can be used here; empty: one can, or only torch can tell."""
    if (system or sys.platform) == "darwin":
        return "" if (machine or platform.machine()) == "arm64" else "this Mac has no Apple chip"
    if names(root) or (root / "dev/dxg").exists() or (root / "dev/kfd").exists():
        return ""
    if (root / DRIVER).exists():
        return "the NVIDIA driver sees no GPU"
    return f"no NVIDIA driver is loaded (there is no /{DRIVER})"


def elsewhere(root: Path = Path("/"), system: str = "") -> str:
    """Return which kind of GPU only torch can tell about, in words; empty: none that is known."""
    if (system or sys.platform) == "darwin":
        return "" if why_none(root, system) else "Metal, through torch"
    if (root / "dev/dxg").exists():
        return "that of Windows, through WSL"
    return "AMD, through torch for ROCm" if (root / "dev/kfd").exists() else ""
