"""Quality against speed: DIRECT with fewer evaluations, a grid, and the exact optimum in a batch.

    python benchmarks/maxdiff.py [--quick] [--json] [--out FILE]

Every way to tune the two offsets of the maxdiff workload on the same simulations, timed in one process in random order,
round after round; one core, one thread. Results are compared before any time is taken: batched kernels with the naive
one, every run with the first, and every profit with the exact optimum. Figures are medians and ranges over the rounds.
``--quick`` takes fewer simulations and one round, within a minute.
"""

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import numpy as np
from overhead_arms.disturbance import Disturbance
from overhead_arms.report import Claim, Table, claim, claim_line, number, progress, spread, table_lines

from engine.host import describe_host
from engine.threads import library_threads, limit_loaded
from engine.tune.space import check_settings
from engine.workload import Data, Tasks
from engine.workloads.maxdiff import MAXDIFF
from engine.workloads.maxdiff.result import SEARCHES, column, quality

MAXDIFF_ONLY = slice(0, 1)
"""The search the table's quality is of: MaxDiff that does not close at the end of the day."""


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    simulations: int
    rounds: int
    part: int
    """Simulations of the large job that DIRECT is timed on."""


FULL, QUICK = Scale(300, 3, 20), Scale(20, 1, 5)
LEAD = (50, 5_000)
"""Simulations of the jobs over which the batched method must keep its lead."""


@dataclass(frozen=True, eq=False)
class Arm:
    """One way to do it, on data of its own, with what was measured."""

    kernel: str
    settings: dict[str, Any]
    data: Data
    """Prepared for the kernel."""
    tasks: Tasks
    first: list[Any] = field(default_factory=list)
    """Its first results; every later run must give the same."""
    points: list[float] = field(default_factory=list)
    """Seconds per search, one for each round."""

    @property
    def name(self) -> str:
        """The method, as in the table."""
        words = [str(self.settings["method"])]
        words += [str(self.settings["maxfun"])] if words == ["direct"] else []
        words += [f"shared by {self.settings['sharing']}"] if self.settings["sharing"] != 1 else []
        return " ".join(words)

    def run(self) -> Any:
        """Compute all tasks. Raises ValueError when the results are not those of the first run."""
        results = MAXDIFF.kernels[self.kernel].function(self.data, self.tasks)
        if not self.first:
            self.first.append(results)
        if not np.array_equal(results, self.first[0]):
            raise ValueError(f"{self.name}, {self.kernel}: the results change from run to run")
        return results

    def time(self) -> None:
        """Add one point."""
        begun = time.perf_counter()
        self.run()
        self.points.append((time.perf_counter() - begun) / (len(self.tasks) * len(SEARCHES)))


def arm(kernel: str, part: int = 0, **settings: Any) -> Arm:
    """Return an arm over all tasks, or the first ``part`` of them."""
    known = check_settings(MAXDIFF, settings)
    data, chosen = MAXDIFF.load("small", **known), MAXDIFF.kernels[kernel]
    tasks = MAXDIFF.tasks(data)
    assert chosen.prepare
    return Arm(kernel, known, chosen.prepare(data, "cpu"), tasks[: part or len(tasks)])


def table_arms(simulations: int) -> list[Arm]:
    """Return the arms of the table."""
    batched = ["numpy", *(["torch"] if find_spec("torch") else [])]
    arms = [arm("python", simulations=simulations, maxfun=maxfun) for maxfun in (50, 100, 240, 500, 2000)]
    arms.append(arm("python", simulations=simulations, maxfun=200, sharing=16))
    for method in ("grid", "exact"):
        arms += [arm(kernel, simulations=simulations, method=method) for kernel in ("python", *batched)]
    return [*arms, arm("numpy", simulations=simulations, method="exact", sharing=16)]


def compare(arms: Sequence[Arm]) -> float:
    """Return by how much any profit exceeds the exact optimum, after a run of every arm. Raises ValueError for results
    of a batched kernel that are not the naive one's."""
    naive = {each.name: each.run() for each in arms if each.kernel == "python"}
    for each in (each for each in arms if each.kernel != "python"):
        same = naive.get(each.name)
        if same is not None and not np.allclose(each.run(), same, MAXDIFF.tolerance, MAXDIFF.tolerance):
            raise ValueError(f"{each.name}: the {each.kernel} kernel does not give the naive kernel's results")
    found = [each.first[0] if each.first else each.run() for each in arms]
    return max(float((column(results, "profit") - column(results, "exact")).max()) for results in found)


def interleave(arms: Sequence[Arm], rounds: int) -> None:
    """Time every arm in every round, in random order."""
    order = list(arms)
    for number_of_round in range(rounds):
        random.Random(number_of_round).shuffle(order)
        for each in order:
            progress(f"round {number_of_round + 1}: {each.name}, {each.kernel}")
            each.time()


