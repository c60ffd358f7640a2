"""Does Workbench name what was planted? Seven ways to lose time, and what the report says of each.

    python benchmarks/causes.py [--quick] [--json] [--out FILE]

Every sweep has the plan with the cause and the same plan without it, or none where the mode itself is the cause. The
cause that the report puts first has to be the planted one; its seconds are compared with the difference between the two
runs (for threads and memory: between how much each exceeds a fair share of its sequential run), which needs no clock
but the one on the wall. Factors have to multiply to the efficiency. Sweeps that something else disturbed are measured
again, up to three times. ``--quick`` takes one sweep of each, two minutes.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from overhead_arms.report import Claim, Table, claim, claim_line, progress, spread, table_lines

from engine.host import describe_host
from engine.report import SweepReport, TrialReport
from engine.request import Axis, SweepRequest
from engine.tune.sweep import sweep

SWEEPS, ATTEMPTS = 6, 3
"""Of each cause."""
RIGHT, SIZE, PRODUCT = 95, 10, 1
"""Percent of sweeps in which the cause is right; percent by which its seconds, and the factors, may be off."""
WORKERS = 2
PLANTED = str(Path(__file__).parent / "causes_arms" / "planted.py")


@dataclass(frozen=True)
class Cause:
    """One way to lose time."""

    name: str
    workload: str
    called: str
    """What the report calls it."""
    axes: dict[str, Axis]
    bad: Callable[[TrialReport], bool]
    """Whether a trial is the one with the cause."""
    wall: Callable[[TrialReport], float]
    """What the clock on the wall says of a trial, in seconds: set-up, or the first run."""
    good: Callable[[TrialReport], bool] | None = None
    """The same without it; None: there is none."""
    advice: str = ""
    """A word of the advice."""
    settings: dict[str, Axis] = field(default_factory=dict)
    beyond: bool = False
    """Whether a run counts as far as it exceeds a fair share of the sequential one."""


def _set_up(trial: TrialReport) -> float:
    return _known(trial.setup_seconds, trial)


def _run(trial: TrialReport) -> float:
    return _known(trial.first_run_seconds, trial)


def _known(seconds: float | None, trial: TrialReport) -> float:
    if seconds is None:
        raise SystemExit(f"{trial.plan} was not measured: {trial.reason}")
    return seconds


def _parallel(trial: TrialReport) -> bool:
    return trial.plan.workers == WORKERS


def _on(trial: TrialReport) -> bool:
    return _parallel(trial) and trial.plan.settings["planted"] is True


def _off(trial: TrialReport) -> bool:
    return _parallel(trial) and trial.plan.settings["planted"] is False


def _axes(mode: str, **more: Axis) -> dict[str, Axis]:
    return {"mode": (mode,), "workers": (WORKERS,), **more}


ON_OFF: dict[str, Axis] = {"planted": (False, True)}
PROCESS, POOL, THREADS = "process", "shared-memory", "thread"
CAUSES = (
    Cause("fat pickles", "FAT", "shipping data", _axes(PROCESS), _on, _set_up, _off, "400,000 entries", ON_OFF),
    Cause("one long task", "SKEW", "uneven chunks", _axes(POOL), _on, _run, _off, "split", ON_OFF),
    Cause(
        "pure Python in threads",
        "LOCKED",
        "waiting for the GIL",
        _axes(THREADS),
        _parallel,
        _run,
        None,
        "processes",
        beyond=True,
    ),
    Cause(
        "8 BLAS threads in each worker",
        "MATRICES",
        "library threads",
        _axes(POOL, threads_per_worker=(1, 8)),
        lambda trial: _parallel(trial) and trial.plan.threads_per_worker == 8,
        _run,
        lambda trial: _parallel(trial) and trial.plan.threads_per_worker == 1,
        "threads_per_worker=1",
    ),
    Cause("slow imports", "IMPORTS", "starting workers", _axes(PROCESS), _on, _set_up, _off, "import less", ON_OFF),
    Cause(
        "workers that stream memory",
        "BANDWIDTH",
        "extra CPU time per task",
        _axes(POOL),
        _on,
        _run,
        _off,
        settings=ON_OFF,
        beyond=True,
    ),
    Cause(
        "chunks of one tiny task",
        "TINY",
        "dispatch",
        _axes(PROCESS, chunk_size=(1, "auto")),
        lambda trial: _parallel(trial) and trial.plan.chunk_size == 1,
        _run,
        lambda trial: _parallel(trial) and trial.plan.chunk_size == "auto",
        "bigger chunks",
    ),
)


@dataclass
class Found:
    """What the reports say of one cause."""

    right: list[bool] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    advised: list[str] = field(default_factory=list)
    said: list[float] = field(default_factory=list)
    """Seconds, by the report."""
    really: list[float] = field(default_factory=list)
    """Seconds, by the clock on the wall."""
    off: list[float] = field(default_factory=list)
    """By how much the factors miss the efficiency, in percent."""
    disturbed: int = 0

    @property
    def sizes(self) -> list[float]:
        """Seconds said, as percent of the real ones."""
        return [100 * said / really for said, really in zip(self.said, self.really, strict=True)]


def measure(sweeps: int) -> dict[str, Found]:
    """Measure so many sweeps of each cause, in turn."""
    found = {cause.name: Found() for cause in CAUSES}
    for number in range(sweeps):
        for cause in CAUSES:
            progress(f"{cause.name}, sweep {number + 1}")
            _note(cause, found[cause.name])
    return found


def _note(cause: Cause, found: Found) -> None:
    """Run one sweep, again while something else disturbs it, and note what it says."""
    for _ in range(ATTEMPTS):
        report = _report(cause)
        if not any(each.noise and each.noise.reasons for trial in report.trials for each in trial.samples):
            break
        found.disturbed += 1
    bad = next(trial for trial in report.trials if cause.bad(trial))
    good = next((trial for trial in report.trials if cause.good and cause.good(trial)), None)
    first = bad.losses[0].cause if bad.losses else "nothing"
    found.named.append(first)
    found.advised.append(bad.losses[0].advice if bad.losses else "")
    found.right.append(first == cause.called and cause.advice in found.advised[-1])
    found.said.append(_lost(bad, cause.called) - (_lost(good, cause.called) if good else 0.0))
    found.really.append(_took(bad, cause, report) - (_took(good, cause, report) if good else 0.0))
    found.off += list(_misses(report))


def _report(cause: Cause) -> SweepReport:
    request = SweepRequest(
        workload=f"{PLANTED}:{cause.workload}", full_grid=True, blocks=1, axes=cause.axes, settings=cause.settings
    )
    events = sweep(request)
    while True:
        try:
            next(events)
        except StopIteration as stop:
            report: SweepReport = stop.value
            return report


def _took(trial: TrialReport, cause: Cause, report: SweepReport) -> float:
    """Seconds on the wall, or those beyond a fair share of what the same work takes sequentially."""
    alone = next(each for each in report.trials if _is_alone(each, trial))
    return cause.wall(trial) - (cause.wall(alone) / WORKERS if cause.beyond else 0.0)


def _is_alone(one: TrialReport, other: TrialReport) -> bool:
    return one.plan.mode == "sequential" and one.plan.settings == other.plan.settings


def _lost(trial: TrialReport, cause: str) -> float:
    return sum(loss.seconds for loss in trial.losses if loss.cause == cause)


def _misses(report: SweepReport) -> Iterator[float]:
    """By how many percent the product of a plan's factors misses its efficiency."""
    for trial in report.trials:
        if trial.factors and trial.efficiency:
            yield 100 * abs(prod(trial.factors.values()) / trial.efficiency - 1)


