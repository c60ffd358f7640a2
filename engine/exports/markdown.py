"""The results table for a pull request or a page."""

import re
from collections.abc import Sequence

from engine.analyse.words import amount, duration, figure
from engine.exports.base import Export, plan_name
from engine.report import Interval, SweepReport, TrialReport

HEADER = ("", "plan", "steady run", "speedup", "efficiency", "whole job", "speedup", "memory", "verdict")


def escape(text: str) -> str:
    """Return text from outside so that Markdown shows it as it is, on one line."""
    line = " ".join(text.split())
    return re.sub(r"([\\`*_{}\[\]<>|#~&$@])", r"\\\1", line)


def table_lines(header: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[str] = ()) -> list[str]:
    """Return a table of GitHub's Markdown; cells are Markdown already. ``left``: headers of left-aligned columns."""
    rule = [":---" if name in left else "---:" for name in header]
    return [f"| {' | '.join(cells)} |" for cells in (header, rule, *rows)]


def render(report: SweepReport) -> bytes:
    """Return the recommendation, a row for each plan, and what it was measured on, as Markdown."""
    facts, host = report.workload, report.host
    lines = [f"### {escape(facts.name)} {escape(facts.size)}", ""]
    if chosen := report.recommendation:
        lines += [f"**Use {escape(plan_name(chosen.plan))}**: {escape(chosen.reason)}.", ""]
    lines += table_lines(HEADER, [_row(report, trial) for trial in report.trials], ("", "plan", "verdict"))
    measured = f"{report.blocks} blocks, intervals at {report.confidence:.0%}; {facts.tasks:,} tasks"
    machine = f"{host.cpu}, {host.usable_cores} cores, {amount(host.memory_bytes)}, Python {host.python}"
    lines += ["", escape(f"{measured}; {machine}; workbench {report.workbench}, {report.created}")]
    lines += [f"- noise: {escape(each)}" for each in report.noise]
    return ("\n".join(lines) + "\n").encode()


def _row(report: SweepReport, trial: TrialReport) -> tuple[str, ...]:
    best = report.recommendation is not None and report.recommendation.plan == trial.plan
    memory, efficiency = trial.peak_memory_bytes, trial.efficiency
    words = trial.verdict if trial.status == "ok" else f"{trial.status}: {trial.reason}"
    return (
        "**→**" if best else "",
        escape(plan_name(trial.plan)),
        _seconds(trial.seconds),
        _times(trial.speedup),
        "" if efficiency is None else f"{efficiency:.0%}",
        _seconds(trial.job_seconds),
        _times(trial.job_speedup),
        "" if memory is None else amount(memory),
        escape(words),
    )


def _seconds(found: Interval | None) -> str:
    return "" if found is None else f"{duration(found.median)} ({duration(found.low)}–{duration(found.high)})"


def _times(found: Interval | None) -> str:
    return "" if found is None else f"{figure(found.median)}×"


MARKDOWN = Export("markdown", ".md", "the results table, for a pull request", render)
