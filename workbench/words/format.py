"""The report of a sweep as plain text, so that the terminal UI and the command line show equal facts."""

import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from engine.plan import describe
from engine.report import Ceiling, Recommendation, Scaling, SweepReport, TrialReport
from workbench.words.account import certificate_line, factors_line, scaling_line
from workbench.words.numbers import UNICODE, Signs, counted, ratio, seconds, size
from workbench.words.quality import quality_lines
from workbench.words.table import fit_table, status_words


def report_lines(report: SweepReport, width: int = 80, signs: Signs = UNICODE) -> list[str]:
    """Return the whole report as text: recommendation, table, one verdict per plan, ceiling and noise."""
    table = fit_table(report.trials, width, signs)
    lines = [*recommendation_lines(report, width, signs), "", table.header()]
    chosen = report.recommendation.plan if report.recommendation else None
    lines += [
        table.line(trial, trial.status, trial.reason, chosen=trial.plan == chosen).rstrip() for trial in report.trials
    ]
    if quality := quality_lines(report.trials, signs):
        lines += ["", *(line[:width] for line in quality)]
    lines += ["", *_verdicts(report, width, signs)]
    lines += wrap(ceiling_line(report.ceiling, signs), width, "    ") if report.ceiling else []
    for scaling in filter(_has_law, report.scaling):
        if words := scaling_line(scaling, [trial.plan for trial in report.trials]):
            lines += wrap(signs.text(words), width, "    ")
    for disturbance in report.noise:
        lines += wrap(signs.text(f"noise: {disturbance}"), width, "       ")
    if report.screen_seconds is not None:
        lines.append(f"the screen used {seconds(report.screen_seconds, signs)} of CPU time beside the sweep")
    return lines


_ONE_BY_ONE = 4
"""Plans that were not measured from which on they are counted instead of told one by one."""


def _has_law(scaling: Scaling) -> bool:
    """Whether anything could be fitted; why not is in the report, and would fill the screen here."""
    return scaling.serial_fraction is not None or scaling.contention is not None


def _measured(report: SweepReport) -> str:
    """How many blocks were measured, how many of them before this sweep, and what a stop left out."""
    words = counted(report.blocks, "block")
    words += "" if report.complete else " finished"
    if report.blocks_before:
        earlier = "all" if report.blocks_before == report.blocks else f"{report.blocks_before} of them"
        words += f", {earlier} of an earlier sweep"
    if report.complete:
        return words + (": nothing was left to measure" if 0 < report.blocks == report.blocks_before else "")
    left_out = sum(trial.status == "unmeasured" for trial in report.trials)
    words += f", {left_out} of {len(report.trials)} plans not measured" if left_out else ""
    return f"stopped early: {words}"


def recommendation_lines(report: SweepReport, width: int, signs: Signs = UNICODE) -> list[str]:
    """Return the plan to use, why, and what would change the choice."""
    return [part for sentence in recommendation(report, signs) for part in wrap(sentence, width)]


def recommendation(report: SweepReport, signs: Signs = UNICODE) -> list[str]:
    """Return the same as sentences, the most important first."""
    facts = _measured(report)
    chosen, plans = report.recommendation, [trial.plan for trial in report.trials]
    if chosen is None:
        return [signs.text(f"No recommendation ({facts}).")]
    low, middle, high = (
        ratio(value, signs) for value in (chosen.speedup.low, chosen.speedup.median, chosen.speedup.high)
    )
    span = f"({low} to {high}) "
    goal = "whole job" if chosen.goal == "job" else "steady run"
    sentences = [
        f"Use {describe(chosen.plan, plans)}",
        f"{middle} {span}the baseline's speed, {goal}, {facts}"
        if chosen.plan != report.baseline
        else f"the baseline itself: no plan measured is faster, {goal}, {facts}",
        _doubt(report, chosen),
        chosen.reason,
        certificate_line(chosen.certificate, plans) if chosen.certificate else "",
        chosen.estimate,
        chosen.note,
    ]
    return [signs.text(sentence) for sentence in sentences if sentence]


