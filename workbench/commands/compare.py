"""``workbench compare``: is it slower than before? And the same question at the end of ``workbench sweep``."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from engine.errors import RequestError
from workbench.commands.options import LIMIT, limit_option
from workbench.commands.paper import paper
from workbench.commands.reports import PAST, named_report
from workbench.completing import files
from workbench.words.format import wrap
from workbench.words.numbers import UNICODE, Signs, counted, fit, seconds

if TYPE_CHECKING:
    from engine.analyse.comparing import Comparison, PlanComparison
    from engine.report import SweepReport

SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable in which GitHub names a file whose Markdown it shows beside the job."""
READABLE, NARROWEST = 20, 8
"""Characters of a plan's name below which the interval goes first, and never fewer."""


@click.command()
@click.argument("before", metavar="A.json", shell_complete=files)
@click.argument("after", metavar="B.json", shell_complete=files)
@limit_option
@click.option("--goal", type=click.Choice(["job", "steady"]), default="steady", help="whole jobs, or steady (default)")
@click.option("--markdown", is_flag=True, help="a Markdown table on standard output")
@click.option("--json", "as_json", is_flag=True, help="one JSON document on standard output")
@click.option("--force", is_flag=True, help="compare although host, workload, size, settings or data differ")
def compare(before: str, after: str, **given: Any) -> int:
    """Compare two reports of one workload on one machine, plan by plan: A.json before, B.json after.

    \b
    workbench compare main.json branch.json
    workbench compare main.json branch.json --fail-slower 3% --markdown
    workbench compare history:12 history:14

    Each is a file that `workbench sweep --out` wrote, or history:ID, a sweep that `workbench history` lists.

    A plan is slower when an increase like its would come up by chance, in any plan, less than once in 200 comparisons,
    and is at least half of --fail-slower. What moves all plans and the control alike is the machine's doing.

    \b
    Exit codes: 0 same or faster, 10 slower, 11 ambiguous: too little evidence either way,
    12 contaminated: the machine changed, 13 A.json does not exist, 2 the reports do not belong together.
    """
    from engine.analyse.comparing import NO_BASELINE
    from engine.analyse.comparing import compare as compare_reports

    limit = parse_limit(given["limit"])
    if given["markdown"] and given["as_json"]:
        raise RequestError("--markdown and --json: one of the two")
    newer = named_report(after)
    if not before.startswith(PAST) and not Path(before).exists():
        click.echo(
            f"workbench: no baseline: there is no {before}; `workbench sweep --out {before}` makes one", err=True
        )
        return NO_BASELINE
    found = compare_reports(named_report(before), newer, limit, goal=given["goal"], force=given["force"])
    click.echo(_shown(found, given), nl=False)
    add_to_summary(found)
    return found.exit_code


def _shown(found: "Comparison", given: dict[str, Any]) -> str:
    if given["as_json"]:
        return msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"
    if given["markdown"]:
        return markdown_of(found)
    return "\n".join(comparison_lines(found, *paper())) + "\n"


def parse_limit(text: str | None) -> float:
    """Return the share that ``5%`` or ``5`` stands for; the default for None. Raises RequestError."""
    try:
        share = float((text or LIMIT).strip().removesuffix("%")) / 100
    except ValueError:
        share = 0.0
    if not 0.001 <= share < 1:
        raise RequestError(f"--fail-slower: expected a percentage from 0.1% to below 100%, such as 5%, got {text!r}")
    return share


@dataclass(frozen=True)
class Gate:
    """What a sweep is held against when it is over."""

    path: Path
    limit: float
    baseline: "SweepReport | None"
    """None: there is no such file yet."""

    def judge(self, report: "SweepReport", out: Path | None, stream: Any) -> int:
        """Compare a finished sweep with the baseline, say what came out, and return the exit code.

        ``out``: where its report was written. Raises RequestError for a sweep of something else.
        """
        from engine.analyse.comparing import NO_BASELINE
        from engine.analyse.comparing import compare as compare_reports

        if self.baseline is None:
            how = f"cp {out} {self.path}" if out else f"the same command with --out {self.path}"
            click.echo(f"workbench: no baseline: there is no {self.path}; to make one: {how}", err=True)
            return NO_BASELINE
        found = compare_reports(self.baseline, report, self.limit)
        lines = ["", *comparison_lines(found, *paper(stream))]
        click.echo("\n".join(lines), file=stream)
        add_to_summary(found)
        return found.exit_code


def open_gate(path: Path | None, limit: str | None, workload: str, size: str | None) -> Gate | None:
    """Return what a sweep will be held against, None for nothing; a missing file is no error, the first sweep has none.

    Raises RequestError before anything runs: a broken file, one of another machine, workload or size.
    """
    from engine.analyse.comparing import host_differences, load_report
    from engine.host import describe_host

    if path is None:
        if limit is not None:
            raise RequestError("--fail-slower needs --baseline FILE: slower than what?")
        return None
    share = parse_limit(limit)
    if not path.exists():
        click.echo(f"workbench: there is no baseline {path} yet; the exit code will be 13", err=True)
        return Gate(path, share, None)
    baseline = load_report(path)
    found = host_differences(baseline.host, describe_host())
    found += (
        [f"workload: {baseline.workload.name} before, {workload} now"] if baseline.workload.name != workload else []
    )
    found += [f"size: {baseline.workload.size} before, {size} now"] if size and baseline.workload.size != size else []
    if found:
        raise RequestError(f"--baseline: {path} is of something else: {'; '.join(found)}")
    return Gate(path, share, baseline)


