"""What a run on a torch device consists of: kernels, copies, and the time in which the device waits for Python."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Span = tuple[float, float]
"""Begin and end, in any unit."""

_COPIES = ("Memcpy", "Memset", "aten::to", "aten::_to_copy", "aten::copy_")
"""How the profiler calls what moves data: the first two on CUDA, the others on the CPU, where nothing has to move."""


@dataclass(frozen=True)
class DeviceShares:
    """Parts of the time inside the kernel function, 0 to 1; they add up to 1."""

    kernel: float
    """The device computed."""
    transfer: float
    """It only copied, to or from the device or on it."""
    launch: float
    """It had nothing to do: Python was launching, or doing something else."""


def device_shares(run: Callable[[], Any], device: str) -> DeviceShares | None:
    """Run once more under torch's profiler and return what it saw; None for a device it does not see, such as mps.

    The profiler makes every launch slower, so the shares say too much rather than too little of launching. It is never
    a run that is timed. On the CPU an operation is its own launch; what lies between operations is Python.
    """
    from torch.profiler import ProfilerActivity, profile

    activities = {"cuda": [ProfilerActivity.CPU, ProfilerActivity.CUDA], "cpu": [ProfilerActivity.CPU]}.get(device)
    if activities is None:
        return None
    with profile(activities=activities) as profiler:
        begun = time.perf_counter()
        run()
        seconds = time.perf_counter() - begun
    work = [each for each in profiler.events() or () if _on_device(each, device)]
    spans = [(each.name.startswith(_COPIES), (each.time_range.start, each.time_range.end)) for each in work]
    return shares_of(
        [span for copies, span in spans if not copies], [span for copies, span in spans if copies], seconds * 1e6
    )


def _on_device(event: Any, device: str) -> bool:
    """Whether it is work of the device, and not part of other work."""
    if device == "cuda":
        return bool(event.device_type.name == "CUDA")
    return event.cpu_parent is None and event.name.startswith("aten::")


def shares_of(kernels: Iterable[Span], copies: Iterable[Span], whole: float) -> DeviceShares:
    """Return the shares of so long a run. Where both go on at once, it counts as computing."""
    kernels = list(kernels)
    computing = covered(kernels)
    busy = covered([*kernels, *copies])
    whole = max(whole, busy, 1e-9)
    return DeviceShares(computing / whole, (busy - computing) / whole, (whole - busy) / whole)


def covered(spans: Iterable[Span]) -> float:
    """Return how much of the time lies in at least one of the spans."""
    total, reached = 0.0, float("-inf")
    for begun, end in sorted(spans):
        total += max(0.0, end - max(begun, reached))
        reached = max(reached, end)
    return total