def _doubt(report: SweepReport, chosen: Recommendation) -> str:
    """What a reader of the interval may miss."""
    doubtful = chosen.plan != report.baseline and chosen.speedup.low <= 1 <= chosen.speedup.high
    return "that may be no gain at all: its interval holds 1; more --blocks would tell" if doubtful else ""


def _verdicts(report: SweepReport, width: int, signs: Signs) -> list[str]:
    lines: list[str] = []
    plans = [trial.plan for trial in report.trials]
    left_out = [trial for trial in report.trials if trial.status == "unmeasured"]
    for trial in report.trials:
        if (words := verdict_words(trial)) and (trial.status != "unmeasured" or len(left_out) < _ONE_BY_ONE):
            lines += wrap(signs.text(f"{describe(trial.plan, plans)}: {words}"), width, "    ")
        if parts := breakdown_line(trial, signs):
            lines += wrap(f"    {parts}", width, "      ")
        if product := factors_line(trial.factors, signs):
            lines += wrap(f"    {product}", width, "      ")
        for note in trial.notes:
            lines += wrap(signs.text(f"    {note}"), width, "      ")
    if len(left_out) >= _ONE_BY_ONE:
        lines += wrap(signs.text(f"{len(left_out)} plans were not measured: {left_out[0].reason}"), width, "    ")
    return lines


def verdict_words(trial: TrialReport) -> str:
    """Return why a plan wins or loses, or why it has no figures."""
    return trial.verdict if trial.measured else status_words(trial.status, trial.reason)


NEGLIGIBLE = 0.005
"""Part of a job that is not worth a place in its breakdown."""


@dataclass(frozen=True)
class Part:
    """Where some of one whole job went."""

    words: str
    seconds: float
    share: float
    """Of the whole job, 0 to 1."""
    more: str = ""
    """What belongs to it, such as the bytes that were shipped."""


def breakdown_parts(trial: TrialReport, also: Collection[str] = ()) -> dict[str, Part]:
    """Return the parts of one whole job that are worth a place, and those of ``also``, by name; empty if unknown."""
    if trial.breakdown is None:
        return {}
    spent = {name: float(getattr(trial.breakdown, name)) for name in trial.breakdown.__struct_fields__}
    total = sum(spent.values())
    locks = "wait for the GIL" if trial.plan.mode == "thread" else "wait for a core"
    words = {"locks": locks, "imbalance": "uneven chunks", "tail": "idle tail", "transfer": "return results"}
    return {
        name: Part(
            words.get(name, name), value, value / total if total else 0.0, _shipped(trial) if name == "ship" else ""
        )
        for name, value in spent.items()
        if value > NEGLIGIBLE * total or name in also
    }


def whole_job(trial: TrialReport) -> float:
    """Return the seconds that the parts of one whole job add up to, those that are not worth a place included."""
    parts = trial.breakdown
    return sum(float(getattr(parts, name)) for name in parts.__struct_fields__) if parts else 0.0


def breakdown_line(trial: TrialReport, signs: Signs = UNICODE) -> str:
    """Return where one whole job went, such as ``14.8 s = ship 13.9 s (432 MB) + compute 0.9 s``; empty if unknown."""
    if trial.breakdown is None:
        return ""
    shown = [f"{part.words} {seconds(part.seconds, signs)}{part.more}" for part in breakdown_parts(trial).values()]
    return f"{seconds(whole_job(trial), signs)} = {' + '.join(shown)}"


def _shipped(trial: TrialReport) -> str:
    return f" ({size(trial.bytes_shipped)})" if trial.bytes_shipped else ""


def ceiling_line(ceiling: Sequence[Ceiling], signs: Signs = UNICODE) -> str:
    """Return what this machine had to give at most."""
    parts = [f"{ratio(point.compute, signs)} with {point.workers}" for point in ceiling]
    memory = [f"{ratio(point.bandwidth, signs)} with {point.workers}" for point in ceiling if point.bandwidth]
    streaming = f"; for work that only reads and writes memory {', '.join(memory)}" if memory else ""
    return f"ceiling of this machine: {', '.join(parts)} workers{streaming}"


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Break text into lines of at most this width, never at a hyphen; the second and later ones are indented."""
    room = max(width, len(indent) + 8)
    return textwrap.wrap(text, room, subsequent_indent=indent, break_on_hyphens=False) or [""]
