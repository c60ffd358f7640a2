"""The straddle table: what processes, columns and shared memory do to 2,304 straddles over 8.22 million prices.

    python benchmarks/straddles.py [--quick] [--json] [--out FILE]

One sweep of profiles/straddles.toml: every plan in every block, blocks in fresh processes, results compared with the
sequential reference before any timing counts. ``--quick`` takes a table of 500,000 prices and one block.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from engine import SweepReport, load_profile, sweep
from engine.events import SweepFinished
from engine.report import TrialReport
from engine.request import with_axes
from workbench.words.format import report_lines

PROFILE = Path(__file__).parents[1] / "profiles" / "straddles.toml"


class Claim(msgspec.Struct, frozen=True):
    """One figure with its bar."""

    name: str
    value: float
    unit: str
    bar: float
    direction: str
    """``at least`` or ``at most``."""
    holds: bool


def claim(name: str, value: float, unit: str, bar: float, direction: str = "at least") -> Claim:
    """Return a claim and whether it holds."""
    holds = value >= bar if direction == "at least" else value <= bar
    return Claim(name, float(f"{value:.4g}"), unit, bar, direction, holds)


def measure(quick: bool) -> SweepReport:
    """Run the sweep, telling its progress on standard error."""
    request = load_profile(PROFILE)
    if quick:
        request = msgspec.structs.replace(with_axes(request, {}, {"entries": (500_000,)}), blocks=1)
    for event in sweep(request):
        print(".", end="", file=sys.stderr, flush=True)
        if isinstance(event, SweepFinished):
            print(file=sys.stderr)
            return event.report
    raise RuntimeError("a sweep ends with SweepFinished")


def find(report: SweepReport, mode: str, kernel: str, workers: int, layout: str) -> TrialReport:
    """Return one trial of the sweep."""
    for trial in report.trials:
        plan = trial.plan
        if (plan.mode, plan.kernel, plan.workers, plan.settings["layout"]) == (mode, kernel, workers, layout):
            return trial
    raise LookupError(f"{mode} {kernel} {workers} {layout} was not measured")


def claims_of(report: SweepReport) -> Iterator[Claim]:
    """Yield what the README says of this table."""
    baseline = find(report, "sequential", "python", 1, "dict")
    slowdowns = []
    for workers in (2, 4):
        pool = find(report, "process", "python", workers, "dict")
        slowdowns.append(job(pool) / job(baseline))
        shipping = next((loss for loss in pool.losses if loss.cause == "shipping data"), None)
        yield claim(f"{workers} processes over the dict, times slower than sequential", slowdowns[-1], "×", 10)
        yield claim(
            f"{workers} processes: share of the job lost to shipping data", shipping.share if shipping else 0, "", 0.5
        )
    yield claim("4 processes slower than 2", slowdowns[1] / slowdowns[0], "×", 1)
    ceiling = next(point.compute for point in report.ceiling if point.workers == 2)
    for kernel in ("python", "numpy"):
        alone = find(report, "sequential", kernel, 1, "columns")
        shared = find(report, "shared-memory", kernel, 2, "columns")
        gained = seconds(alone) / seconds(shared)
        yield claim(f"shared-memory × 2, {kernel} kernel: part of the machine's ceiling", gained / ceiling, "", 0.9)
    best = min((t for t in report.trials if t.plan.mode == "sequential" and t.seconds), key=seconds)
    yield claim(
        f"{best.plan.kernel} kernel, one core, against the naive one", seconds(baseline) / seconds(best), "×", 20
    )
    yield claim(
        "largest difference between any two plans' results",
        max(t.max_error or 0 for t in report.trials),
        "",
        1e-9,
        "at most",
    )


def seconds(trial: TrialReport) -> float:
    """Return the median steady run."""
    assert trial.seconds, trial.reason
    return trial.seconds.median


def job(trial: TrialReport) -> float:
    """Return the median whole job."""
    assert trial.job_seconds, trial.reason
    return trial.job_seconds.median


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smaller table and one block, within a minute or two")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, help="also write that document to a file")
    given = parser.parse_args()
    report = measure(given.quick)
    claims = list(claims_of(report))
    document: dict[str, Any] = {"claims": claims, "host": report.host, "report": report}
    text = msgspec.json.format(msgspec.json.encode(document), indent=1).decode()
    if given.out:
        given.out.write_text(text + "\n")
    if given.json:
        print(text)
        return
    for each in claims:
        verdict = "holds" if each.holds else "MISSED"
        print(f"{verdict:6}  {each.value:>10.4g}{each.unit:2} ({each.direction} {each.bar:g})  {each.name}")
    print()
    print("\n".join(report_lines(report, 140)))


if __name__ == "__main__":
    main()
