"""One batch size of one torch kernel on one device, from set-up to steady runs; in a fresh process."""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from engine.executor import Job
from engine.knob import Scalar
from engine.measure.results import References, difference
from engine.modes import find_mode
from engine.plan import Plan
from engine.tune.space import check_settings
from engine.workload import Kernel, Workload
from engine.workloads import resolve


@dataclass(frozen=True)
class Case:
    """A workload and its size."""

    workload: str
    kernel: str
    """Of those that compute on a device."""
    size: str


@dataclass(frozen=True)
class Reference:
    """What the naive kernel computed."""

    tasks: int
    """Of the case."""
    step: int
    """It computed each so-many-th of them."""
    tasks_per_second: float


@dataclass(frozen=True)
class Batch:
    """One row of the table."""

    batch: int
    """Tasks in a batch."""
    tasks: int
    """Tasks in a run."""
    cold: float
    """Tasks per second of set-up and first run together, torch and the data being in memory."""
    warm: float
    """Tasks per second of the median later run."""
    error: float
    """Largest difference from the naive kernel's results."""


def device_kernels(workload: Workload) -> list[str]:
    """Return the kernels that compute on a device."""
    return [name for name, kernel in workload.kernels.items() if kernel.device]


def device_name() -> str:
    """Return what torch computes on, as the device calls itself; for a process of its own, since it starts CUDA."""
    import torch

    from engine.host import describe_host
    from engine.modes.gpu_batch import pick_device

    device = pick_device("auto")
    return str(torch.cuda.get_device_name()) if device == "cuda" else f"{device}: {describe_host().cpu}"


def case_of(workload: Workload, kernel: str, size: str) -> Case:
    """Return the case; without a size, of the workload's first one."""
    return Case(workload.name, kernel, size or next(iter(workload.sizes)))


def compute_reference(case: Case, folder: Path, budget: float) -> Reference:
    """Keep the naive kernel's results for as many tasks as it does in ``budget`` seconds; at least one."""
    naive = _job(case, resolve(case.workload).naive)
    count = len(naive.tasks)
    seconds = _seconds(naive, naive.tasks[:1])[0]  # pays for what is done once
    seconds, _ = _seconds(naive, naive.tasks[:1])
    step = max(1, round(count * seconds / budget))
    seconds, results = _seconds(naive, naive.tasks[::step])
    References(folder).put("naive", results)
    return Reference(count, step, len(results) / seconds)


def measure(case: Case, reference: Reference, folder: Path, batch: int, most: int) -> Batch:
    """Time one batch size over at most ``most`` batches. ``batch`` 0: what the engine would choose. Raises ValueError
    for wrong results."""
    import torch  # noqa: F401 - neither the cold nor the warm figure is about importing it

    workload, job = resolve(case.workload), _job(case, case.kernel)
    tasks = job.tasks[: batch * most] if batch else job.tasks
    plan = Plan(mode="gpu-batch", kernel=case.kernel, chunk_size=batch or "auto")
    begun = time.perf_counter()
    with find_mode(plan.mode)(Job(job.kernel, job.data, tasks, job.result), plan) as executor:
        outcome = executor.run()
        cold = time.perf_counter() - begun
        error = _error(reference, References(folder).get("naive"), outcome.results)
        if not error <= workload.tolerance:
            raise ValueError(f"wrong results: they differ from the naive kernel's by {error:.3g}")
        warm: list[float] = []
        while sum(warm) < 0.3 or len(warm) < 3:
            begun = time.perf_counter()
            executor.run()
            warm.append(time.perf_counter() - begun)
    return Batch(outcome.chunk_size, len(tasks), len(tasks) / cold, len(tasks) / median(warm), error)


def _job(case: Case, name: str) -> Job:
    """The job of a kernel with the settings of the case: what the kernel of the case requires, otherwise the usual."""
    workload = resolve(case.workload)
    kernel = workload.kernels[name]
    settings = check_settings(workload, _required(workload.kernels[case.kernel]))
    if kernel.misfit(settings):
        settings |= _required(kernel)
    data = workload.load(case.size, **settings)
    return Job(kernel, data, workload.tasks(data), workload.result(settings))


def _required(kernel: Kernel) -> dict[str, Scalar]:
    return {name: each[0] if isinstance(each, tuple) else each for name, each in kernel.requires.items()}


def _seconds(job: Job, tasks: Any) -> tuple[float, Any]:
    with find_mode("sequential")(Job(job.kernel, job.data, tasks, job.result), Plan(mode="sequential")) as executor:
        begun = time.perf_counter()
        results = executor.run().results
        return time.perf_counter() - begun, results


def _error(reference: Reference, expected: Any, results: Any) -> float:
    """Largest difference over the tasks that both computed."""
    both = results[:: reference.step]
    return difference(expected[: len(both)], both)
