"""Running a few tasks of a loaded workload in every way there is, and comparing what comes out."""

import importlib.util
import pickle
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import msgspec
import numpy as np

from engine.checking.findings import CheckEvent, CheckRequest, Finding, StepLeftOut, StepStarted, Tried
from engine.checking.parts import changed, prints, stuck_parts
from engine.chunks import explain
from engine.errors import WorkbenchError, WorkFailed
from engine.executor import Executor, Job
from engine.knob import Scalar
from engine.measure.results import difference
from engine.modes import MODES, find_mode
from engine.plan import Plan
from engine.pool.advice import unpicklable
from engine.workload import Kernel, Workload

SPARE = 2.0
"""Seconds the tried tasks may take together; where tasks are slower, fewer are tried, but two at least."""

MOST_NAMED = 5
"""Parts of one object that are named; there may be thousands for the same reason."""

START = {"process": "spawn", "shared-memory": "forkserver"}
"""What each mode is tried with: spawn asks most of the user's code, forkserver is the default."""

_NOT_EQUAL = "a result does not equal a copy of itself, so no two ways of computing it can be compared"
_BE_EQUAL = "return numbers, text, arrays, or a dataclass or dict of them"


def step(name: str, findings: Iterable[Finding]) -> Iterator[CheckEvent]:
    """Yield that a step begins, and what it found."""
    yield StepStarted(step=name)
    yield from findings


class Running:
    """A loaded workload, and what is known about it so far."""

    def __init__(self, workload: Workload, job: Job, settings: dict[str, Scalar], request: CheckRequest) -> None:
        self._workload, self._job, self._settings, self._request = workload, job, settings, request
        self._reference: Any = None
        """Results of the tried tasks, computed one at a time; None: there are none."""
        self._steady = True
        self._notes: tuple[str, ...] = ()
        """What the last executor had to say about its workers and the data."""

    def events(self, load_seconds: float) -> Iterator[CheckEvent]:
        """Yield every step after loading."""
        yield from step("pickling", self._unpicklable())
        yield from self._sequential(load_seconds)
        if self._reference is None:
            return
        for name, kernel in self._workload.kernels.items():
            if name != self._workload.naive and not kernel.device:
                yield from self._try(f"kernel {name}", find_mode("sequential"), name)
        for mode in MODES:
            if mode.name != "sequential":
                yield from self._try(mode.name, mode, self._kernel_for(mode))

    def _unpicklable(self) -> Iterator[Finding]:
        """Yield the parts of what goes to workers that cannot be pickled."""
        things = {"data": self._job.data, "tasks": self._job.tasks}
        for name, kernel in self._workload.kernels.items():
            things[f"kernels[{name!r}].function"] = kernel.function
            things[f"kernels[{name!r}].prepare"] = kernel.prepare
        for path, thing in things.items():
            yield from _stuck(thing, path, "pickling")

    def _sequential(self, load_seconds: float) -> Iterator[CheckEvent]:
        """Run a few tasks one after the other: the results that all others are compared with."""
        yield StepStarted(step="sequential")
        before, tasks = prints(self._job.data, "data"), len(self._job.tasks)
        singly = Plan(mode="sequential", kernel=self._workload.naive, chunk_size=1)
        try:
            seconds = self._shorten(singly)
            reference = self._run(singly)
        except Exception as error:  # noqa: BLE001 - the user's code, in a process of its own
            yield _broken("sequential", error)
            return
        yield Tried(
            name=self._workload.name,
            tasks=tasks,
            tried=len(self._job.tasks),
            load_seconds=load_seconds,
            task_seconds=seconds,
        )
        yield from self._written_to(before)
        if _comparable(reference):
            yield from self._unsteady(singly, reference)
        else:
            self._steady = False
            yield Finding(severity="breaks", step="sequential", what=_NOT_EQUAL, where="results", advice=_BE_EQUAL)
        yield from _stuck(list(reference), "results", "sequential")
        self._reference = reference

    def _shorten(self, plan: Plan) -> float:
        """Keep as many tasks as there is time for; return the seconds of the first."""
        tasks = self._job.tasks
        self._job = replace(self._job, tasks=tasks[:1])
        begun = time.perf_counter()
        self._run(plan)
        seconds = time.perf_counter() - begun
        fitting = int(SPARE / max(seconds, 1e-9))
        self._job = replace(self._job, tasks=tasks[: max(2, min(self._request.most, fitting))])
        return seconds

    def _written_to(self, before: dict[str, Any]) -> Iterator[Finding]:
        """Yield the parts of the data that the tasks have changed."""
        after = prints(self._job.data, "data")
        for path in islice(changed(before, after), MOST_NAMED):
            arrays = path in before and before[path].shared
            yield Finding(
                severity="breaks" if arrays else "warning",
                step="sequential",
                what=f"tasks write to {path}"
                + (", which is read-only in workers" if arrays else ", of which each worker process has a copy"),
                where=path,
                advice="write to a copy of it" if arrays else "compute it in load, or keep it out of the data",
            )

    def _unsteady(self, plan: Plan, reference: Any) -> Iterator[Finding]:
        """Yield why the same tasks do not give the same results again."""
        try:
            together = self._run(msgspec.structs.replace(plan, chunk_size="auto"))
            if not _gap(reference, together):
                return
            self._steady = False
            again = not _gap(reference, self._run(plan))
        except Exception as error:  # noqa: BLE001 - the user's code, in a process of its own
            self._steady = False
            yield _broken("sequential", error)
            return
        what = "the results of a task depend on the tasks computed with it" if again else "the results change"
        yield Finding(
            severity="breaks",
            step="sequential",
            what=f"{what}: the same tasks gave others when they were run again",
            advice="seed random numbers by the task, and keep nothing between tasks in globals or in the data",
        )

    def _kernel_for(self, mode: type[Executor]) -> str:
        """Return the first kernel that can run in a mode; empty if there is none."""
        kernels = self._workload.kernels.items()
        return next((name for name, each in kernels if each.device == mode.on_device and not self._misfit(each)), "")

    def _misfit(self, kernel: Kernel) -> str | None:
        return kernel.misfit(self._settings)

    def _try(self, step: str, mode: type[Executor], kernel: str) -> Iterator[CheckEvent]:
        """Run the tasks in a mode with a kernel and compare the results."""
        if step in self._request.leave_out:
            return
        if why := self._impossible(mode, kernel):
            yield StepLeftOut(step=step, reason=why)
            return
        yield StepStarted(step=step)
        workers = self._request.workers if "workers" in mode.honours else 1
        start: Any = START.get(mode.name, "forkserver")
        naive = kernel == self._workload.naive  # others compute a chunk at once, so they are given one
        size: Any = 1 if naive else "auto"
        plan = Plan(mode=mode.name, kernel=kernel, workers=workers, chunk_size=size, start_method=start)
        try:
            results = self._run(plan)
            gap = _gap(self._reference, results) if self._steady else 0.0
        except Exception as error:  # noqa: BLE001 - the user's code, in a process of its own
            yield _broken(step, error)
            return
        allowed = 0.0 if naive else self._workload.tolerance
        if gap > allowed:
            yield _different(step, mode, gap, allowed)
        for note in self._notes:
            yield Finding(severity="warning", step=step, what=note)

    def _impossible(self, mode: type[Executor], name: str) -> str | None:
        """Return why this cannot be tried here."""
        if not name:
            kernels = {key: each for key, each in self._workload.kernels.items() if each.device == mode.on_device}
            misfits = [f"kernel {key} {self._misfit(each)}" for key, each in kernels.items()]
            return "; ".join(misfits) or "no kernel of the workload computes on a device"
        kernel = self._workload.kernels[name]
        missing = [how for module, how in kernel.needs.items() if not importlib.util.find_spec(module)]
        return mode.unavailable() or (f"needs pip install '{missing[0]}'" if missing else self._misfit(kernel))

    def _run(self, plan: Plan) -> Any:
        """Run the tried tasks once; return results that outlive the executor."""
        job = replace(self._job, kernel=self._workload.kernels[plan.kernel])
        executor = find_mode(plan.mode)(job, plan)
        with executor:
            results = executor.run().results
            self._notes = executor.notes
            return results.copy() if isinstance(results, np.ndarray) else list(results)


