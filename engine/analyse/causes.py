"""What a plan loses time to, each cause with its seconds and what to do about it."""

from collections.abc import Iterator

from engine.analyse.figures import Figures
from engine.analyse.words import duration
from engine.executor import Seconds
from engine.modes import find_mode
from engine.plan import Plan
from engine.report import Breakdown, TrialReport

FULL = 0.9
"""Share of the cores below which the machine itself is to blame; two copies of a loop differ by 5 % between runs."""

Cause = tuple[str, Seconds, str]
"""Name, seconds of one whole job, advice."""


def causes_of(trial: TrialReport, parts: Breakdown, figures: Figures) -> Iterator[Cause]:
    """Yield every cause there is, also those that cost nothing."""
    plan = trial.plan
    if find_mode(plan.mode).on_device:
        yield from _on_device(trial, parts, figures)
        return
    yield "shipping data", parts.ship, _shipping_advice(trial)
    yield "starting workers" if plan.workers > 1 else "set-up", parts.start, _starting_advice(plan)
    yield "uneven chunks", parts.imbalance, _uneven_advice(trial)
    yield "idle tail", parts.tail, _tail_advice(trial)
    yield "returning results", parts.transfer, _transfer_advice(plan)
    yield "dispatch", parts.dispatch, _dispatch_advice(trial, parts, figures)
    yield from _computing(trial, parts, figures)


def _on_device(trial: TrialReport, parts: Breakdown, figures: Figures) -> Iterator[Cause]:
    size, launches = trial.tasks_per_chunk or 0, "bigger chunks, or fewer and bigger operations in the kernel"
    if size and figures.tasks:
        each = duration(parts.dispatch / max(1.0, figures.tasks / size))
        launches = f"the device waits {each} for each chunk of {size:,} tasks: {launches}"
    yield "set-up", parts.start + parts.ship, ""
    yield "moving data to and from the device", parts.transfer, "keep data on the device, and return less"
    yield "launching kernels", parts.dispatch, launches


def _computing(trial: TrialReport, parts: Breakdown, figures: Figures) -> Iterator[Cause]:
    """What is lost while workers compute: waiting, and CPU time beyond what the kernel needs alone."""
    plan = trial.plan
    extra = max(0.0, parts.compute - figures.work(trial) / plan.workers)
    if figures.cores and plan.threads_per_worker > 1 and plan.workers * plan.threads_per_worker > figures.cores:
        # threads of BLAS spin while they wait for each other, so what they lose looks like computing
        yield "library threads", parts.locks + extra, _threads_advice(plan, figures.cores)
        return
    waiting = "waiting for the GIL" if plan.mode == "thread" else "waiting for a core"
    yield waiting, parts.locks, _waiting_advice(plan, parts)
    yield "extra CPU time per task", extra, _extra_advice(plan, figures)


def _shipping_advice(trial: TrialReport) -> str:
    """Names the container of objects that makes the data expensive, where there is one."""
    pool = trial.plan.mode == "process"
    if trial.data_objects:
        use = f"use {'shared-memory and ' if pool else ''}a LookupTable or arrays"
        return f"the data holds {trial.data_objects}: {use}, which workers share without a copy"
    if pool:
        where = "with the data in arrays and a big dict in a LookupTable"
        return f"use shared-memory, {where}: pickling a Python object per worker costs what it weighs"
    return "keep the data in arrays, and a big dict in a LookupTable: what is in neither is copied to each worker"


def _starting_advice(plan: Plan) -> str:
    return "keep the workers for more than one job, and import less where they start" if plan.workers > 1 else ""


def _uneven_advice(trial: TrialReport) -> str:
    if trial.tasks_per_chunk == 1:
        return "one task takes longer than a fair share of all: split it, or use fewer workers"
    return "one chunk takes longer than a fair share of all: smaller chunks, or split its longest task"


def _tail_advice(trial: TrialReport) -> str:
    if trial.tasks_per_chunk == 1:
        return "the longest tasks came late: put them first in the list of tasks"
    return "use smaller chunks, or chunk size auto, whose last chunks are small; put the longest tasks first"


def _threads_advice(plan: Plan, cores: int) -> str:
    return (
        f"BLAS and OpenMP may run {plan.threads_per_worker} threads in each of {plan.workers} workers, on "
        f"{cores} core{'' if cores == 1 else 's'}: threads_per_worker=1"
    )


def _waiting_advice(plan: Plan, parts: Breakdown) -> str:
    if plan.mode != "thread":
        return "more workers than free cores, or library threads beside them: fewer workers, threads_per_worker=1"
    share = parts.locks / max(parts.locks + parts.compute, 1e-9)
    return f"threads waited for the GIL {share:.0%} of their time: use processes, or a kernel that releases the GIL"


def _transfer_advice(plan: Plan) -> str:
    declared = "declare the form of a result, so that it comes back through shared memory"
    return f"use shared-memory and {declared}" if plan.mode == "process" else f"{declared}, or return less"


def _dispatch_advice(trial: TrialReport, parts: Breakdown, figures: Figures) -> str:
    """With the cost of one hand-out, which is what chunks are too small for."""
    size, do = trial.tasks_per_chunk or 0, "use bigger chunks, or chunk size auto"
    if not (size and figures.tasks):
        return do
    each = duration(parts.dispatch / max(1.0, figures.tasks / size))
    tasks = f"{size} task{'' if size == 1 else 's'}"
    return f"handing out {tasks} at a time costs {each}: {do}"


def _extra_advice(plan: Plan, figures: Figures) -> str:
    """What the control probes say of the machine with as many workers."""
    ceiling = figures.ceiling_of(plan.workers)
    if ceiling and ceiling.compute < FULL * plan.workers:
        gave = f"{ceiling.compute:.2f} of {plan.workers} cores"
        return f"the machine gave {gave} to independent copies of a loop too: hyperthreads, clock speed or neighbours"
    if ceiling and ceiling.bandwidth is not None and ceiling.bandwidth < FULL * plan.workers:
        return (
            f"workers share memory bandwidth, of which {plan.workers} copies got {ceiling.bandwidth:.2f} times one's: "
            "fewer workers, smaller types, or a kernel that reads its data once"
        )
    return "workers share cache, memory bandwidth and clock speed"
