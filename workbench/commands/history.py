"""``workbench history``: sweeps of the past, and how speed changed over commits and days."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec

from engine.errors import RequestError, UnknownName
from engine.host import describe_host
from engine.plan import Plan, describe
from workbench.commands.groups import Subcommands
from workbench.commands.keeping import open_kept
from workbench.commands.paper import columns, paper
from workbench.completing import workloads
from workbench.words.format import wrap
from workbench.words.numbers import Signs, bar, counted, fit, percent, ratio, timing
from workbench.words.past import HERE, SHORT, blocks_words, commit_words, date, machine, short_plan, sizes

if TYPE_CHECKING:
    from engine.history import History
    from engine.history.records import Best, Point, Series, Summary

SCHEMA = 1
"""Of the JSON documents of these commands."""
BAR, SHORT_BAR = 20, 10
"""Characters of the longest bar, in a terminal of ``ROOMY`` characters and in a narrower one."""
ROOMY = 120
READABLE, NARROWEST = 20, 8
"""Characters below which the widest column of a table shrinks only when the minor columns have gone, and never."""

Row = tuple[str, ...]


_json_option = click.option("--json", "as_json", is_flag=True, help="one JSON document on standard output")
_host_option = click.option(
    "--host", metavar="FINGERPRINT", help=f"sweeps of one machine: how its fingerprint starts, or {HERE!r}"
)


@click.group(cls=Subcommands, invoke_without_command=True)
@click.option(
    "--workload",
    metavar="WORKLOAD",
    shell_complete=workloads,
    help="sweeps of one workload, by name or as given to `workbench sweep`",
)
@_host_option
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="newest sweeps to list")
@_json_option
@click.pass_context
def history(ctx: click.Context, workload: str | None, host: str | None, limit: int, as_json: bool) -> None:
    """List finished sweeps, newest first; the sub-commands look closer.

    \b
    workbench history
    workbench history show 12
    workbench history trend straddles --plan "shared-memory × 4, numpy"
    workbench history best

    Every finished sweep, those of the screen and `demo` as well, is kept in an SQLite file, unless --no-history is
    given or WORKBENCH_HISTORY=off; WORKBENCH_HISTORY, or `history` in the settings, also names another file than
    ~/.local/share/workbench/history.sqlite3.
    """
    if ctx.invoked_subcommand is not None:
        if workload or host or as_json:
            raise click.UsageError(f"options go behind the sub-command: workbench history {ctx.invoked_subcommand} ...")
        return
    from engine.history.finding import NEXT

    opened = open_kept()
    sweeps = opened.sweeps(workload, _fingerprint(host), limit)
    here = describe_host().fingerprint
    lines = _listed(sweeps, here) if sweeps else [f"{opened.path}: no sweeps yet; {NEXT}"]
    _tell({"here": here, "sweeps": sweeps}, as_json, lines)


@history.command()
@click.argument("sweep", type=int, metavar="ID")
@_json_option
def show(sweep: int, as_json: bool) -> None:
    """Print the report of a sweep; with --json the document that `workbench sweep --json` printed.

    \b
    workbench history show 12
    """
    from workbench.words.format import report_lines

    opened = open_kept()
    if as_json:
        click.echo(msgspec.json.format(opened.document(sweep), indent=2))
        return
    facts, report = opened.summary(sweep), opened.report(sweep)
    width, signs = paper()
    for line in [*wrap(_heading(facts, signs), width, "  "), "", *report_lines(report, width, signs)]:
        click.echo(line)


@history.command()
@click.argument("workload", shell_complete=workloads)
@click.option("--plan", metavar="TEXT", help="plans to follow, in words as in lists; default: what was recommended")
@_host_option
@_json_option
def trend(workload: str, plan: str | None, host: str | None, as_json: bool) -> None:
    """Show how long a steady run took from sweep to sweep, and mark what changed by more than noise.

    \b
    workbench history trend straddles
    workbench history trend mybacktest.py:WORKLOAD --plan "process × 4" --host here
    """
    opened = open_kept()
    machine = _fingerprint(host)
    followed: list[Plan | None] = list(_named(opened, workload, plan)) if plan is not None else [None]
    series = [each for one in followed for each in opened.trend(workload, one, machine)]
    _tell({"workload": workload, "series": series}, as_json, _trends(series, paper()[1]))


@history.command()
@click.argument("workload", required=False, shell_complete=workloads)
@_host_option
@_json_option
def best(workload: str | None, host: str | None, as_json: bool) -> None:
    """Show the best known plan of each workload, size, data and machine.

    \b
    workbench history best
    workbench history best straddles --host here
    """
    from engine.history.finding import NEXT

    opened = open_kept()
    found = opened.best(workload, _fingerprint(host))
    _tell({"best": found}, as_json, _bests(found) if found else [f"{opened.path}: no plan recommended yet; {NEXT}"])


@history.command()
@click.argument("sweeps", type=int, nargs=-1, required=True, metavar="ID...")
@_json_option
def remove(sweeps: tuple[int, ...], as_json: bool) -> None:
    """Remove sweeps for good: all that are named, or none if one does not exist.

    \b
    workbench history remove 3 4
    """
    open_kept().remove(sweeps)
    _tell({"removed": sweeps}, as_json, [f"removed {counted(len(set(sweeps)), 'sweep')}"])


@history.command()
@click.option("--keep", required=True, type=click.IntRange(min=0), metavar="N", help="newest sweeps to keep of each")
@_json_option
def prune(keep: int, as_json: bool) -> None:
    """Remove all but the newest sweeps of each workload, size and machine.

    \b
    workbench history prune --keep 50
    """
    removed = open_kept().prune(keep)
    _tell({"removed": removed}, as_json, [f"removed {counted(removed, 'sweep')}"])


def _this_machine() -> str:
    from engine.host import describe_host

    return describe_host().fingerprint


def _tell(facts: dict[str, Any], as_json: bool, lines: Sequence[str]) -> None:
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode({"schema": SCHEMA} | facts), indent=2))
        return
    for line in lines:
        click.echo(line)


def _fingerprint(host: str | None) -> str | None:
    return _this_machine() if host == HERE else host


def _named(opened: "History", workload: str, text: str) -> list[Plan]:
    """Return the plans that a text means: those with all of its parts. Raises RequestError with the nearest."""
    plans = {plan: _parts(describe(plan)) for plan in opened.plans(workload)}
    known = {part for parts in plans.values() for part in parts}
    for part in _parts(text) or [text]:
        if not _has(known, part):
            raise UnknownName("plan", part, known, "--plan")
    found = [plan for plan, parts in plans.items() if all(_has(parts, part) for part in _parts(text))]
    if not found:
        raise RequestError(f"--plan: no plan is all of {text!r}; measured: {'; '.join(map(describe, plans))}")
    return found


def _parts(text: str) -> list[str]:
    """Return the parts of a plan's description, such as ``shared-memory x 4`` and ``numpy``."""
    words = (" ".join(part.replace("×", " x ").split()) for part in text.split(","))
    return [part for part in words if part]


