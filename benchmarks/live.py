"""The gate and the race with real runs: identical code, a planted slowdown, and a hog in the middle of a sweep.

    python benchmarks/live.py [--quick] [--json] [--out FILE]

`benchmarks/trust.py` replays thousands of made-up sweeps; here are a few real ones, of plans that count integers, on
whatever else this machine does. Each round measures three sweeps of ten blocks, of which the last takes 5 % more steps:
the first two must not differ, the last two must. Then two processes that never rest are started in the second block of
a race and stay for that block, or to the end: the recommendation must be that of the quiet race before it, and the
block must be named. ``--quick`` takes one round of three blocks, which is too few to find anything.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from overhead_arms.report import Claim, Table, claim, claim_line, progress, table_lines

from engine.analyse.comparing import compare
from engine.events import BlockFinished, BlockStarted
from engine.host import describe_host
from engine.plan import describe
from engine.report import SweepReport
from engine.request import Axis, SweepRequest
from engine.tune.sweep import sweep

ROUNDS, BLOCKS = 1, 10
SLOWDOWN = 0.05
HOGS, RACES = 2, 2
"""Processes that keep a core busy each; races of each kind."""
DISTURBED = 1
"""Block in which they start."""
PLANTED = str(Path(__file__).parent / "causes_arms" / "planted.py")
AXES: dict[str, Axis] = {"mode": ("sequential", "shared-memory"), "workers": (2,), "kernel": ("python", "numpy")}


@dataclass
class Found:
    """Verdicts of sweeps, and what races recommended."""

    same: list[str] = field(default_factory=list)
    """Verdicts on identical code."""
    slower: list[str] = field(default_factory=list)
    """Verdicts on the planted slowdown."""
    ratios: list[float] = field(default_factory=list)
    """By how much the python kernel became slower, sequentially: planted and as seen."""
    races: list[dict[str, Any]] = field(default_factory=list)


def measure(rounds: int, blocks: int, races: int) -> Found:
    """Measure rounds of three sweeps, then races with hogs."""
    found = Found()
    for number in range(rounds):
        progress(f"round {number + 1}")
        first, second = _grid(blocks), _grid(blocks)
        with _slower():
            third = _grid(blocks)
        found.same.append(compare(first, second, SLOWDOWN).verdict)
        planted = compare(second, third, SLOWDOWN)
        found.slower.append(planted.verdict)
        found.ratios += [
            each.measured.estimate - 1
            for each in planted.plans
            if each.measured and each.plan.kernel == "python" and each.plan.mode == "sequential"
        ]
    for number in range(races):
        for lasting in (False, True):
            progress(f"race {number + 1}, hogs {'to the end' if lasting else 'in one block'}")
            found.races.append(_race(lasting))
    return found


def _grid(blocks: int) -> SweepReport:
    axes: dict[str, Axis] = AXES | {"kernel": ("python",)}
    return _report(SweepRequest(workload=f"{PLANTED}:LOOPS", full_grid=True, blocks=blocks, axes=axes, goal="steady"))


@contextmanager
def _slower() -> Iterator[None]:
    os.environ["PLANTED_SLOWDOWN"] = str(SLOWDOWN)
    try:
        yield
    finally:
        del os.environ["PLANTED_SLOWDOWN"]


def _race(lasting: bool) -> dict[str, Any]:
    """Run a race alone and one with hogs; return what both recommend and which blocks the second names."""
    request = SweepRequest(workload=f"{PLANTED}:LOOPS", blocks=3, axes=AXES)
    quiet, hogged = _report(request), _report(request, hogs=True, lasting=lasting)
    return {
        "lasting": lasting,
        "quiet": describe(quiet.recommendation.plan) if quiet.recommendation else "",
        "hogged": describe(hogged.recommendation.plan) if hogged.recommendation else "",
        "named": [note for note in hogged.noise if note.startswith(f"block {DISTURBED + 1}:")],
        "noise": hogged.noise,
    }


def _report(request: SweepRequest, hogs: bool = False, lasting: bool = False) -> SweepReport:
    """Run a sweep to its end, beside hogs from the second block on."""
    events = sweep(request)
    with ExitStack() as stack:
        while True:
            try:
                event = next(events)
            except StopIteration as stop:
                report: SweepReport = stop.value
                return report
            if hogs and isinstance(event, BlockStarted) and event.block == DISTURBED:
                stack.enter_context(_hogs())
            if not lasting and isinstance(event, BlockFinished) and event.block == DISTURBED:
                stack.close()


@contextmanager
def _hogs() -> Iterator[None]:
    started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(HOGS)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def claims_of(found: Found, note: str) -> list[Claim]:
    """Return what is said of verdicts and recommendations. ``note``: why they are not judged."""
    wrong = [100 * found.same.count("slower") / len(found.same)]
    right = [100 * found.slower.count("slower") / len(found.slower)]
    kept = [100 * sum(each["quiet"] == each["hogged"] != "" for each in found.races) / len(found.races)]
    named = [100 * sum(bool(each["named"]) for each in found.races) / len(found.races)]
    return [
        claim(f'false "slower", {len(found.same)} pairs of real sweeps', wrong, "%", 1, "at most", note),
        claim(f"5 % slower found, {len(found.slower)} pairs of real sweeps", right, "%", 90, "at least", note),
        claim(f"recommendation kept beside a hog, {len(found.races)} races", kept, "%", 100, "at least"),
        claim("disturbed blocks named", named, "%", 100, "at least"),
    ]


def tables_of(found: Found) -> list[Table]:
    """Return verdicts and races."""
    pairs = [
        (str(number + 1), same, slower, f"{100 * ratio:+.1f} %")
        for number, (same, slower, ratio) in enumerate(zip(found.same, found.slower, found.ratios, strict=True))
    ]
    races = [
        ("to the end" if each["lasting"] else "one block", each["quiet"], each["hogged"], "; ".join(each["named"]))
        for each in found.races
    ]
    return [
        Table("Pairs of real sweeps", ("round", "identical", "5 % slower", "seen"), pairs),
        Table("Races beside hogs", ("hogs", "alone", "beside hogs", "said"), races),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round of three blocks, one race of each kind")
    parser.add_argument("--json", action="store_true", help="one document on standard output")
    parser.add_argument("--out", type=Path, help="write the document to this file")
    given = parser.parse_args()
    found = measure(1, 3, 1) if given.quick else measure(ROUNDS, BLOCKS, RACES)
    claims = claims_of(found, "three blocks" if given.quick else "")
    document: dict[str, Any] = {"claims": claims, "host": describe_host(), "samples": found}
    text = msgspec.json.format(msgspec.json.encode(document), indent=1).decode()
    if given.out:
        given.out.write_text(text + "\n")
    lines = [*map(claim_line, claims), *(line for table in tables_of(found) for line in table_lines(table))]
    print(text if given.json else "\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
