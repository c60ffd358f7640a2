"""Does looking at a sweep change it? The same sweep on the screen, line by line, and with nothing shown at all.

    python benchmarks/observer.py [--quick] [--json] [--out FILE]

A round runs the sweep three ways, in an order that is mirrored in the next round: the screen on a pseudo-terminal,
``workbench sweep --plain``, and ``workbench sweep --json`` with its words thrown away. A steady run is counted in
control loops of its own block, an integer loop that the sweep times beside every plan: a shared machine that runs at
another speed for a minute has moved single ratios between 0.64 and 2.1. Every plan is compared with the headless one of
the same round. It holds when the median ratio is within 1 % of 1, or when the 95 % interval over rounds holds 1.
``--quick`` takes two rounds, which proves nothing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from overhead_arms.report import Claim, Table, claim_line, progress, table_lines

from engine.host import describe_host
from engine.measure.statistics import coverage, paired_ratio
from engine.plan import describe
from engine.report import SweepReport, TrialReport
from engine.request import SweepRequest
from workbench.lag import on_terminal
from workbench.tui.entries import command_line

ROUNDS, FEW = 12, 2
BLOCKS = 1
BAR = 0.01
WORKERS = 2
SCREEN = (120, 40)

REQUEST = SweepRequest(
    workload="fixed_cost",
    axes={
        "mode": ("sequential", "thread", "process", "shared-memory", "gpu-batch"),
        "workers": (WORKERS,),
        "kernel": ("python", "torch"),
        "device": ("cpu",),
    },
    settings={"tasks": (200,), "work": (20_000,)},
    blocks=BLOCKS,
    full_grid=True,
    accept_noise=True,
)
"""Every mode; noise counts, since it meets all three alike, and repeating would hide what the screen does."""


def on_the_screen(folder: Path) -> SweepReport:
    """Run the sweep in the terminal UI, to its end."""
    command = [sys.executable, "-P", "-m", "workbench.tui.app", msgspec.json.encode(REQUEST).decode()]
    file = folder / "history.sqlite3"
    with on_terminal(command, *SCREEN, WORKBENCH_HISTORY=str(file)) as terminal:
        terminal.until(b"Use ", patience=300)
        terminal.rest(1.0)
        os.write(terminal.master, b"q")
        terminal.process.wait(20)
    from engine.history.store import History

    history = History(file)
    report = history.report(history.sweeps(None, None, 1)[0].id)
    file.unlink()
    return report


def line_by_line(folder: Path) -> SweepReport:
    """Run it with a line for each event, into a pipe that is read."""
    return _headless(folder, "--plain", subprocess.PIPE)


def headless(folder: Path) -> SweepReport:
    """Run it with nothing shown."""
    return _headless(folder, "--json", subprocess.DEVNULL)


def _headless(folder: Path, how: str, words: int) -> SweepReport:
    out = folder / "report.json"
    command = [sys.executable, "-P", "-m", *command_line(REQUEST), "--no-history", "--out", str(out), how]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=words, check=True)
    return msgspec.json.decode(out.read_bytes(), type=SweepReport)


ARMS: dict[str, Callable[[Path], SweepReport]] = {"screen": on_the_screen, "plain": line_by_line, "headless": headless}

Figures = dict[str, dict[str, list[float]]]
"""Steady runs in control loops, by arm and plan, one for each round."""


def measure(rounds: int) -> tuple[Figures, list[SweepReport]]:
    """Run so many rounds; return the figures, and the reports of the screen."""
    figures: Figures = {arm: defaultdict(list) for arm in ARMS}
    watched = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            order = list(ARMS) if number % 2 == 0 else list(reversed(ARMS))
            for arm in order:
                progress(f"round {number + 1} of {rounds}: {arm}")
                report = ARMS[arm](Path(folder))
                watched += [report] if arm == "screen" else []
                plans = [trial.plan for trial in report.trials]
                for trial in report.trials:
                    if trial.samples:
                        figures[arm][describe(trial.plan, plans)].append(in_control_loops(trial, report))
    return figures, watched


def in_control_loops(trial: TrialReport, report: SweepReport) -> float:
    """Return the median over blocks of a steady run divided by the control loop of the same block."""
    return median(median(sample.steady) / report.control_seconds[sample.block] for sample in trial.samples)


def claims_of(figures: Figures) -> list[Claim]:
    """Return one claim for each plan and way of looking."""
    return [_claim(arm, plan, figures) for arm in ("screen", "plain") for plan in figures["headless"]]


def _claim(arm: str, plan: str, figures: Figures) -> Claim:
    ratio = paired_ratio(figures[arm][plan], figures["headless"][plan])
    off = abs(ratio.median - 1)
    holds = off <= BAR or ratio.low <= 1 <= ratio.high
    name = f"{plan}: {arm} / headless, off from 1"
    note = "" if off <= BAR else f"the interval {ratio.low:.4f} to {ratio.high:.4f} holds 1" if holds else ""
    return Claim(name, round(off * 100, 3), "%", BAR * 100, "at most", holds, ratio.low, ratio.high, note)


def table_of(figures: Figures, watched: Sequence[SweepReport]) -> Table:
    """Return the ratios, plan by plan."""
    rows = []
    for plan, alone in figures["headless"].items():
        ratios = [paired_ratio(figures[arm][plan], alone) for arm in ("screen", "plain")]
        cells = [f"{ratio.median:.4f} ({ratio.low:.4f}–{ratio.high:.4f})" for ratio in ratios]
        rows.append((plan, *cells, f"{median(alone):.4g}"))
    count = len(next(iter(figures["headless"].values()), []))
    costs = [report.screen_seconds for report in watched if report.screen_seconds is not None]
    notes = (
        f"medians and intervals over {count} rounds, which hold the true median with {coverage(count):.0%}",
        f"the screen itself used {median(costs):.2f} s of CPU time for each sweep" if costs else "",
    )
    return Table("Steady runs, watched and not", ("plan", "screen", "plain", "control loops"), rows, notes)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two rounds, about two minutes")
    parser.add_argument("--json", action="store_true", help="one document on standard output")
    parser.add_argument("--out", type=Path, help="write the document to this file")
    given = parser.parse_args()
    figures, watched = measure(FEW if given.quick else ROUNDS)
    claims = claims_of(figures)
    document: dict[str, Any] = {
        "claims": claims,
        "host": describe_host(),
        "samples": {"control_loops": figures, "screen_cpu_seconds": [report.screen_seconds for report in watched]},
    }
    text = msgspec.json.format(msgspec.json.encode(document), indent=1).decode()
    if given.out:
        given.out.write_text(text + "\n")
    lines = [*map(claim_line, claims), "", *table_lines(table_of(figures, watched))]
    print(text if given.json else "\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
