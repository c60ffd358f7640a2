"""Write the README's table of the straddle case from benchmarks/results/straddles.json.

python benchmarks/readme.py [--check]
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import msgspec

from engine.report import SweepReport, TrialReport
from workbench.numbers import ratio, seconds, size

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "straddles.json"
BEGIN, END = "<!-- table:straddles -->\n", "<!-- end -->"
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


def rendered(readme: str) -> str:
    """Return the README's text with the table of the committed results."""
    document = msgspec.json.decode(RESULTS.read_bytes(), type=Document)
    before, rest = readme.split(BEGIN)
    return before + BEGIN + table(document.report) + END + rest.split(END, 1)[1]


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