def _gap(reference: Any, results: Any) -> float:
    """Return the largest difference. Raises WorkFailed for results that cannot be compared."""
    try:
        return difference(reference, results)
    except Exception as error:  # noqa: BLE001 - comparing runs the user's code
        raise WorkFailed(f"the results cannot be compared: {explain(error)}") from None


def _comparable(results: Any) -> bool:
    """Whether results equal a copy of themselves, without which no two plans can be compared."""
    try:
        copy = pickle.loads(pickle.dumps(results, protocol=5))
    except Exception:  # noqa: BLE001 - which parts of them cannot be pickled is found elsewhere
        return True
    try:
        return not difference(copy, results)
    except Exception:  # noqa: BLE001 - comparing runs the user's code
        return False


def _stuck(thing: Any, path: str, step: str) -> Iterator[Finding]:
    for found in islice(stuck_parts(thing, path), MOST_NAMED):
        what = unpicklable(found.path, found.error)
        yield Finding(severity="breaks", step=step, what=what, where=found.path)


def _broken(step: str, error: Exception) -> Finding:
    text = str(error) if isinstance(error, WorkbenchError) else explain(error)
    advice = "arrays are read-only in workers: write to a copy" if "read-only" in text else ""
    return Finding(severity="breaks", step=step, what=text, advice=advice)


def _different(step: str, mode: type[Executor], gap: float, allowed: float) -> Finding:
    """Say what results that differ from the sequential ones are likely to come from."""
    advice = {
        "sequential": "the kernels of a workload must compute the same; a larger tolerance can be stated",
        "thread": "tasks share something that threads must not share: a global, a cache, the data",
    }
    processes = "results depend on the process: a global, a seed, the order of a set, a file"
    more = f", more than {allowed:g}" if allowed else ""
    return Finding(
        severity="breaks",
        step=step,
        what=f"the results differ from the sequential ones by {gap:.3g}{more}",
        advice=advice.get(mode.name, processes),
    )
