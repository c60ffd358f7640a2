"""The measuring process: one request on standard input, events on standard output, one line of JSON each.

It loads the data once and measures every plan it is given, in the order given. Standard output belongs to the events;
whatever the user's code prints goes to standard error instead.
"""

import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec.structs import replace

from engine.chunks import explain
from engine.errors import Lacking, WorkbenchError
from engine.events import (
    AnyEvent,
    CeilingMeasured,
    ControlMeasured,
    DataLoaded,
    Event,
    Failed,
    Sample,
    TrialDisturbed,
    TrialFailed,
    TrialFinished,
    TrialStarted,
    write_all,
)
from engine.executor import Job
from engine.host import memory_bytes
from engine.knob import Scalar
from engine.loading import biggest_container, load, weigh
from engine.measure.ceiling import measure_ceiling, measure_control
from engine.measure.noise import Sensing, Sensors
from engine.measure.results import References
from engine.measure.room import no_room
from engine.measure.sample import draw, mix, part_sizes, share
from engine.measure.trial import Trial, measure
from engine.modes import find_mode
from engine.modes.gpu_batch import pick_device
from engine.plan import Plan
from engine.pool.lifeline import die_with_parent, end_group_with
from engine.report import Noise, Status
from engine.workload import Data, Kernel, Tasks
from engine.workloads import resolve


class BlockRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What one measuring process has to do. All its plans have the same settings."""

    block: int
    workload: str
    tasks: str = ""
    data: str = ""
    size: str
    settings: dict[str, Scalar]
    plans: tuple[tuple[int, Plan], ...]
    """Index in the sweep, and plan, in the order in which to measure."""
    references: str
    """Folder for the results that others are compared with."""
    weigh: bool = False
    """Count and hash the serialised data."""
    data_bytes: int = 0
    """What an earlier block counted."""
    sample: int = 0
    """Tasks to measure; 0: all."""
    typical: dict[int, Noise] = {}
    """By index in the sweep: what usually goes on while a plan is measured, where earlier blocks tell."""
    most_workers: int = 0
    """Where work is to grow with workers, the most of them: each plan is also timed on its share of the tasks, as many
    for each of its workers as that many have. 0: it is not."""
    accept_noise: bool = False
    """Measure once, and let it count whatever else goes on."""
    watch: bool = True
    """Do one more run of each plan to see what memory it needs at most."""


class LoopRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Work to be done again and again, for a sampler to look at."""

    workload: str
    tasks: str = ""
    data: str = ""
    size: str
    plan: Plan
    seconds: float


def measure_block(request: BlockRequest) -> Iterator[AnyEvent]:
    """Load the data, then measure each plan. A plan that fails is an event; the others go on."""
    workload = resolve(request.workload, request.tasks, request.data)
    begun = time.perf_counter()
    data, tasks = load(workload, request.size, request.settings)
    seconds = time.perf_counter() - begun
    all_tasks = len(tasks)
    tasks = draw(tasks, request.sample, request.block) if request.sample else tasks
    parts = part_sizes(len(tasks)) if len(tasks) < all_tasks else ()
    if request.most_workers:
        tasks = mix(tasks, request.most_workers)
    weight, digest = weigh(data) if request.weigh else (request.data_bytes, "")
    yield DataLoaded(
        block=request.block,
        plan=request.plans[0][0],
        tasks=len(tasks),
        all_tasks=all_tasks if parts else 0,
        seconds=seconds,
        data_bytes=weight,
        data_hash=digest,
        objects=biggest_container(data) if request.weigh else "",
    )
    yield ControlMeasured(block=request.block, seconds=measure_control())
    references, imported, looked = References(Path(request.references)), set[str](), set[int]()
    attempts = Attempts(accept_all=request.accept_noise)
    with Sensors() as sensors:
        for index, plan in request.plans:
            if why := no_room(plan, weight, memory_bytes()):
                yield TrialFailed(block=request.block, plan=index, status="unavailable", reason=why)
                continue
            if plan.workers > 1 and plan.workers not in looked:
                looked.add(plan.workers)
                yield _measure_ceiling(request.block, plan.workers)
            yield TrialStarted(block=request.block, plan=index)
            if plan.kernel not in imported:
                _import_kernel(workload.kernels[plan.kernel], plan, data, tasks)
                imported.add(plan.kernel)
            job = Job(workload.kernels[plan.kernel], data, tasks, workload.result(plan.settings), weight)
            shorter = (share(len(tasks), plan.workers, request.most_workers),) if request.most_workers else parts
            trial = Trial(request.block, index, plan, workload, job, shorter, request.typical.get(index), request.watch)
            yield from _measure_one(trial, references, sensors, attempts)


