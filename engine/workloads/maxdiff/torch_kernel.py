"""The torch kernel: the searches of a chunk of simulations at once on a device, in double precision."""

from dataclasses import replace

from engine.errors import Lacking
from engine.workload import Tasks
from engine.workloads.maxdiff import batched
from engine.workloads.maxdiff.data import CACHE, MaxdiffData
from engine.workloads.maxdiff.profit import Array, Trades
from engine.workloads.maxdiff.searches import Searches, mark_kept, searches
from engine.workloads.prices import FloatArray

DEVICE_MEMORY = 1 << 28
"""Bytes of one block of surfaces on a device that is not the CPU: enough work to keep it busy."""


def prepare(data: MaxdiffData, device: str) -> Searches:
    """Copy the searches to the device. Raises Lacking on a device without double precision."""
    import torch

    if device == "mps":
        raise Lacking(
            "the torch kernel of maxdiff computes in double precision, which mps lacks; use --device cpu or cuda"
        )
    ready = searches(data)

    def moved(values: Array) -> Array:
        return torch.tensor(values, dtype=torch.float64, device=device)

    def all_moved(strategies: tuple[Trades, ...]) -> tuple[Trades, ...]:
        return tuple(trades.apply(moved) for trades in strategies)

    return replace(
        ready,
        groups=all_moved(ready.groups),
        own=all_moved(ready.own),
        later=all_moved(ready.later),
        exact=moved(ready.exact),
    )


def evaluate(data: Searches, tasks: Tasks) -> FloatArray:
    """Return the result of each simulation: [tasks, 4, 10]."""
    import torch

    with torch.inference_mode():
        memory = CACHE if data.exact.device.type == "cpu" else DEVICE_MEMORY
        results: FloatArray = batched.evaluate(torch, data, tasks, memory).cpu().numpy()
    return mark_kept(results)
