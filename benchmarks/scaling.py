"""Do the intervals of the scaling laws hold what they promise? Simulated runs of which the truth is known.

    python benchmarks/scaling.py [--quick] [--json] [--out FILE]

Each case is a law, counts of workers, blocks and noise: a speed of each block, noise of each run (as a share, normal,
in some cases growing with workers or with spikes), in one case runs that are missing, in two an overhead that the law
does not know of. In each simulation the points are fitted as in a report, and it is counted how often each 95 %
interval holds the truth: coefficients, speedups at twice and four times the most workers measured as the law gives
them, the same where they are also shown, and the peak where one is shown. The oracle is the published fit of R's
``usl`` to the SPEC SDM91 results. ``--quick`` takes a twentieth of the simulations, too few to judge each case.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata
from math import isfinite, log2
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from overhead_arms.report import Claim, Table, claim, claim_line, progress, table_lines

from engine.analyse.scaling import Points, fit_points, fit_usl
from engine.analyse.scaling.fitted import Fitted, around
from engine.analyse.scaling.laws import Law
from engine.analyse.scaling.peak import peak_of
from engine.analyse.scaling.predict import refusal
from engine.host import describe_host
from engine.report import Interval

USERS = np.array([1.0, 18, 36, 72, 108, 144, 216])
SCRIPTS = np.array([64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2])
"""Sun SPARCcenter 2000 in SPEC SDM91: users and scripts per hour (Gunther, Guerrilla Capacity Planning, 2007; data set
``specsdm91`` of R's usl)."""
PUBLISHED = Law(0.0277285, 0.0001044, 89.9952330)
"""What R's usl 3.0 prints for it: least squares of the throughput itself."""
DIGITS = (5e-8, 5e-8, 5e-6)
"""Half a unit of the last digit printed; of gamma two digits less, since the last depend on where a search stops."""

SIMULATIONS = 500


@dataclass(frozen=True)
class Case:
    """What is simulated."""

    name: str
    contention: float
    coherency: float
    workers: tuple[int, ...] = (1, 2, 4, 8)
    blocks: int = 5
    noise: float = 0.02
    """Standard deviation of the log of a run."""
    growing: float = 0.0
    """By which part of itself noise grows with each doubling of the workers."""
    spikes: float = 0.0
    """Share of the runs that take longer by 15 % on average."""
    missing: float = 0.0
    """Share of the runs that are missing."""
    overhead: float = 0.0
    """What every run with two workers or more takes longer than the law says, as a share: no law knows of it."""

    @property
    def law(self) -> Law:
        """The truth, but for the overhead."""
        return Law(self.contention, self.coherency, 0.1)

    def speedup(self, count: int) -> float:
        """Return the true speedup."""
        return self.law.speedup(count) / (1 + self.overhead * (count > 1))

    def points(self, rng: np.random.Generator) -> Points:
        """Return one simulated measurement."""
        moods = rng.normal(0.0, 0.04, self.blocks)
        return {count: self._blocks(rng, count, moods) for count in self.workers}

    def _blocks(self, rng: np.random.Generator, count: int, moods: Any) -> dict[int, float]:
        deviation = self.noise * (1 + self.growing * log2(count))
        extra = rng.normal(0.0, deviation, self.blocks)
        extra += rng.exponential(0.15, self.blocks) * (rng.random(self.blocks) < self.spikes)
        kept = rng.random(self.blocks) >= self.missing
        logs = moods + extra - np.log(self.law.throughput_at_one * self.speedup(count))
        return {block: float(np.exp(each)) for block, each in enumerate(logs) if kept[block] or block < 2}


CASES = (
    Case("ideal", 0.0, 0.0),
    Case("serial part", 0.05, 0.0),
    Case("typical", 0.05, 0.002),
    Case("typical, 3 blocks", 0.05, 0.002, blocks=3),
    Case("typical, 7 blocks", 0.05, 0.002, blocks=7),
    Case("typical, 10 blocks", 0.05, 0.002, blocks=10),
    Case("typical, noise 5 %", 0.05, 0.002, noise=0.05),
    Case("typical, growing noise", 0.05, 0.002, noise=0.01, growing=1.0),
    Case("typical, spikes", 0.05, 0.002, noise=0.01, spikes=0.1),
    Case("typical, a fifth missing", 0.05, 0.002, blocks=8, missing=0.2),
    Case("heavy contention", 0.4, 0.005),
    Case("peak at 7", 0.02, 0.02),
    Case("peak at 7, to 16", 0.02, 0.02, workers=(1, 2, 4, 8, 16)),
    Case("peak at 22, to 32", 0.05, 0.002, workers=(1, 2, 4, 8, 16, 32)),
    Case("barely coherency", 0.03, 0.0001, workers=(1, 2, 4, 8, 16)),
    Case("up to 4, quiet", 0.05, 0.001, workers=(1, 2, 3, 4), noise=0.002),
    Case("up to 4", 0.05, 0.001, workers=(1, 2, 3, 4)),
    Case("up to 4, three counts", 0.05, 0.001, workers=(1, 2, 4)),
    Case("overhead 2 % from 2 on", 0.03, 0.001, workers=(1, 2, 4, 8, 16), noise=0.01, overhead=0.02),
    Case("overhead 10 % from 2 on", 0.03, 0.001, workers=(1, 2, 4, 8, 16), noise=0.01, overhead=0.1),
    Case("slower from 2 on", 1.0, 0.05, workers=(1, 2, 3, 4)),
)


@dataclass
class Tally:
    """How often each interval held the truth, and how often there was one."""

    held: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    peaks: list[bool] = field(default_factory=list)
    """Whether a peak was shown."""

    def add(self, what: str, interval: Interval, truth: float) -> None:
        """Note one interval; a hair's breadth counts as held, since bounds are met exactly."""
        self.held[what].append(interval.low - 1e-9 <= truth <= interval.high + 1e-9)

    def coverage(self, what: str) -> float:
        """Return how often the interval held; not a number where there was none."""
        found = self.held.get(what, [])
        return sum(found) / len(found) if found else float("nan")


def simulate(case: Case, simulations: int, seed: int = 1) -> Tally:
    """Return how the intervals did in so many simulations."""
    tally = Tally()
    for number in range(simulations):
        fitted = fit_points(case.points(np.random.default_rng([seed, number])))
        assert isinstance(fitted, Fitted), fitted
        _compare(tally, fitted, case)
    return tally


def _compare(tally: Tally, fitted: Fitted, case: Case) -> None:
    truth = case.law
    if not case.overhead:
        tally.add("contention", fitted.interval("contention"), truth.contention)
        tally.add("coherency", fitted.interval("coherency"), truth.coherency)
        for times in (2, 4):
            count = times * fitted.largest
            tally.add(f"speedup × {times}", fitted.speedup(count), truth.speedup(count))
    if not case.overhead and not case.coherency:
        serial = around(fitted.amdahl.contention, fitted.serial_fraction)
        tally.add("serial fraction", serial, truth.contention)
    for times in (2, 4):
        count = times * fitted.largest
        if not refusal(fitted, count):
            tally.add(f"shown × {times}", fitted.speedup(count), case.speedup(count))
    peak, _ = peak_of(fitted)
    tally.peaks.append(peak is not None)
    if peak:
        tally.add("peak", Interval(peak[0], *peak), truth.peak_workers)


LAWS = ("contention", "coherency", "speedup × 2", "speedup × 4", "serial fraction")
SHOWN = ("shown × 2", "shown × 4", "peak")


def table_of(found: dict[Case, Tally], simulations: int) -> Table:
    """Return the coverage of every case."""
    rows = []
    for case, tally in found.items():
        cells = [_cell(tally, what, simulations) for what in (*LAWS, *SHOWN)]
        peak = f"{case.law.peak_workers:.1f}" if isfinite(case.law.peak_workers) else "none"
        rows.append((case.name, str(case.blocks), f"{case.workers[-1]}", peak, *cells))
    header = ("coverage of 95 % intervals", "blocks", "workers to", "peak", *LAWS, *SHOWN)
    notes = ("in brackets: in which part of the simulations the figure was shown, where not always",)
    return Table(f"{simulations} simulations a case", header, rows, notes)


def _cell(tally: Tally, what: str, simulations: int) -> str:
    shown = len(tally.held.get(what, []))
    if not shown:
        return "–"
    return f"{tally.coverage(what):.3f}" + (f" ({shown / simulations:.2f})" if shown < simulations else "")


def claims_of(found: dict[Case, Tally], note: str = "") -> list[Claim]:
    """Return what is said of the laws, with its bars; ``note``: why single cases are not judged."""
    return [
        *oracle_claims(),
        *(
            claim(f"coverage of {what}, over all cases", [_pooled(found.values(), what)], "", 0.90, "at least")
            for what in (*LAWS, *SHOWN)
        ),
        *(
            claim(f"coverage of {what}, worst case", [min(_each(found, what))], "", 0.90, "at least", note)
            for what in LAWS
        ),
        *(
            claim(f"reports in which {what} is wrong, worst case", [_wrong(found, what)], "", 0.10, "at most", note)
            for what in SHOWN
        ),
        claim("peaks shown where there is none", [_false_peaks(found)], "", 0.05, "at most"),
    ]


def oracle_claims() -> Iterator[Claim]:
    """Yield how far the fit is from the published one, in half units of the last digit."""
    law = fit_usl(USERS, SCRIPTS, space="linear")
    for name, digit in zip(("contention", "coherency", "throughput_at_one"), DIGITS, strict=True):
        off = abs(getattr(law, name) - getattr(PUBLISHED, name)) / digit
        yield claim(f"SPEC SDM91, {name}: off by so many half digits", [off], "", 1.0, "at most")


def _pooled(tallies: Any, what: str) -> float:
    return float(np.mean([held for tally in tallies for held in tally.held.get(what, [])]))


def _each(found: dict[Case, Tally], what: str) -> list[float]:
    return [tally.coverage(what) for tally in found.values() if tally.held.get(what)]


def _wrong(found: dict[Case, Tally], what: str) -> float:
    return max(tally.held.get(what, []).count(False) / len(tally.peaks) for tally in found.values())


def _false_peaks(found: dict[Case, Tally]) -> float:
    return max(float(np.mean(tally.peaks)) for case, tally in found.items() if case.coherency == 0)


def main() -> None:
    """Simulate, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the simulations, within a minute")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, help="also write that document to a file")
    given = parser.parse_args()
    simulations = SIMULATIONS // 20 if given.quick else SIMULATIONS
    found = {}
    for case in CASES:
        progress(case.name)
        found[case] = simulate(case, simulations)
    claims = claims_of(found, "too few simulations" if given.quick else "")
    document: dict[str, Any] = {
        "claims": claims,
        "host": describe_host(),
        "versions": {name: metadata.version(name) for name in ("numpy", "scipy")},
        "simulations": simulations,
        "samples": [
            {"case": vars(case), "held": {what: [sum(held), len(held)] for what, held in tally.held.items()}}
            for case, tally in found.items()
        ],
    }
    text = msgspec.json.format(msgspec.json.encode(document), indent=1).decode()
    if given.out:
        given.out.write_text(text + "\n")
    lines = [*map(claim_line, claims), *table_lines(table_of(found, simulations))]
    print(text if given.json else "\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
