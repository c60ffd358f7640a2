"""What the process of a peer does: open the pool, hold the jobs, compare results, and only then read the clock."""

import gc
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from overhead_arms import remote
from overhead_arms.peers import Arm, Peer, find_peer
from overhead_arms.work import Function


@dataclass(frozen=True)
class Job:
    """Tasks, and what they give when they are run one after the other."""

    name: str
    function: Function
    tasks: Sequence[int]
    expected: Sequence[Any]
    tables: bool
    """Each result is a table; otherwise an int."""


def sequential(name: str, function: Function, tasks: Sequence[int], tables: bool = False) -> Job:
    """Return the job with the results of the sequential loop."""
    return Job(name, function, tasks, [function(task) for task in tasks], tables)


class _Session:
    peer: Peer
    pool: Any
    jobs: dict[str, Job] = {}


def open_peer(name: str) -> None:
    """Open the pool of a peer; it is closed when the process is told to end."""
    _Session.peer = find_peer(name)
    _Session.pool = remote.closing.enter_context(_Session.peer.open())


def hold(job: Job) -> None:
    """Keep a job for the calls that follow."""
    _Session.jobs[job.name] = job


def compare(arm_name: str, job_name: str) -> None:
    """Run the job once, as warm-up, and raise ValueError unless every result is the sequential one."""
    arm, job = _Session.peer.arm(arm_name), _Session.jobs[job_name]
    results = list(_start(arm, job))  # all are kept until the last is there: a place used twice would show
    if arm.fetch:
        results = arm.fetch(_Session.pool)
    if not arm.ordered:
        results = results if job.tables else sorted(results)
    expected = job.expected if arm.ordered else sorted(job.expected) if not job.tables else job.expected
    for index, (result, right) in enumerate(zip(results, expected, strict=True)):
        if not np.array_equal(result, right):
            raise ValueError(f"{arm_name}: result {index} is not the sequential one")


def clock(arm_name: str, job_name: str) -> float:
    """Return the seconds from handing the tasks over to having seen the last result."""
    arm, job = _Session.peer.arm(arm_name), _Session.jobs[job_name]
    if arm.prepare:
        arm.prepare(_Session.pool, job.function, job.tasks)
    gc.collect()
    begun = time.perf_counter()
    seen = _drain(arm.run(_Session.pool, job.function, job.tasks, job.tables))
    seconds = time.perf_counter() - begun
    if not arm.fetch and seen != len(job.tasks):
        raise ValueError(f"{arm_name}: {seen} results for {len(job.tasks)} tasks")
    return arm.seconds(_Session.pool) if arm.seconds else seconds


def _start(arm: Arm, job: Job) -> Iterable[Any]:
    if arm.prepare:
        arm.prepare(_Session.pool, job.function, job.tasks)
    return arm.run(_Session.pool, job.function, job.tasks, job.tables)


def _drain(results: Iterable[Any]) -> int:
    count = 0
    for _ in results:
        count += 1
    return count
