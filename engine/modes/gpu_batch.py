"""gpu-batch: chunks as batches of a torch kernel on one device: cuda, mps or the CPU."""

import importlib.util
from importlib import metadata
from typing import ClassVar, Self

import psutil

from engine import gpus
from engine.chunks import CACHE_BYTES, auto_size
from engine.errors import Lacking
from engine.executor import Limit
from engine.modes.sequential import Sequential

USABLE = 0.5
"""Part of the free device memory a chunk may take; the rest is for the data's own tensors and for fragmentation."""


class GpuBatch(Sequential):
    """One chunk after the other, as in sequential, but prepared for a device; the data goes there once, at set-up."""

    name: ClassVar[str] = "gpu-batch"
    summary: ClassVar[str] = "a torch kernel over big chunks on cuda, mps or cpu"
    honours: ClassVar[frozenset[str]] = frozenset({"kernel", "chunk_size", "device", "threads_per_worker"})
    on_device: ClassVar[bool] = True

    @classmethod
    def unavailable(cls) -> str | None:
        """Return why this mode cannot run here; None: it can."""
        return None if importlib.util.find_spec("torch") else "needs torch: pip install 'workbench[gpu]'"

    @classmethod
    def limit(cls) -> Limit | None:
        """Return why there is no torch or no GPU, as far as that is known without starting either."""
        if cls.unavailable():
            return Limit("torch is not installed", "pip install 'workbench[gpu]'")
        if why := gpus.why_none():
            return Limit(f"torch computes on the CPU: {why}", gpus.LIFT)
        version = metadata.version("torch")
        if gpus.names() and version.endswith("+cpu"):
            return Limit(f"torch {version} was built for the CPU alone", "install the build of torch for CUDA")
        return None

    def __enter__(self) -> Self:
        import torch

        torch.set_num_threads(self._plan.threads_per_worker)
        kernel, device = self._job.kernel, pick_device(self._plan.device)
        self._data = kernel.prepare(self._job.data, device) if kernel.prepare else self._job.data
        return self

    def _auto_size(self, tasks: int) -> int:
        return auto_size(tasks, 1, self._job.kernel, _memory_for_chunk(pick_device(self._plan.device)))


def pick_device(wanted: str) -> str:
    """Return the device to use. Raises Lacking when one was asked for by name and is not there."""
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return next(name for name, usable in there.items() if usable)
    if not there[wanted]:
        raise Lacking(f"device {wanted} is not available here; use --device {next(n for n, ok in there.items() if ok)}")
    return wanted


def _memory_for_chunk(device: str) -> int:
    """Bytes the working memory of one chunk may take on the device."""
    import torch

    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0] * USABLE)
    return int(psutil.virtual_memory().available * USABLE) if device == "mps" else CACHE_BYTES
