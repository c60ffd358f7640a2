"""Section 5: the straddle kernel over a LookupTable instead of the dict people keep their prices in."""

import random
import time
from contextlib import ExitStack
from typing import Any

import numpy as np

from overhead_arms.peers import WORKERS
from overhead_arms.remote import RemoteFailure, fresh
from overhead_arms.report import Section, Table, claim, progress, spread
from overhead_arms.scale import Scale

_PATIENCE = 600.0
"""Seconds; making a dict of 8 million strings and a table of it takes about 30."""

_PLANS = {
    "dict, sequential": ("dict", "sequential", 1),
    "lookup, sequential": ("lookup", "sequential", 1),
    f"lookup, shared-memory x {WORKERS}": ("lookup", "shared-memory", WORKERS),
}
_DICT, _LOOKUP, _SHARED = _PLANS

Run = dict[str, float]
"""Seconds by plan, and the ceiling taken in the same round."""


def run(scale: Scale) -> Section:
    """Measure the python kernel over both layouts."""
    progress("lookup")
    missing: dict[str, str] = {}
    blocks: list[list[Run]] = []
    for _ in range(scale.blocks):
        try:
            entries, straddles = scale.tasks(8_220_000, 200_000), scale.tasks(2304, 288)
            blocks.append(fresh(_rounds, entries, straddles, scale.rounds, patience=_PATIENCE))
        except RemoteFailure as failure:
            missing["engine.LookupTable"] = f"not available ({failure})"
            break
    rounds = [each for block in blocks for each in block]
    ratios = [each[_LOOKUP] / each[_DICT] for each in rounds]
    shares = [each[_LOOKUP] / each[_SHARED] / each["ceiling"] for each in rounds]
    note = scale.unjudged(reduced=True)
    claims = [
        claim("straddles, one core: LookupTable / dict", ratios, "×", 1.3, "at most", note),
        claim(
            f"straddles over a LookupTable, {WORKERS} workers: share of the ceiling", shares, "", 0.9, "at least", note
        ),
    ]
    return Section([_table(rounds)], claims, blocks, missing)


def _table(rounds: list[Run]) -> Table:
    rows = [
        (name, spread([each[name] / each[_LOOKUP] for each in rounds]), spread([each[name] for each in rounds]))
        for name in _PLANS
        if rounds
    ]
    if rounds:
        rows.append(("ceiling of the machine", spread([1 / each["ceiling"] for each in rounds]), ""))
    return Table("Straddles, python kernel", ("", "ratio", "s"), rows, ("ratio: to the LookupTable on one core",))


def _rounds(entries: int, straddles: int, rounds: int) -> list[Run]:
    """Time every plan in every round, in random order; runs in a fresh process."""
    from engine.measure.ceiling import measure_ceiling
    from engine.modes import find_mode
    from engine.plan import Plan

    jobs = {layout: _job(layout, entries, straddles) for layout in ("dict", "lookup")}
    order = random.Random(1)
    found = []
    with ExitStack() as stack:
        executors = {}
        for name, (layout, mode, workers) in _PLANS.items():
            plan = Plan(mode=mode, workers=workers, kernel="python")
            executors[name] = stack.enter_context(find_mode(mode)(jobs[layout], plan))
        _compare(executors)
        for _ in range(rounds):
            seconds = {name: _clock(executors[name]) for name in order.sample(list(_PLANS), len(_PLANS))}
            found.append(seconds | {"ceiling": measure_ceiling(WORKERS, stream=False).compute})
    return found


def _job(layout: str, entries: int, straddles: int) -> Any:
    from engine.executor import Job
    from engine.tune.space import check_settings
    from engine.workloads import resolve

    workload = resolve("straddles")
    values = check_settings(workload, {"layout": layout, "entries": entries})
    data = workload.load("small", **values)
    return Job(workload.kernels["python"], data, workload.tasks(data)[:straddles], workload.result(values))


def _compare(executors: dict[str, Any]) -> None:
    """Run each plan once, as warm-up. Raises ValueError unless all agree bit for bit with the dict."""
    expected = None
    for name, executor in executors.items():
        results = np.array(executor.run().results)
        if expected is None:
            expected = results
        elif not np.array_equal(results, expected, equal_nan=True):
            raise ValueError(f"{name}: results differ from those over the dict")


def _clock(executor: Any) -> float:
    begun = time.perf_counter()
    executor.run()
    return time.perf_counter() - begun