def find(arms: Sequence[Arm], name: str, kernel: str) -> Arm:
    """Return one arm."""
    return next(each for each in arms if (each.name, each.kernel) == (name, kernel))


def times_faster(slow: Arm, fast: Arm) -> list[float]:
    """Return the ratio of seconds per search, one for each round."""
    return [one / other for one, other in zip(slow.points, fast.points, strict=True)]


def table_of(arms: Sequence[Arm]) -> Table:
    """Return quality against speed."""
    usual = find(arms, "direct 500", "python")
    header = ("method, kernel", "pairs", "ms/search", "× DIRECT 500", "profit", "uplift", "worst", "new days", "score")
    rows = []
    for each in arms:
        results = each.first[0]
        found = quality(results, MAXDIFF_ONLY)
        figures = (found.profit, found.uplift, found.worst, found.out_of_sample, quality(results).profit)
        tried = f"{median(column(results, 'evaluations')[:, 0]):.0f}"
        speed = spread(each.points, 1e-3), number(median(times_faster(usual, each)))
        rows.append((f"{each.name}, {each.kernel}", tried, *speed, *(f"{figure:.3f}" for figure in figures)))
    notes = (
        "pairs tried per search; profit, uplift over the baseline, worst simulation and profit on new days: of MaxDiff",
        "without closing at the end of the day, as parts of the exact optimum's; score: profit of all four searches.",
    )
    return Table(f"quality against speed, {len(usual.tasks)} simulations", header, rows, notes)


def lead(scale: Scale) -> Iterator[tuple[int, list[float]]]:
    """Yield, for each size of job, how many times faster the batched exact method is per simulation."""
    for simulations in LEAD:
        part = min(scale.part, simulations)
        slow = arm("python", part, simulations=simulations)
        fast = arm("numpy", simulations=simulations, method="exact")
        naive = arm("python", part, simulations=simulations, method="exact")
        if not np.allclose(fast.run()[:part], naive.run(), MAXDIFF.tolerance, MAXDIFF.tolerance):
            raise ValueError(f"the batched results over {simulations} simulations are not the naive kernel's")
        interleave((slow, fast), scale.rounds)
        yield simulations, times_faster(slow, fast)


def claims_of(arms: Sequence[Arm], leads: dict[int, list[float]], beyond: float) -> list[Claim]:
    """Return what is said of the table."""
    exact, usual = find(arms, "exact", "numpy"), find(arms, "direct 500", "python")
    shared = {each.name: quality(each.first[0], MAXDIFF_ONLY).profit for each in arms if each.settings["sharing"] != 1}
    return [
        claim("score of the batched exact method", [quality(exact.first[0]).profit], "", 0.9999995, "at least"),
        claim("most that any method earns beyond the exact optimum", [max(beyond, 0.0)], "", 1e-6, "at most"),
        claim("exact in a batch against DIRECT 500, per search", times_faster(usual, exact), "×", 100, "at least"),
        *(
            claim(f"the same over {simulations:,} simulations", points, "×", 100, "at least")
            for simulations, points in leads.items()
        ),
        *(claim(f"profit / exact optimum, {name}", [value], "", 0.9, "at most") for name, value in shared.items()),
    ]


def document_of(arms: Sequence[Arm], claims: Sequence[Claim], scale: Scale, disturbance: Disturbance) -> dict[str, Any]:
    """Return the one JSON document: claims, host, versions, what disturbed, and every sample."""
    versions = {name: metadata.version(name) for name in ("numpy", "scipy", "torch") if find_spec(name)}
    samples = [
        {
            "method": each.name,
            "kernel": each.kernel,
            "settings": each.settings,
            "seconds_per_search": each.points,
            "maxdiff": vars(quality(each.first[0], MAXDIFF_ONLY)),
            "score": quality(each.first[0]).profit,
        }
        for each in arms
    ]
    return {
        "claims": claims,
        "host": describe_host(),
        "versions": versions,
        "scale": vars(scale),
        "disturbance": disturbance.facts(),
        "samples": samples,
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer simulations and one round, within a minute")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, help="also write that document to a file")
    given = parser.parse_args()
    scale, disturbance = QUICK if given.quick else FULL, Disturbance()
    with library_threads(1):
        arms = table_arms(scale.simulations)
        limit_loaded(1)
        progress("comparing results")
        beyond = compare(arms)
        interleave(arms, scale.rounds)
        claims = claims_of(arms, dict(lead(scale)), beyond)
    disturbance.stop()
    document = document_of(arms, claims, scale, disturbance)
    text = msgspec.json.format(msgspec.json.encode(document), indent=1).decode()
    if given.out:
        given.out.write_text(text + "\n")
    lines = [*map(claim_line, claims), *table_lines(table_of(arms)), "", str(disturbance)]
    print(text if given.json else "\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