def _measure_ceiling(block: int, workers: int) -> CeilingMeasured:
    """Measure in every block, since what the machine gives changes from minute to minute; a second before each plan
    would take longer than most plans."""
    ceiling = measure_ceiling(workers)
    return CeilingMeasured(block=block, workers=workers, speedup=ceiling.compute, bandwidth=ceiling.bandwidth)


def _import_kernel(kernel: Kernel, plan: Plan, data: Data, tasks: Tasks) -> None:
    """Compute one task with a kernel, untimed and unchecked.

    Kernels import their libraries when first called. Whichever plan came first would pay 100 ms for SciPy or 1 s for
    torch, and the next would not. Worker processes pay for their own imports, as they do in production.
    """
    with contextlib.suppress(Exception, SystemExit):  # what fails here fails in the trial too, and is reported there
        device = pick_device(plan.device) if kernel.device else "cpu"
        ready = kernel.prepare(data, device) if kernel.prepare else data
        kernel.function(ready, tasks[:1])


def _measure_one(trial: Trial, references: References, sensors: Sensing, attempts: "Attempts") -> Iterator[AnyEvent]:
    """Measure a plan, and again while something else disturbs it."""
    while True:
        gc.collect()  # garbage of the previous plan must not be collected inside this one's runs
        try:
            sample = attempts.judge((yield from measure(trial, references, sensors)))
        except WorkbenchError as error:
            status: Status = "unavailable" if isinstance(error, Lacking) else "failed"
            yield TrialFailed(block=trial.block, plan=trial.index, status=status, reason=str(error))
            return
        except Exception as error:  # noqa: BLE001 - set-up runs the user's code and the system's
            yield TrialFailed(block=trial.block, plan=trial.index, status="failed", reason=explain(error))
            return
        if attempts.enough(sample):
            yield TrialFinished(block=trial.block, plan=trial.index, sample=sample)
            return
        yield TrialDisturbed(block=trial.block, plan=trial.index, sample=sample)


class Attempts:
    """How often plans are measured again in one process."""

    MOST = 3
    """Measurements of a plan in a block."""
    LASTING = 2
    """Plans that were disturbed every time, after which what disturbs is taken to last, and nothing is repeated."""
    LONGEST = 10.0
    """Seconds of a whole job above which it is not repeated at once."""

    def __init__(self, accept_all: bool = False) -> None:
        self._accept_all = accept_all
        self._made, self._lasting = 0, 0

    def judge(self, sample: Sample) -> Sample:
        """Return the sample, without the reasons against it where all are accepted."""
        if not self._accept_all or sample.noise is None:
            return sample
        return replace(sample, noise=replace(sample.noise, reasons=()))

    def enough(self, sample: Sample) -> bool:
        """Whether this sample of a plan is its last in this block."""
        self._made += 1
        if sample.undisturbed:
            self._made = self._lasting = 0
            return True
        if self._made < self.MOST and self._lasting < self.LASTING and sample.job_seconds < self.LONGEST:
            return False
        self._lasting += self._made == self.MOST
        self._made = 0
        return True


def work_under_capture(run: Callable[[], Any], seconds: float) -> None:
    """Run again and again until the time is up: the frame below which a sampler finds the work."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        run()


def loop(request: LoopRequest) -> Iterator[AnyEvent]:
    """Load the data and work for a while; no events but the data's."""
    workload, plan = resolve(request.workload, request.tasks, request.data), request.plan
    begun = time.perf_counter()
    data, tasks = load(workload, request.size, plan.settings)
    yield DataLoaded(block=0, plan=0, tasks=len(tasks), seconds=time.perf_counter() - begun)
    job = Job(workload.kernels[plan.kernel], data, tasks, workload.result(plan.settings))
    executor = find_mode(plan.mode)(job, plan)
    with executor:
        work_under_capture(executor.run, request.seconds)


def serve(work: Callable[[Any], Iterator[Event]], kind: type[msgspec.Struct]) -> int:
    """Read one request, do the work and write its events; return the exit code. An error becomes a Failed event."""
    stream = take_standard_output()
    hold_on_to_parent()
    request = msgspec.json.decode(sys.stdin.buffer.readline(), type=kind)
    try:
        write_all(stream, work(request))
    except WorkbenchError as error:
        write_all(stream, [Failed(message=str(error), exit_code=error.exit_code)])
        return error.exit_code
    return 0


def take_standard_output() -> IO[bytes]:
    """Keep standard output for events; the user's prints go to standard error from here on."""
    stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return stream


def hold_on_to_parent() -> None:
    """End this process and its group when the parent goes, without a thread where the system can do it."""
    if sys.platform == "linux":
        die_with_parent(signal.SIGTERM)
    else:
        end_group_with(0)