def _has(parts: Iterable[str], wanted: str) -> bool:
    return any(part == wanted or part.startswith(f"{wanted} ") for part in parts)


def _listed(sweeps: "Sequence[Summary]", here: str) -> list[str]:
    signs = paper()[1]
    rows = [
        (
            str(each.id),
            date(each.created),
            each.workload,
            size,
            machine(each, here),
            str(each.plans),
            blocks_words(each.blocks, each.complete),
            short_plan(each.recommended, each.settings),
            ratio(each.speedup.median, signs) if each.speedup else "",
        )
        for each, size in zip(sweeps, sizes(sweeps), strict=True)
    ]
    header = ("id", "date (UTC)", "workload", "size", "host", "plans", "blocks", "recommended plan", "speedup")
    minor = (5, 6) if len({each.host for each in sweeps}) > 1 else (4, 5, 6)
    return _table(header, rows, right=(0, 5, 6, 8), signs=signs, minor=minor)


def _bests(found: "Sequence[Best]") -> list[str]:
    signs, here = paper()[1], _this_machine()
    rows = [
        (
            each.workload,
            size,
            machine(each, here),
            short_plan(each.plan, each.settings),
            "whole job" if each.goal == "job" else "steady run",
            timing(each.seconds, signs),
            ratio(each.speedup.median, signs),
            date(each.created),
            str(each.sweep),
        )
        for each, size in zip(found, sizes(found), strict=True)
    ]
    header = ("workload", "size", "host", "plan", "goal", "time", "speedup", "date (UTC)", "id")
    return _table(
        header, rows, right=(5, 6, 8), signs=signs, minor=(2,) if len({each.host for each in found}) == 1 else ()
    )


