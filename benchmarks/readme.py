"""Write the README's tables from benchmarks/results: the straddle case, and the pool beside its peers.

python benchmarks/readme.py [--check]
"""

import argparse
import sys
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from engine.report import SweepReport, TrialReport
from workbench.words.numbers import ratio, seconds, size

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- table:{} -->\n", "<!-- end -->"
HEADER = "| prices in | kernel | mode × workers | whole job | against the baseline | steady run | efficiency | memory |"


class Document(msgspec.Struct):
    """What benchmarks/straddles.py writes, as far as the table needs it."""

    report: SweepReport
    claims: list[dict[str, Any]]


def table(report: SweepReport) -> str:
    """Return the table as Markdown, one row per measured plan, then the cause of the slowest and the ceiling."""
    lines = [HEADER, "|---|---|---|--:|--:|--:|--:|--:|"]
    lines += [_row(trial) for trial in report.trials if trial.status == "ok"]
    slowest = max(
        (t for t in report.trials if t.job_seconds), key=lambda t: t.job_seconds.median if t.job_seconds else 0
    )
    paired = "Ratios are taken block by block and are medians of their own, so they are not quotients of these medians."
    ceilings = ", ".join(f"{ratio(point.compute)} for {point.workers}" for point in report.ceiling)
    lines += ["", paired, f"The report's sentence for the slowest: *{slowest.verdict}*."]
    lines += [f"Ceiling of this machine during the sweep, in independent copies of a CPU-only loop: {ceilings}."]
    return "\n".join(lines) + "\n"


def _row(trial: TrialReport) -> str:
    plan = trial.plan
    assert trial.job_seconds
    assert trial.seconds
    assert trial.job_speedup
    cells = (
        str(plan.settings["layout"]),
        plan.kernel,
        f"{plan.mode} × {plan.workers}" if plan.workers > 1 else plan.mode,
        seconds(trial.job_seconds.median),
        ratio(trial.job_speedup.median),
        seconds(trial.seconds.median),
        f"{trial.efficiency:.0%}" if trial.efficiency is not None else "",
        size(trial.peak_memory_bytes or 0),
    )
    return f"| {' | '.join(cells)} |"


class Timed(msgspec.Struct):
    """One timed run of a way to hand tasks to a pool."""

    peer: str
    arm: str
    job: str
    block: int
    tasks: int
    seconds: float


class Recorded(msgspec.Struct):
    """A section of benchmarks/overhead.py."""

    samples: Any


class Overhead(msgspec.Struct):
    """What benchmarks/overhead.py writes, as far as the table needs it."""

    claims: list[dict[str, Any]]
    sections: dict[str, Recorded]


OWN, COPIES = "engine.pool", "bare copies"
PEER_HEADER = "| | no-op returning an int | no-op returning a 76 × 20 table | task of 0.3 ms: share of the ceiling |"


def peers_table(document: Overhead) -> str:
    """Return each library with its own best way of handing out tasks, then what the other sections found."""
    runs = [
        msgspec.convert(sample, Timed) for name in ("dispatch", "work") for sample in document.sections[name].samples
    ]
    lines = [PEER_HEADER, "|---|--:|--:|--:|"]
    for peer in dict.fromkeys([OWN, *(run.peer for run in runs if run.peer not in (f"{OWN} again", COPIES))]):
        cells = [_cost(runs, peer, job) for job in ("int", "table")]
        share = _best(runs, COPIES, "0.3 ms") / _best(runs, peer, "0.3 ms")
        lines.append(f"| {peer} | {' | '.join(cells)} | {share:.0%} |")
    return "\n".join([*lines, "", *map(_claim, document.claims)]) + "\n"


def _cost(runs: list[Timed], peer: str, job: str) -> str:
    mine, own = _best(runs, peer, job), _best(runs, OWN, job)
    return f"{seconds(mine)}" if peer == OWN else f"{seconds(mine)} ({ratio(mine / own)})"


def _best(runs: list[Timed], peer: str, job: str) -> float:
    """Return seconds per task of the peer's fastest way: the median of its blocks' medians. Ours is the automatic one,
    since that is what people get."""
    arms: dict[str, dict[int, list[float]]] = {}
    for run in runs:
        if run.peer == peer and run.job.partition(",")[0] == job and (peer != OWN or run.arm == "auto chunk"):
            arms.setdefault(run.arm, {}).setdefault(run.block, []).append(run.seconds / run.tasks)
    return min(median(map(median, blocks.values())) for blocks in arms.values())


def _claim(claim: dict[str, Any]) -> str:
    value = f"{claim['value']:.3g} {claim['unit']}".strip()
    return f"- {claim['name']}: **{value}** ({claim['low']:.3g} to {claim['high']:.3g})"


def rendered(readme: str) -> str:
    """Return the README's text with the tables of the committed results."""
    straddles = msgspec.json.decode((RESULTS / "straddles.json").read_bytes(), type=Document)
    overhead = msgspec.json.decode((RESULTS / "overhead.json").read_bytes(), type=Overhead)
    for name, text in (("straddles", table(straddles.report)), ("overhead", peers_table(overhead))):
        before, rest = readme.split(BEGIN.format(name))
        readme = before + BEGIN.format(name) + text + END + rest.split(END, 1)[1]
    return readme


def main() -> int:
    """Write the README, or say whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 if the README would change")
    check = parser.parse_args().check
    readme = ROOT / "README.md"
    text = rendered(readme.read_text())
    if check:
        return int(text != readme.read_text())
    readme.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
