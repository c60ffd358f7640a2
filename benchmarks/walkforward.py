"""The walk-forward backtest: the vectorised kernel against the naive one, two workers against the machine's ceiling,
and what reading prices in every fold costs.

    python benchmarks/walkforward.py [--quick] [--json] [--out FILE]

Every arm is set up and run once, and its results are compared with the naive kernel's, before anything is timed. Then,
round after round, the ceiling and the arms of one kernel are measured in random order, and those of the other; ratios
are taken within a round, and their medians are claimed. Thirteen folds, of about the same length, cannot be halved: two
workers gain 13/7 = 1.86 at most. ``--quick`` takes the small size, within a minute.
"""

import argparse
import random
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import chain, product
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from straddles import Claim, claim

from engine.executor import Executor, Job
from engine.host import describe_host
from engine.measure.ceiling import Controls
from engine.measure.results import difference
from engine.modes import find_mode
from engine.plan import Plan
from engine.tune.space import check_settings
from engine.workloads.walkforward import WALKFORWARD
from engine.workloads.walkforward.formats import FORMATS, open_bars

WORKERS = 2
ROUNDS = 3
REPEATS = {"numpy": 15, "python": 1}
"""Runs of each arm in a round, by kernel; their median counts."""


@dataclass(frozen=True)
class Arm:
    """One plan."""

    kernel: str
    mode: str = "sequential"
    prices_format: str = "memory"
    features: str = "set-up"

    @property
    def name(self) -> str:
        workers = "" if self.mode == "sequential" else f" × {WORKERS}"
        return f"{self.mode}{workers}, {self.words}, {self.prices_format}"

    @property
    def words(self) -> str:
        """The kernel in words."""
        return f"{self.kernel} kernel" + (", features in every fold" if self.features == "fold" else "")

    @property
    def alone(self) -> "Arm":
        """The same, sequentially."""
        return replace(self, mode="sequential")


NAIVE, FAST = Arm("python"), Arm("numpy")
ALONE = [FAST, replace(FAST, features="fold"), NAIVE]
PARALLEL = [replace(arm, mode=mode) for arm in ALONE for mode in ("shared-memory", "process")]
READING = [Arm("numpy", prices_format=form) for form in FORMATS if form != "memory"]
ARMS = [*ALONE, *PARALLEL, *READING]


@dataclass
class Measured:
    """Seconds of every arm, by round, and what goes with them."""

    seconds: dict[Arm, list[float]] = field(default_factory=lambda: {arm: [] for arm in ARMS})
    ceiling: dict[str, list[float]] = field(default_factory=lambda: {kernel: [] for kernel in REPEATS})
    """Beside the arms of each kernel."""
    decoding: dict[str, float] = field(default_factory=dict)
    """Seconds to decode the prices once, by format."""
    error: float = 0.0
    """Largest difference of any arm's results from the naive kernel's."""

    def ratio(self, slow: Arm, fast: Arm) -> list[float]:
        return [a / b for a, b in zip(self.seconds[slow], self.seconds[fast], strict=True)]


def measure(size: str) -> Measured:
    """Set up all arms, compare their results, then time them."""
    jobs = {(arm.prices_format, arm.features): _job(size, arm) for arm in ARMS}
    measured = Measured(decoding={form: _decoding(jobs[form, "set-up"].data) for form in FORMATS})
    with ExitStack() as stack:
        controls = stack.enter_context(Controls(WORKERS))
        pools = {arm: stack.enter_context(_executor(arm, jobs[arm.prices_format, arm.features])) for arm in ARMS}
        reference = pools[NAIVE].run().results.copy()
        measured.error = max(difference(reference, pool.run().results) for pool in pools.values())
        if measured.error > WALKFORWARD.tolerance:
            raise SystemExit(f"wrong results: they differ from the naive kernel's by {measured.error:.3g}")
        for number, kernel in product(range(ROUNDS), REPEATS):
            measured.ceiling[kernel].append(controls.speedup(WORKERS))
            arms = {arm: pool for arm, pool in pools.items() if arm.kernel == kernel}
            for arm, seconds in _lap(arms, REPEATS[kernel], random.Random(number)).items():
                measured.seconds[arm].append(seconds)
    return measured