def comparison_lines(found: "Comparison", width: int = 80, signs: Signs = UNICODE) -> list[str]:
    """Return the verdict, a table of the plans, and a sentence for each that is not the same."""
    names = _names(found)
    rows = [
        (signs.text(name), *_figures(each, signs), each.verdict) for name, each in zip(names, found.plans, strict=True)
    ]
    heads = [f"{found.verdict}: {found.sentence}", _sides(found)]
    heads += [found.machine.sentence] if found.machine.sentence not in found.sentence else []
    lines = [part for head in heads for part in wrap(signs.text(head), width, "  ")]
    table = [("plan", "before", "after", "change", "95% interval", "verdict"), *rows]
    lines += ["", *_aligned(_fitting(table, width, signs))]
    alike: dict[str, list[str]] = {}
    for name, each in zip(names, found.plans, strict=True):
        if each.verdict != "same" and each.reason not in ("control-shifted", "control-unsteady"):
            alike.setdefault(f"{each.sentence} ({each.reason})", []).append(name)
    told = [f"{'; '.join(plans)}: {words}" for words, plans in alike.items()]
    lines += ["", *(part for text in told for part in wrap(signs.text(text), width, "    "))] if told else []
    return lines + [part for note in _notes(found) for part in wrap(signs.text(note), width, "  ")]


def _names(found: "Comparison") -> list[str]:
    from engine.plan import describe

    plans = [each.plan for each in found.plans]
    return [describe(plan, plans) for plan in plans]


def _figures(each: "PlanComparison", signs: Signs) -> tuple[str, ...]:
    times = ("" if value is None else seconds(value, signs) for value in (each.before, each.after))
    if each.change is None:
        return (*times, "", "")
    low, middle, high = map(_change, (each.change.low, each.change.estimate, each.change.high))
    return (*times, middle, f"{low} to {high}")


def _change(ratio: float) -> str:
    """Return a ratio as a change: ``+6.0%``; from a tripling on, ``3.1×`` says more."""
    return f"{ratio:.3g}×" if ratio >= 3 else f"{round((ratio - 1) * 100, 1) + 0.0:+.1f}%"


def _sides(found: "Comparison") -> str:
    what = "steady runs" if found.goal == "steady" else "whole jobs"
    sides = (
        f"{side.created} ({counted(side.blocks, 'block')}{'' if side.complete else ', stopped early'})"
        for side in (found.before, found.after)
    )
    return f"{found.workload} {found.size}, {what}: {' against '.join(sides)}"


def _notes(found: "Comparison") -> list[str]:
    from engine.plan import describe

    return [*(f"not compared: {describe(each.plan)}: {each.reason}" for each in found.left_out), *found.notes]


def _fitting(rows: Sequence[Sequence[str]], width: int, signs: Signs) -> Sequence[Sequence[str]]:
    """Make the table narrower where it must be: the interval goes, and the name of the plan gives way."""
    if _excess(rows, width) > max(len(row[0]) for row in rows) - READABLE:
        rows = [(*row[:4], *row[5:]) for row in rows]
    longest = max(len(row[0]) for row in rows)
    name = max(longest - max(_excess(rows, width), 0), min(longest, NARROWEST))
    return [(fit(row[0], name, signs), *row[1:]) for row in rows]


def _excess(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return by how many characters the table is too wide."""
    widest = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return sum(widest) + 2 * (len(widest) - 1) - width


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns of equal width; the first and the last are words, the others figures."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column in (0, len(widths) - 1) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def markdown_of(found: "Comparison") -> str:
    """Return the comparison as Markdown of GitHub."""
    from engine.exports.markdown import escape, table_lines

    header = ("plan", "before", "after", "change", "95% interval", "verdict", "why")
    rows = [
        (escape(name), *_figures(each, UNICODE), f"**{each.verdict}**", escape(each.sentence))
        for name, each in zip(_names(found), found.plans, strict=True)
    ]
    lines = [f"### {escape(found.workload)} {escape(found.size)}: {found.verdict}", ""]
    lines += [f"{escape(sentence)}.  " for sentence in (found.sentence, _sides(found), found.machine.sentence)]
    lines += ["", *table_lines(header, rows, ("plan", "verdict", "why"))]
    notes = _notes(found)
    return "\n".join([*lines, *([""] if notes else []), *(f"- {escape(note)}" for note in notes)]) + "\n"


def add_to_summary(found: "Comparison") -> None:
    """Append the Markdown to the file that GitHub names for it, if it does; what cannot be written is said."""
    name = os.environ.get(SUMMARY)
    if not name:
        return
    try:
        with Path(name).open("a", encoding="utf-8") as stream:
            stream.write(markdown_of(found) + "\n")
    except OSError as error:
        click.echo(f"workbench: {SUMMARY}: {name}: {error.strerror}", err=True)
