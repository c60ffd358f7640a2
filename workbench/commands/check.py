"""``workbench check``: what would break in threads and processes, before any sweep."""

import signal
import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import click
import msgspec

from engine.knob import Scalar
from engine.request import SweepRequest
from workbench.commands.options import (
    one_setting_each,
    parse_seconds,
    parse_settings,
    read_target,
    workload_of,
    workload_options,
)
from workbench.completing import targets
from workbench.settings import stream_signs
from workbench.words.numbers import Signs

if TYPE_CHECKING:
    from engine.checking import CheckReport, Finding
    from engine.checking.findings import CheckEvent

BREAKS = 4
"""Exit code when something breaks: that of work that fails."""

_BEFORE_TASKS = ("source", "import", "load", "pickling")
"""Steps that run no task."""


@click.command()
@click.argument(
    "target", required=False, shell_complete=targets, metavar="[PROFILE|WORKLOAD|MODULE:ATTRIBUTE|FILE.py:ATTRIBUTE]"
)
@workload_options
@click.option("--most", default=5, show_default=True, type=click.IntRange(min=1), help="tasks to run in every mode")
@click.option("--patience", default="60s", show_default=True, metavar="SECONDS", help="give a step up after this long")
@click.option("--json", "as_json", is_flag=True, help="one JSON document on standard output")
def check(target: str | None, **given: Any) -> int:
    """Load a workload, run a few tasks in every mode, and say what would break.

    \b
    workbench check mybacktest.py:run_one --tasks mybacktest.py:tasks --data mybacktest.py:load
    workbench check mybacktest.py:WORKLOAD --json

    Looks for parts that cannot be pickled, writes to shared data, results that change, work at import time, a missing
    main guard, and files that hide other modules.

    Exit codes: 0 nothing breaks (there may be warnings), 2 it cannot be imported or is misnamed, 4 something breaks.
    """
    from engine.checking import CheckRequest
    from engine.checking import check as run_check

    signs = stream_signs(sys.stdout.encoding)
    request = read_target(target, given["tasks"], given["data"])
    checking = CheckRequest(
        workload=request.workload,
        tasks=request.tasks,
        data=request.data,
        size=given["size"] or request.size,
        settings=_settings(request, given),
        most=given["most"],
    )
    report = _tell(run_check(checking, parse_seconds(given["patience"], "--patience")))
    if given["as_json"]:
        click.echo(msgspec.json.format(msgspec.json.encode(report), indent=2))
    else:
        click.echo("\n".join(_lines(report, signs)))
    return BREAKS if report.breaks else 0


def _settings(request: SweepRequest, given: dict[str, Any]) -> dict[str, Scalar]:
    """Return the first value of each setting of a profile, and those given on the command line."""
    settings = {name: values[0] for name, values in request.settings.items() if values}
    if not (given["settings"] or given["prices"]):
        return settings  # the user's code is not imported here unless a flag cannot be read without it
    return settings | one_setting_each(parse_settings(workload_of(request), given["settings"], given["prices"]))


def _tell(events: "Generator[CheckEvent, None, CheckReport]") -> "CheckReport":
    """Say on standard error what is being looked at; return the report."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: no process of the check is left
    try:
        while True:
            _say(next(events))
    except StopIteration as end:
        report: CheckReport = end.value
        return report
    finally:
        events.close()
        signal.signal(signal.SIGTERM, before)


def _say(event: "CheckEvent") -> None:
    from engine.checking.findings import StepStarted, Tried

    if isinstance(event, StepStarted):
        click.echo(f"checking: {event.step}", err=True)
    elif isinstance(event, Tried):
        click.echo(f"{event.name}: trying {event.tried} of {event.tasks} tasks", err=True)


def _lines(report: "CheckReport", signs: Signs) -> Iterator[str]:
    """Yield the report as text: findings, what was not tried, and the verdict."""
    for finding in report.findings:
        yield from _finding_lines(finding, signs)
    for step, reason in report.left_out.items():
        yield f"not tried  {step}: {signs.text(reason)}"
    yield _verdict(report)


def _finding_lines(finding: "Finding", signs: Signs) -> Iterator[str]:
    what = finding.what.splitlines()[0]  # below it may stand the traceback of a worker
    where = f"{finding.where}: " if finding.where and finding.where not in what else ""
    yield f"{finding.severity:9}  {finding.step}: {signs.text(where + what)}"
    if finding.advice:
        yield f"{'':9}  {signs.text(finding.advice)}"


def _verdict(report: "CheckReport") -> str:
    breaking = sum(finding.severity == "breaks" for finding in report.findings)
    if breaking:
        return f"{report.workload}: {breaking} {'thing breaks' if breaking == 1 else 'things break'}"
    ran = ", ".join(step for step in report.passed if step not in _BEFORE_TASKS)
    return f"{report.workload}: nothing breaks; {report.tried} tasks gave the same results in {ran}"