def _job(size: str, arm: Arm) -> Job:
    settings = check_settings(WALKFORWARD, {"prices_format": arm.prices_format, "features": arm.features})
    data = WALKFORWARD.load(size, **settings)
    return Job(WALKFORWARD.kernels[WALKFORWARD.naive], data, WALKFORWARD.tasks(data), WALKFORWARD.result(settings))


def _executor(arm: Arm, job: Job) -> Executor:
    workers = 1 if arm.mode == "sequential" else WORKERS
    plan = Plan(mode=arm.mode, workers=workers, kernel=arm.kernel)
    return find_mode(arm.mode)(Job(WALKFORWARD.kernels[arm.kernel], job.data, job.tasks, job.result), plan)


def _lap(pools: dict[Arm, Executor], repeats: int, rng: random.Random) -> dict[Arm, float]:
    """The median seconds of each arm over so many runs, all arms in random order each time."""
    times: dict[Arm, list[float]] = {arm: [] for arm in pools}
    for _ in range(repeats):
        for arm in rng.sample(list(pools), len(pools)):
            times[arm].append(_once(pools[arm]))
    return {arm: median(seconds) for arm, seconds in times.items()}


def _once(pool: Executor) -> float:
    begun = time.perf_counter()
    pool.run()
    return time.perf_counter() - begun


def _decoding(data: Any) -> float:
    times = []
    for _ in range(REPEATS["numpy"]):
        begun = time.perf_counter()
        open_bars(data.prices)
        times.append(time.perf_counter() - begun)
    return median(times)


def claims_of(measured: Measured, size: str, folds: int) -> list[Claim]:
    """Return what is said of the workload, with its bars."""
    claims = [
        claim(f"{size}: numpy kernel against the naive one, one core", median(measured.ratio(NAIVE, FAST)), "×", 10)
    ]
    for arm in PARALLEL:
        gained = measured.ratio(arm.alone, arm)
        parts = [gain / ceiling for gain, ceiling in zip(gained, measured.ceiling[arm.kernel], strict=True)]
        claims.append(claim(f"{size}: {arm.mode} × 2, {arm.words}: part of the ceiling", median(parts), "", 0.9))
    csv, arrow = (next(arm for arm in READING if arm.prices_format == form) for form in ("csv", "arrow"))
    naive, decoding = median(measured.seconds[NAIVE]), measured.decoding["csv"] * folds
    return [
        *claims,
        claim(f"{size}: decoding CSV in every fold, part of the naive run", decoding / naive, "", 0.05, "at most"),
        claim(f"{size}: numpy kernel, CSV against memory", median(measured.ratio(csv, FAST)), "×", 1.5),
        claim(f"{size}: numpy kernel, CSV against Arrow in place", median(measured.ratio(csv, arrow)), "×", 1.1),
        claim("largest difference between any two plans' results", measured.error, "", 1e-9, "at most"),
    ]


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the small size, within a minute")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, help="also write that document to a file")
    given = parser.parse_args()
    size = "small" if given.quick else "medium"
    measured = measure(size)
    claims = claims_of(measured, size, len(_job(size, NAIVE).tasks))
    samples = {arm.name: seconds for arm, seconds in measured.seconds.items()}
    document: dict[str, Any] = {
        "claims": claims,
        "host": describe_host(),
        "size": size,
        "seconds": samples,
        "ceiling": measured.ceiling,
        "decoding_seconds": measured.decoding,
    }
    text = msgspec.json.format(msgspec.json.encode(document), indent=1).decode()
    if given.out:
        given.out.write_text(text + "\n")
    if given.json:
        print(text)
        return
    for each in claims:
        verdict = "holds" if each.holds else "MISSED"
        print(f"{verdict:6}  {each.value:>10.4g}{each.unit:2} ({each.direction} {each.bar:g})  {each.name}")
    print(f"\nceiling of {WORKERS} copies: {median(chain(*measured.ceiling.values())):.2f}; median seconds of a run:")
    for name, seconds in samples.items():
        print(f"{median(seconds):10.4f}  {name}")


if __name__ == "__main__":
    main()
