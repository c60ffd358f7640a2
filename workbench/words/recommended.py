"""The recommended plan in full: how sure it is, what the others cost, how to use it. Pure text."""

import shlex
from collections.abc import Sequence

from engine.plan import Plan, describe
from engine.report import Certificate, Interval, SweepReport, TrialReport
from workbench.words.difference import knob_changes, meaningful_lines
from workbench.words.format import recommendation_lines, wrap
from workbench.words.numbers import UNICODE, Signs, counted, fit, percent, ratio, timing
from workbench.words.pieces import Line, line, lines_of

CONFIG = "tuned.toml"
"""Where a tuned config is saved unless another name is given, in the current folder."""

NEXT = 3
"""Plans that are told besides those that may be as fast."""

PYTHON = f"""\
from engine import load_config, run

if __name__ == "__main__":  # worker processes import this file
    results = run(load_config("{CONFIG}"))  # in task order
"""

RUN = ("workbench", "run", "--config", CONFIG, "--out", "results.parquet")


def recommended_lines(report: SweepReport, width: int, signs: Signs = UNICODE) -> list[Line]:
    """Return the plan, why, how sure that is, and what the alternatives cost."""
    first, *rest = recommendation_lines(report, width - 2, signs)
    sign = f"{signs.chosen} " if report.recommendation else ""
    lines = [line(f"{sign}{first}", "heading"), *lines_of(rest)]
    certificate = report.recommendation.certificate if report.recommendation else None
    lines += [line(), line("How sure", "heading"), *lines_of(sure_lines(report, certificate, width, signs))]
    if others := alternative_lines(report, width, signs):
        lines += [line(), line("The others", "heading"), line(others[0], "faint"), *lines_of(others[1:])]
    return lines


def sure_lines(report: SweepReport, certificate: Certificate | None, width: int, signs: Signs = UNICODE) -> list[str]:
    """Return in words what the certificate means, or that there is none."""
    if report.recommendation is None:
        words = ["no plan was measured together with the baseline, so none can be recommended"]
    elif certificate is None:
        words = ["there is no certificate: the plans were not raced, so what is within the noise counts as equal"]
    else:
        words = _certified(certificate)
    return [each for text in words for each in wrap(signs.text(f"- {text}"), width, "  ")]


def _certified(found: Certificate) -> list[str]:
    words = [f"asked for: at most {percent(found.wanted)} slower than any other plan, {percent(found.confidence)} sure"]
    if found.within is None:
        words.append("reached: nothing can be said yet")
    else:
        words.append(f"reached: at most {percent(found.within)}, after {found.blocks} blocks")
    words.append(
        "winner, runner-up and baseline were measured once more in fresh processes, and it held"
        if found.confirmed
        else "not confirmed in fresh processes"
    )
    ties = len(found.ties)
    words.append(f"{counted(ties, 'plan')} may be as fast" if ties else "no other plan may be as fast")
    return words


def alternatives(report: SweepReport) -> list[tuple[str, TrialReport]]:
    """Return the ties and the next best plans, each with how it stands; the recommended plan is not among them."""
    chosen = report.recommendation
    if chosen is None:
        return []
    ties: Sequence[Plan] = chosen.certificate.ties if chosen.certificate else ()
    others = [trial for trial in report.trials if trial.plan != chosen.plan and _took(trial, report)]
    others.sort(key=lambda trial: _median(trial, report))
    tied = [("tie", trial) for trial in others if trial.plan in ties]
    return tied + [("next", trial) for trial in others if trial.plan not in ties][:NEXT]


def alternative_lines(report: SweepReport, width: int, signs: Signs = UNICODE) -> list[str]:
    """Return a header and a line for each alternative: its time, speedup, and how much longer it takes."""
    found, plans = alternatives(report), [trial.plan for trial in report.trials]
    chosen = next(
        (trial for trial in report.trials if report.recommendation and trial.plan == report.recommendation.plan), None
    )
    if not found or chosen is None or not _took(chosen, report):
        return []
    steady = report.recommendation is not None and report.recommendation.goal == "steady"
    cells = [("", "steady run" if steady else "whole job", "speedup", "takes", "plan")]
    for how, trial in (("best", chosen), *found):
        took, speedup = _took(trial, report), trial.speedup if steady else trial.job_speedup
        assert took
        longer = f"{ratio(took.median / _median(chosen, report), signs)}"
        gain = ratio(speedup.median, signs) if speedup else ""
        cells.append((how, timing(took, signs), gain, longer, signs.text(describe(trial.plan, plans))))
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    return [_row(row, widths, width, signs) for row in cells]


def _row(cells: tuple[str, ...], widths: Sequence[int], width: int, signs: Signs) -> str:
    how, *figures, plan = cells
    figures = [text.rjust(size) for text, size in zip(figures, widths[1:], strict=True)]
    kept = figures if sum(widths) + 24 <= width else figures[1:]
    return fit(" ".join([how.ljust(widths[0]), *kept, plan]), width, signs)


def _took(trial: TrialReport, report: SweepReport) -> Interval | None:
    steady = report.recommendation is not None and report.recommendation.goal == "steady"
    return (trial.seconds if steady else trial.job_seconds) if trial.measured else None


def _median(trial: TrialReport, report: SweepReport) -> float:
    took = _took(trial, report)
    return took.median if took else float("inf")


def use_lines(command: Sequence[str] | None, width: int, signs: Signs = UNICODE) -> list[Line]:
    """Return how to use the plan: the commands and the Python lines. ``command``: that sweeps; None: a recording."""
    lines = [line("How to use it", "heading")]
    lines += lines_of(wrap(f"s saves it as {CONFIG}. y copies the commands, Y the Python lines.", width))
    for each in ([*command] if command else None, [*RUN]):
        lines += lines_of(shell_lines(each, width, signs)) if each else []
    lines.append(line())
    return lines + lines_of(f"  {each}".rstrip() for each in PYTHON.splitlines())


def shell_lines(command: Sequence[str], width: int, signs: Signs = UNICODE) -> list[str]:
    """Return a command on as many lines as it takes, each but the last ended so that a shell reads on."""
    lines, room = [""], max(width - 4, 16)
    for word in map(shlex.quote, command):
        if lines[-1] and len(lines[-1]) + len(word) + 3 > room:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    last = len(lines) - 1
    return [
        f"{'  $ ' if index == 0 else '      '}{signs.text(each)}{'' if index == last else ' ' + chr(92)}"
        for index, each in enumerate(lines)
    ]


def config_lines(here: str, wanted: str, width: int, signs: Signs = UNICODE) -> list[Line]:
    """Return how the tuned config in the current folder differs from the one that would be saved."""
    lines = [line(f"{CONFIG} in this folder", "heading")]
    differing = meaningful_lines(here, wanted, signs)
    if here == wanted:
        return [*lines, line("it holds this plan already")]
    knobs = knob_changes(here, wanted)
    told = "it runs another plan:" if knobs else "it runs the same plan; what it was found out from differs:"
    return [*lines, line(told), *differing]
