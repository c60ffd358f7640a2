"""Running a workload with a tuned config: the plan where it fits, a safe one where it does not."""

import time
import warnings
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.chunks import explain
from engine.errors import RequestError, WorkbenchError, WorkFailed
from engine.executor import Executor, Job
from engine.host import describe_host
from engine.loading import load, weigh
from engine.modes import find_mode
from engine.plan import Plan, describe
from engine.production.config import TunedConfig
from engine.production.pace import Pace
from engine.production.results import check_out, write_results
from engine.report import Host
from engine.run_events import RunEnded, RunEvent, RunStarted, TasksLoaded
from engine.threads import library_threads
from engine.tune.space import check_settings, check_size
from engine.workload import Workload
from engine.workloads import resolve

_COMPARED = ("cpu", "physical_cores", "usable_cores", "memory_bytes", "gpus", "system", "python", "gil")

OTHER_DATA = "the data differs from what the plan was tuned on: right results, perhaps no longer the best plan"


class TunedConfigWarning(UserWarning):
    """The config was tuned for something else than what is here."""


@dataclass(frozen=True)
class Choice:
    """The plan to run, and why it is not the tuned one if it is not."""

    plan: Plan
    notes: tuple[str, ...]


def choose(config: TunedConfig, host: Host | None = None) -> Choice:
    """Return the tuned plan on the host it was tuned on, and elsewhere a safe one with a note for each difference.

    Safe is: sequential, the same kernel if it needs no device, else the naive one. It is never slower than it was.
    """
    workload = resolve(config.workload, config.tasks, config.data)
    differences = compare_hosts(config.host, host or describe_host())
    why_not = find_mode(config.plan.mode, "plan.mode").unavailable()
    if why_not:
        differences.append(f"{config.plan.mode} is not available here: {why_not}")
    if not differences:
        return Choice(config.plan, ())
    plan = safe_plan(workload, config.plan)
    fallback = f"so the safe plan is used instead of the tuned one: {describe(plan)}"
    return Choice(plan, (*differences, fallback))


def compare_hosts(tuned: Host, here: Host) -> list[str]:
    """Return one line for each fact that differs between the host of a config and this one."""
    return [
        f"{name.replace('_', ' ')}: tuned on {getattr(tuned, name)}, here {getattr(here, name)}"
        for name in _COMPARED
        if getattr(tuned, name) != getattr(here, name)
    ]


def safe_plan(workload: Workload, plan: Plan) -> Plan:
    """Return the sequential plan with the same settings; its kernel is the plan's own unless that needs a device."""
    kernel = plan.kernel
    if workload.kernels[kernel].device:
        fitting = [
            name for name, each in workload.kernels.items() if not each.device and not each.misfit(plan.settings)
        ]
        kernel = fitting[-1] if fitting else workload.naive
    return Plan(mode="sequential", kernel=kernel, settings=plan.settings, threads_per_worker=plan.threads_per_worker)


def run(config: TunedConfig, *, check_data: bool = True) -> Any:
    """Run the workload of a tuned config and return its results in task order.

    Args:
        config: from ``load_config``.
        check_data: warn when the data is not what the plan was tuned on; hashing costs about 1 s per GB of arrays.

    Returns:
        An array [tasks, *shape] where the workload declares its result, else a list.

    Warns with TunedConfigWarning on another machine, where a safe plan is used, and for other data. Raises TaskFailed,
    WorkFailed. In a script, call it below ``if __name__ == "__main__":``, because worker processes import the script.
    """
    with closing(running(config, check_data=check_data)) as events:
        while True:
            try:
                event = next(events)
            except StopIteration as end:
                return end.value
            for note in event.notes if isinstance(event, RunStarted | TasksLoaded) else ():
                warnings.warn(note, TunedConfigWarning, stacklevel=2)


def running(config: TunedConfig, *, check_data: bool = True, out: Path | None = None) -> Generator[RunEvent, None, Any]:
    """Do the same as ``run`` and yield what happens, up to RunEnded; return the results.

    ``out``: write them there as well. Notes come as events and not as warnings. Closing it ends the workers and leaves
    nothing; a chunk that a thread or this process is at is waited for. Raises what ``run`` raises, and RequestError for
    an ``out`` that cannot be written, before anything is run.
    """
    begun = time.perf_counter()
    if out is not None:
        check_out(out)
    host = describe_host()
    choice = choose(config, host)
    plan = choice.plan
    why = choice.notes[-1] if choice.notes else config.evidence.reason
    yield RunStarted(workload=config.workload, size=config.size, plan=plan, because=why, notes=choice.notes, host=host)
    job = prepare_job(config, plan)
    notes = (OTHER_DATA,) if check_data and config.data_hash and weigh(job.data)[1] != config.data_hash else ()
    yield TasksLoaded(tasks=len(job.tasks), seconds=time.perf_counter() - begun, notes=notes)
    with _executing(job, plan) as executor, closing(executor.steps(often=True)) as steps:
        pace = Pace(len(job.tasks), begun, lambda: executor.hands)
        results = yield from pace.tell(steps)
        rate = pace.rate
    if out is not None:
        write_results(results, job.tasks, out)
    seconds = time.perf_counter() - begun
    yield RunEnded(done=pace.done, failed=pace.failed, seconds=seconds, rate=rate, out=str(out or ""))
    return results


def prepare_job(config: TunedConfig, plan: Plan) -> Job:
    """Load the data of a config. Raises RequestError when the config names what the workload does not have."""
    workload = resolve(config.workload, config.tasks, config.data)
    size = check_size(workload, config.size)
    settings = check_settings(workload, plan.settings)
    if plan.kernel not in workload.kernels:
        raise RequestError(f"{workload.name} has no kernel {plan.kernel!r}; it has {', '.join(workload.kernels)}")
    data, tasks = load(workload, size, settings)
    return Job(workload.kernels[plan.kernel], data, tasks, workload.result(settings))


@contextmanager
def _executing(job: Job, plan: Plan) -> Iterator[Executor]:
    """Set up, and tear down in the end. Raises WorkFailed where the user's own code cannot be set up."""
    executor = find_mode(plan.mode)(job, plan)
    with library_threads(plan.threads_per_worker), ExitStack() as stack:
        try:
            stack.enter_context(executor)
        except WorkbenchError:
            raise
        except Exception as error:  # a kernel's prepare is the user's code
            raise WorkFailed(f"{plan.mode}: set-up failed: {explain(error)}") from error
        yield executor
