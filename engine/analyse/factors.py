"""Efficiency as a product of named factors, after the efficiency model of the POP centre of excellence.

Everything a plan does is cut down step by step: the whole, without starting workers, without shipping data, and so on
down to the CPU seconds of the kernel. Each step's factor is what is left over what there was, compared with the same
step of the same kernel run sequentially; the last is the CPU time the kernel needs alone over what all workers needed
together. All other terms cancel, so the factors multiply to the efficiency whatever was measured (co-design.pop-coe.eu,
Rosas, Gimenez and Labarta, Scalability prediction for fundamental performance factors, 2014).
"""

from collections.abc import Mapping
from math import log, prod

from engine.report import Breakdown

STEPS: tuple[tuple[str, str], ...] = (
    ("start-up", "start"),
    ("shipping", "ship"),
    ("dispatch", "dispatch"),
    ("transfer", "transfer"),
    ("idle tail", "tail"),
    ("load balance", "imbalance"),
    ("waiting", "locks"),
)
"""Each factor with the part of the breakdown that it is about, in the order in which they are taken away."""

COMPUTE = "compute"
"""The last factor: CPU seconds per task against the same kernel alone; caches, bandwidth and clock make it fall."""

KERNEL = "kernel"

_LEAST = 1e-9
"""Seconds below which a clock says nothing."""


def factors_of(parts: Breakdown, alone: Breakdown, workers: int) -> dict[str, float]:
    """Return the factors whose product is total(alone) / (workers × total(parts)).

    ``alone``: the breakdown of the same kernel and settings run sequentially. Steps that take no time in either are
    left out. Each factor is positive; above 1 the plan does better than the sequential run there.
    """
    mine, reference = _steps(parts), _steps(alone)
    found = {name: mine[name] / reference[name] for name, _ in STEPS if (mine[name], reference[name]) != (1.0, 1.0)}
    return found | {COMPUTE: max(alone.compute, _LEAST) / (workers * max(parts.compute, _LEAST))}


def factors_on_device(parts: Breakdown) -> dict[str, float]:
    """Return the factors of a run on a device, whose product is the part of it in which the device computed.

    After the device branch of TALP (Barcelona Supercomputing Center, DLB user guide): transfer, launch (orchestration)
    and kernel. There is no sequential run of such a kernel to compare it with, so the kernel itself loses nothing.
    """
    whole = total(parts)
    after = max(whole - parts.transfer, parts.compute, _LEAST)
    return {"transfer": after / whole, "launch": max(parts.compute, _LEAST) / after, KERNEL: 1.0}


def matched(factors: Mapping[str, float], efficiency: float) -> dict[str, float]:
    """Return the factors with a product of exactly this efficiency.

    A breakdown is that of one run; the efficiency is a median over blocks, paired. What lies between them is the speed
    of the machine in those blocks, so it goes into the CPU seconds per task.
    """
    return {**factors, COMPUTE: factors[COMPUTE] * efficiency / prod(factors.values())}


def _steps(parts: Breakdown) -> dict[str, float]:
    """What each step leaves, as a share of what there was before it."""
    left, found = total(parts), {}
    for name, part in STEPS:
        rest = max(left - getattr(parts, part), parts.compute, _LEAST)
        found[name] = rest / left if left > _LEAST else 1.0
        left = rest
    # rounding of sums may leave a breath more than the kernel's own time; it belongs to the last step
    found[STEPS[-1][0]] *= max(parts.compute, _LEAST) / left
    return found


def total(parts: Breakdown) -> float:
    """Return the seconds that the parts add up to."""
    return max(float(sum(getattr(parts, name) for name in parts.__struct_fields__)), _LEAST)


def shares(factors: Mapping[str, float]) -> dict[str, float]:
    """Return the part of the loss that each factor is to blame for, ln f / ln product; they add up to 1.

    Empty where nothing is lost. A factor above 1 has a negative share: it made good what others lost.
    """
    whole = sum(log(factor) for factor in factors.values())
    return {name: log(factor) / whole for name, factor in factors.items()} if whole < -1e-12 else {}