def claims_of(measured: dict[str, Found], quick: bool) -> list[Claim]:
    """Return what is said of naming, sizes and factors."""
    note = "one sweep each" if quick else ""
    right = [each for found in measured.values() for each in found.right]
    share = [100 * sum(right) / len(right)]
    off = [abs(median(found.sizes) - 100) for found in measured.values()]
    product = [max(miss for found in measured.values() for miss in found.off)]
    each = [
        claim(f"seconds of {name}, off by", [abs(median(found.sizes) - 100)], "%", SIZE, "at most", note)
        for name, found in measured.items()
    ]
    return [
        claim(f"the planted cause comes first, with its advice ({len(right)} sweeps)", share, "%", RIGHT, "at least"),
        claim("its seconds, off by, worst cause", [max(off)], "%", SIZE, "at most", note),
        claim("factors against efficiency, off by at most", product, "%", PRODUCT, "at most"),
        *each,
    ]


def table_of(measured: dict[str, Found]) -> Table:
    """Return one row for each cause."""
    rows = [
        (
            name,
            f"{sum(found.right)} of {len(found.right)}",
            spread(found.said),
            spread(found.really),
            spread(found.sizes),
            str(found.disturbed),
            ", ".join(sorted({word for word, right in zip(found.named, found.right, strict=True) if not right})),
        )
        for name, found in measured.items()
    ]
    header = ("planted", "named first", "s, by the report", "s, on the wall", "%", "again", "instead")
    return Table("What the report puts first", header, rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one sweep of each")
    parser.add_argument("--json", action="store_true", help="one document on standard output")
    parser.add_argument("--out", type=Path, help="write the document to this file")
    chosen = parser.parse_args()
    measured = measure(1 if chosen.quick else SWEEPS)
    claims = claims_of(measured, chosen.quick)
    document: dict[str, Any] = {"host": describe_host(), "claims": claims, "samples": measured}
    encoded = msgspec.json.format(msgspec.json.encode(document))
    if chosen.out:
        chosen.out.write_bytes(encoded)
    print(encoded.decode() if chosen.json else "\n".join([*map(claim_line, claims), *table_lines(table_of(measured))]))


if __name__ == "__main__":
    main()
