"""Section 3: 392 MB as a dict of 3,000 arrays: what one more worker costs, in time and in memory."""

import contextlib
import os
import signal
import time
from statistics import median
from typing import Any

import numpy as np
import psutil

from overhead_arms.peers import find_peer, open_own
from overhead_arms.remote import RemoteFailure, fresh
from overhead_arms.report import Section, Table, claim, number, progress, spread
from overhead_arms.scale import Scale
from overhead_arms.work import echo

_LENGTH = 16_333
"""Numbers in an array: 130,664 bytes, so 3,000 arrays are 392 MB and each is far below joblib's 1 MB threshold."""

_FURTHER = 5
"""Further workers per process."""

Data = dict[str, np.ndarray[Any, Any]]


def make_data(arrays: int) -> Data:
    """Return so many arrays by name."""
    base = np.arange(_LENGTH, dtype=np.float64)
    return {f"prices of asset {number}": base + number for number in range(arrays)}


def look(data: Data, task: int) -> float:
    """Return the sum of one array: a task that needs the data but hardly any time."""
    return float(data[f"prices of asset {task}"].sum())


def touch(data: Data, task: int) -> float:
    """Return the sum of every number: whatever is copied on reading is copied now."""
    return float(sum(array.sum() for array in data.values()))


def run(scale: Scale) -> Section:
    """Measure our pool and joblib over the same data."""
    progress("data")
    arrays = scale.tasks(3000, 300)
    own: list[dict[str, Any]] = []
    joblib: list[dict[str, Any]] = []
    missing: dict[str, str] = {}
    for _ in range(scale.blocks):
        for name, function, found in (("engine.pool", _own, own), ("joblib", _joblib, joblib)):
            if problem := missing.get(name) or find_peer(name).missing():
                missing[name] = problem
                continue
            try:
                found.append(fresh(function, arrays))
            except RemoteFailure as failure:
                missing[name] = f"not available ({failure})"
    note = scale.unjudged(reduced=True)
    claims = [
        claim("a further worker: data unpacked", [each["unpack_ms"] for each in own], "ms", 5, "at most", note),
        claim("own memory that touching every array adds", [e["added_mb"] for e in own], "MB", 20, "at most", note),
    ]
    return Section([_table(arrays, own, joblib)], claims, {"engine.pool": own, "joblib": joblib}, missing)


def _table(arrays: int, own: list[dict[str, Any]], joblib: list[dict[str, Any]]) -> Table:
    ours = [each["task_ms"] for each in own]
    theirs = [each["task_ms"] for each in joblib]
    ratio = number(median(theirs) / median(ours)) if ours and theirs else "–"
    rows = [("engine.pool, a task that reads one array", "1", spread(ours), "ms")] if ours else []
    rows += [("joblib, the same", ratio, spread(theirs), "ms")] if theirs else []
    facts = {
        "unpack_ms": ("engine.pool, a further worker: data unpacked", "ms"),
        "start_ms": ("engine.pool, a further worker: from its start to its own code (fork)", "ms"),
        "uss_mb": ("engine.pool, own memory (USS) of a worker that touched every array", "MB"),
        "plain_uss_mb": ("engine.pool, own memory of a worker without data", "MB"),
        "pack_s": ("engine.pool, opening the pool: packing included", "s"),
    }
    rows += [(words, "", spread([each[name] for each in own]), unit) for name, (words, unit) in facts.items() if own]
    return Table(f"{arrays * _LENGTH * 8 / 1e6:.0f} MB as {arrays:,} arrays in a dict", ("", "ratio", "", ""), rows)


def _own(arrays: int) -> dict[str, Any]:
    """Facts about our pool over the data; runs in a fresh process."""
    data = make_data(arrays)
    begun = time.perf_counter()
    with open_own(data=data) as pool:
        opened = time.perf_counter() - begun
        _check(list(pool.map(look, range(arrays))), data)
        begun = time.perf_counter()
        list(pool.map(look, range(arrays)))
        per_task = (time.perf_counter() - begun) / arrays
        views = [_replaced(pool) for _ in range(_FURTHER)]
        _touch_in_every_worker(pool, sum(float(array.sum()) for array in data.values()))
        uss = _uss(pool)
    with open_own() as pool:
        list(pool.map(echo, range(100), chunk_size=1))
        plain = _uss(pool)
    return {
        "unpack_ms": median(view.unpack for view in views) * 1e3,
        "start_ms": median(view.start for view in views) * 1e3,
        "unpack_raw_ms": [view.unpack * 1e3 for view in views],
        "uss_mb": uss,
        "plain_uss_mb": plain,
        "added_mb": uss - plain,
        "task_ms": per_task * 1e3,
        "pack_s": opened,
    }


def _check(results: list[float], data: Data) -> None:
    if results != [float(array.sum()) for array in data.values()]:
        raise ValueError("results are not the sequential ones")


def _replaced(pool: Any) -> Any:
    """Kill one worker and return what the shared counters say of the one that takes its place."""
    before = pool.workers[0].pid
    with contextlib.suppress(ProcessLookupError):
        os.kill(before, signal.SIGKILL)
    list(pool.map(look, range(1)))
    view = pool.workers[0]
    if view.pid == before:
        raise ValueError("the killed worker was not replaced")
    return view


def _touch_in_every_worker(pool: Any, total: float) -> None:
    """Make both workers read everything: a page that one process alone has mapped would count as its own."""
    before = [view.tasks for view in pool.workers]
    for _ in range(20):
        if list(pool.map(touch, range(4), chunk_size=1)) != [total] * 4:
            raise ValueError("the data in the worker is not the data")
        if all(view.tasks > tasks for view, tasks in zip(pool.workers, before, strict=True)):
            return
    raise ValueError("one worker did all the tasks")


def _uss(pool: Any) -> float:
    """Own memory of the first worker in MB."""
    return float(psutil.Process(pool.workers[0].pid).memory_full_info().uss) / 1e6


def _joblib(arrays: int) -> dict[str, Any]:
    """Time per task of joblib when the data is an argument; runs in a fresh process."""
    from joblib import delayed

    data = make_data(arrays)
    tasks = range(min(arrays, 6))
    job = delayed(look)
    with find_peer("joblib").open() as pool:
        _check(pool(job(data, task) for task in tasks), {name: data[name] for name in list(data)[: len(tasks)]})
        begun = time.perf_counter()
        pool(job(data, task) for task in tasks)
        return {"task_ms": (time.perf_counter() - begun) / len(tasks) * 1e3}
