"""Section 4: from nothing to the first result, and from a killed worker to the one that takes its place."""

import os
import random
import signal
import threading
import time
from collections.abc import Sequence
from multiprocessing import get_start_method
from statistics import median
from typing import Any

from overhead_arms.peers import AGAIN, OWN, PEERS, find_peer, open_own
from overhead_arms.remote import RemoteFailure, fresh
from overhead_arms.report import Claim, Section, Table, claim, number, progress, spread
from overhead_arms.scale import Scale
from overhead_arms.work import TABLE, stamp, table

_KILLS = 6
"""Workers killed per process, idle and busy each."""

_TASK_LOOPS = 15_000
"""About 1 ms."""

_BEFORE_KILL = 0.05
"""Seconds of work before a busy worker is killed."""


def run(scale: Scale) -> Section:
    """Start every peer in fresh processes, in random order, then kill workers of ours."""
    progress("starts")
    starts: dict[str, list[dict[str, float]]] = {peer.name: [] for peer in PEERS if peer.name != AGAIN}
    missing: dict[str, str] = {}
    order, repeats = random.Random(1), 2 if scale.quick else 9
    for _ in range(repeats):
        for name in order.sample(list(starts), len(starts)):
            _attempt(name, starts[name], missing)
    kills = _kill_workers(scale, missing)
    return Section(
        [_table(starts), _kill_table(kills)],
        _claims(starts, kills, scale.unjudged()),
        {"starts": starts, "replacements": kills},
        missing,
    )


def _attempt(name: str, found: list[dict[str, float]], missing: dict[str, str]) -> None:
    if problem := missing.get(name) or find_peer(name).missing():
        missing[name] = problem
        return
    try:
        found.append(fresh(_first_results, name))
    except RemoteFailure as failure:
        missing[name] = f"not available ({failure})"


def _first_results(name: str) -> dict[str, float]:
    """Seconds from before the library is imported to the first result, and again for a second pool; a fresh process.

    NumPy is imported beforehand, since the caller of a backtest has it.
    """
    return {"first": _first_result(name), "second": _first_result(name)}


def _first_result(name: str) -> float:
    begun = time.perf_counter()
    peer = find_peer(name)
    with peer.open() as pool:
        results = list(peer.arms[0].run(pool, table, range(1), True))
        seconds = time.perf_counter() - begun
    if len(results) != 1 or not (results[0] == TABLE).all():
        raise ValueError("the first result is wrong")
    return seconds


def _kill_workers(scale: Scale, missing: dict[str, str]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {"idle": [], "busy": []}
    if OWN in missing:
        return found
    for _ in range(scale.blocks):
        try:
            for state, seconds in fresh(_replacements).items():
                found[state] += seconds
        except RemoteFailure as failure:
            missing[f"{OWN}: replacement"] = f"not available ({failure})"
            break
    return found


def _replacements() -> dict[str, list[float]]:
    """Seconds from SIGKILL until the replacement began its first task; runs in a fresh process."""
    with open_own() as pool:
        list(pool.map(stamp, [_TASK_LOOPS] * 20))
        idle = [_kill_idle(pool) for _ in range(_KILLS)]
        return {"idle": idle, "busy": [_kill_busy(pool) for _ in range(_KILLS)]}


def _kill_idle(pool: Any) -> float:
    """Kill an idle worker and give the pool work at once, in pieces small enough for both workers to get some."""
    known = {view.pid for view in pool.workers}
    killed = time.monotonic()
    os.kill(min(known), signal.SIGKILL)
    return _first_of_new(pool.map(stamp, [_TASK_LOOPS] * 60, chunk_size=1), known) - killed


def _kill_busy(pool: Any) -> float:
    """Kill a worker in the middle of a pass."""
    known = {view.pid for view in pool.workers}
    killed: list[float] = []

    def kill() -> None:
        killed.append(time.monotonic())
        os.kill(min(known), signal.SIGKILL)

    timer = threading.Timer(_BEFORE_KILL, kill)
    timer.start()
    began = _first_of_new(pool.map(stamp, [_TASK_LOOPS] * 300, chunk_size=1), known)
    timer.join()
    return began - killed[0]


def _first_of_new(results: Any, known: set[int]) -> float:
    news = [begun for pid, begun in results if pid not in known]
    if not news:
        raise ValueError("the killed worker was not replaced while there was work")
    return float(min(news))


def _table(starts: dict[str, list[dict[str, float]]]) -> Table:
    own = [each["first"] for each in starts[OWN]]
    rows = []
    for name, found in starts.items():
        if not found:
            continue
        first, second = ([each[which] for each in found] for which in ("first", "second"))
        ratio = number(median(first) / median(own)) if own and first else "–"
        rows.append((name, ratio, spread(first, 1e-3), spread(second, 1e-3)))
    methods = f"joblib starts by exec, mpire by fork, ours by forkserver, the others by {get_start_method()}"
    note = f"imports of the library included, NumPy in the caller not; {methods}"
    return Table("Start to first result, ms", ("", "ratio", "first pool", "second pool"), rows, (note,))


def _kill_table(kills: dict[str, list[float]]) -> Table:
    words = {"idle": "an idle worker", "busy": "a busy worker"}
    rows = [(words[state], spread(seconds, 1e-3)) for state, seconds in kills.items() if seconds]
    return Table("SIGKILL until the replacement computes its first task, ms", ("", ""), rows)


def _claims(starts: dict[str, list[dict[str, float]]], kills: dict[str, list[float]], note: str) -> Sequence[Claim]:
    first, second = ([each[which] * 1e3 for each in starts[OWN]] for which in ("first", "second"))
    replaced = {state: [each * 1e3 for each in found] for state, found in kills.items()}
    return [
        claim("first pool of a process: start to first result", first, "ms", 300, "at most", note),
        claim("second pool of a process: start to first result", second, "ms", 150, "at most", note),
        claim("an idle worker killed: replacement at work", replaced["idle"], "ms", 10, "at most", note),
        claim("a busy worker killed: replacement at work", replaced["busy"], "ms", 10, "at most", note),
    ]