def _trends(series: "Sequence[Series]", signs: Signs) -> list[str]:
    """Return one table for each series and what the marks mean."""
    if not series:
        return ["no sweep in the history has a steady run of that"]
    lines: list[str] = []
    for each, size in zip(series, sizes(series), strict=True):
        lines += [*wrap(_title(each, size, signs), columns(), "  "), *_trend_table(each, signs)]
        lines += [f"only {percent(each.floor)} and more counts as a change here", ""]
    legend = "slower, faster: against the sweeps before it, beyond noise; with a question mark: perhaps only noise"
    return [*lines, *wrap(legend, columns(), "  "), "commit*: files differed from the commit"]


def _title(series: "Series", size: str, signs: Signs) -> str:
    followed = short_plan(series.plan, series.settings) if series.plan else "what was recommended"
    what = f"{series.workload} {size}".strip()
    return signs.text(
        f"{what} on {series.cpu}, {series.cores} usable cores ({series.host[:SHORT]}): steady run of {followed}"
    )


def _trend_table(series: "Series", signs: Signs) -> list[str]:
    longest, length = max(point.seconds.median for point in series.points), BAR if columns() >= ROOMY else SHORT_BAR
    rows = [
        (
            str(point.sweep),
            date(point.created),
            commit_words(point.commit, point.dirty),
            timing(point.seconds, signs),
            bar(point.seconds.median / longest, length, signs),
            _change(point, series.points[:place]),
            ratio(point.speedup.median, signs) if point.speedup else "",
            "" if series.plan else short_plan(point.plan, series.settings),
        )
        for place, point in enumerate(series.points)
    ]
    header = ("id", "date (UTC)", "commit", "steady run", "", "change", "speedup", "" if series.plan else "plan")
    return _table(header, rows, right=(0, 3, 6), signs=signs, minor=(6,))


def _change(point: "Point", before: "Sequence[Point]") -> str:
    """Return how a point compares with those before it: ``12% slower``, ``3% faster?``, ``other data``."""
    if point.change == "first" or point.ratio is None:
        other = any((each.data_hash, each.tasks) != (point.data_hash, point.tasks) for each in before)
        return "disturbed" if point.disturbed else "other data" if other else ""
    if point.change == "same":
        return "same"
    word = "slower" if point.ratio > 1 else "faster"
    return f"{percent(abs(point.ratio - 1))} {word}{'?' if point.change == 'ambiguous' else ''}"


def _heading(facts: "Summary", signs: Signs) -> str:
    what = f"{facts.workload} {facts.size}".strip()
    commit = commit_words(facts.commit, facts.dirty)
    words = f"sweep {facts.id}, {date(facts.created)} UTC: {what} on {facts.cpu}, {facts.cores} usable cores"
    return signs.text(words + (f", commit {commit}" if commit else ""))


def _table(
    header: Row, rows: Sequence[Row], right: Sequence[int], signs: Signs, minor: Sequence[int] = ()
) -> list[str]:
    """Return rows below a header in the width of the terminal.

    The widest column gives way, and before it is narrower than READABLE the ``minor`` columns go, the first one first.
    """
    cells = [tuple(signs.text(cell) for cell in row) for row in (header, *rows)]
    widths = {index: max(len(row[index]) for row in cells) for index in range(len(header))}
    widest = max(widths, key=lambda index: widths[index])
    for index in minor:
        if _excess(widths) > widths[widest] - READABLE:
            del widths[index]
    widths[widest] -= min(max(0, _excess(widths)), max(0, widths[widest] - NARROWEST))
    return [_line(row, widths, right, signs) for row in cells]


def _excess(widths: dict[int, int]) -> int:
    """Return by how many characters a table is wider than the terminal."""
    return sum(widths.values()) + 2 * (len(widths) - 1) - columns()


def _line(row: Row, widths: dict[int, int], right: Sequence[int], signs: Signs) -> str:
    cells = ((index, width, fit(row[index], width, signs)) for index, width in widths.items())
    return "  ".join(
        cell.rjust(width) if index in right else cell.ljust(width) for index, width, cell in cells
    ).rstrip()
