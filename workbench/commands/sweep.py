"""``workbench sweep`` and ``workbench demo``: the headless twin of the screen."""

import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from engine.errors import INTERRUPTED, RequestError, WorkFailed
from engine.files import write_atomically
from workbench.commands.options import (
    asked_for,
    check_folder,
    knob_options,
    limit_option,
    parse_seconds,
    parse_share,
    workload_options,
)
from workbench.completing import targets

if TYPE_CHECKING:
    from engine.events import AnyEvent
    from engine.report import SweepReport
    from engine.request import SweepRequest
    from workbench.commands.compare import Gate


noise_option = click.option(
    "--accept-noise",
    is_flag=True,
    envvar="WORKBENCH_ACCEPT_NOISE",
    help="let measurements count whatever else goes on on the machine",
)


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where the results go."""
    for option in (
        click.option("--no-history", is_flag=True, help="do not add the sweep to `workbench history`"),
        click.option(
            "--save-config", type=click.Path(path_type=Path), metavar="FILE", help="write the recommended plan as TOML"
        ),
        click.option(
            "--record", type=click.Path(path_type=Path), metavar="FILE", help="write the events, for `workbench replay`"
        ),
        click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="write the JSON report"),
        click.option("--plain", is_flag=True, help="one line per event: no colour, no cursor movement"),
        click.option("--json", "as_json", is_flag=True, help="the JSON report and nothing else on standard output"),
    ):
        command = option(command)
    return command


@click.command()
@click.argument(
    "target", required=False, shell_complete=targets, metavar="[PROFILE|WORKLOAD|MODULE:ATTRIBUTE|FILE.py:ATTRIBUTE]"
)
@workload_options
@knob_options(many=True)
@click.option("--blocks", type=click.IntRange(min=1), help="fresh measuring processes behind every figure; default 5")
@click.option("--within", metavar="SHARE", help="how much slower than the best the winner may be; default 3%")
@click.option("--full-grid", is_flag=True, help="measure every plan in every block, also those that cannot win")
@noise_option
@click.option("--sample", type=click.IntRange(min=1), help="measure so many tasks and estimate the whole job from them")
@click.option("--goal", type=click.Choice(["job", "steady"]), help="fastest whole job (default) or fastest steady run")
@click.option("--budget", metavar="SECONDS", help="start no further block after this long, such as 60s")
@click.option("--patience", metavar="SECONDS", help="give a plan up after this long without progress; default 10m")
@click.option(
    "--continue",
    "earlier",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="take over what the recording of an earlier sweep measured, and measure what is missing",
)
@limit_option
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="report to compare with when done")
@output_options
def sweep(target: str | None, **given: Any) -> int:
    """Measure every plan of a workload, check its results, and recommend the fastest.

    \b
    workbench sweep straddles
    workbench sweep straddles --modes sequential,shared-memory --workers 1,2,4 --json
    workbench sweep straddles --prices prices.csv --set layout=columns
    workbench sweep profiles/straddles.toml --save-config tuned.toml
    workbench sweep mybacktest.py:WORKLOAD --start-method fork,spawn
    workbench sweep mybacktest.py:run_one --tasks mybacktest.py:tasks --data mybacktest.py:load
    workbench sweep mybacktest.py:WORKLOAD --sample 200

    A knob takes several values, separated by commas, and every legal combination is a plan. All are measured once, then
    those that may still be the fastest, until one is certified to be within 3 % of the best; --full-grid measures all.

    \b
    workbench sweep profiles/ci.toml --blocks 10 --out main.json
    workbench sweep profiles/ci.toml --blocks 10 --baseline main.json --fail-slower 5%

    \b
    workbench sweep straddles --workers 2 --record sweep.jsonl
    workbench sweep straddles --workers 2,4 --continue sweep.jsonl --record sweep.jsonl

    With --continue the measurements of a recording count, whether that sweep was finished or killed: only new plans and
    missing blocks are measured. It is refused where the machine, the code or the data is another.

    With --baseline the exit code is that of `workbench compare`: 0 same or faster, 10 slower, 11 ambiguous,
    12 contaminated, 13 no such file yet; everything is measured and written all the same.
    """
    from engine.recording import read_recording
    from workbench.commands.compare import open_gate

    request, workload = asked_for(target, given)
    changes = {name: given[name] for name in ("size", "blocks", "goal", "sample") if given[name]}
    changes |= {name: parse_seconds(given[name], f"--{name}") for name in ("budget", "patience") if given[name]}
    changes |= {"within": parse_share(given["within"], "--within")} if given["within"] else {}
    changes |= {name: True for name in ("full_grid", "accept_noise") if given[name]}
    request = msgspec.structs.replace(request, **changes)
    gate = open_gate(given["baseline"], given["limit"], workload.name, request.size)
    earlier = read_recording(given["earlier"]) if given["earlier"] else ()
    return carry_out(request, given, gate, earlier)


@click.command()
@noise_option
@output_options
def demo(**given: Any) -> int:
    """Sweep the straddle backtest on embedded prices: about a minute, ends in a recommended plan and the reason.

    \b
    workbench demo
    workbench demo --save-config tuned.toml
    """
    from workbench.demo import demo_request

    return carry_out(demo_request(given["accept_noise"]), given)


def carry_out(
    request: "SweepRequest", given: dict[str, Any], gate: "Gate | None" = None, earlier: "Sequence[AnyEvent]" = ()
) -> int:
    """Run a sweep, or the rest of an earlier one, show its progress on standard error and its outcome on standard
    output; return the exit code, which is the gate's if there is one."""
    from engine.tune.serve import stop_on_signals
    from engine.tune.sweep import sweep as measure_sweep
    from workbench.commands.keeping import keep_sweep
    from workbench.commands.progress import show_progress

    for name in ("out", "record", "save_config"):
        check_folder(given[name], "--" + name.replace("_", "-"))
    stop = stop_on_signals()
    plain = given["plain"] or (given["as_json"] and not sys.stderr.isatty())
    with closing(measure_sweep(request, stop, earlier)) as measured:
        events = recorded(measured, given["record"]) if given["record"] else measured
        report = report_of(show_progress(events, plain=plain))
    keep_sweep(report, given)
    deliver(report, given)
    if stop.is_set():
        click.echo(how_to_go_on(request, given["record"]), err=True)
        return INTERRUPTED
    return gate.judge(report, given["out"], sys.stderr if given["as_json"] else sys.stdout) if gate else 0


def how_to_go_on(request: "SweepRequest", record: Path | None) -> str:
    """Return how a sweep that was stopped can go on."""
    from workbench.tui.entries import continue_command

    if record is None:
        return "with --record FILE a sweep that was stopped can go on"
    return "it goes on with: " + shlex.join([*continue_command(request, record), "--record", str(record)])


def recorded(events: "Iterator[AnyEvent]", path: Path) -> "Iterator[AnyEvent]":
    """Pass events through, writing each to a file. Raises RequestError before anything is measured when it cannot be
    written to.

    A recording that is continued may be written to itself: it is replaced in one step by what is taken over, so that
    no moment's crash can lose it.
    """
    from engine.events import encode

    begun = list(_begin(events))
    before, exists = b"".join(map(encode, begun)), path.is_file()
    if exists:
        write_atomically(path.resolve(), before)
    try:
        file = path.open("ab" if exists else "wb")
    except OSError as error:
        raise RequestError(f"--record: {path}: {error.strerror}") from None
    with file:
        file.write(b"" if exists else before)
        file.flush()
        yield from begun
        for event in events:
            file.write(encode(event))
            file.flush()
            yield event


def _begin(events: "Iterator[AnyEvent]") -> "Iterator[AnyEvent]":
    """The start of a sweep, and of one that is continued everything that is taken over."""
    from engine.events import SweepStarted, TakenOver

    first = next(events)
    yield first
    while isinstance(first, SweepStarted) and first.continued:
        event = next(events)
        yield event
        if isinstance(event, TakenOver):
            return


def report_of(events: "Iterator[AnyEvent]") -> "SweepReport":
    """Return the report that ends a stream of events. Raises WorkFailed when there is none."""
    from engine.events import SweepFinished

    report = None
    for event in events:
        if isinstance(event, SweepFinished):
            report = event.report
    if report is None:
        raise WorkFailed("the sweep ended without a report")
    return report


def deliver(report: "SweepReport", given: dict[str, Any]) -> None:
    """Write the report where it was asked for, and the tuned config."""
    from workbench.commands.progress import outcome

    document = msgspec.json.format(msgspec.json.encode(report), indent=2)
    if given["out"]:
        write_atomically(given["out"], document + b"\n")
    if given["as_json"]:
        click.echo(document)
    else:
        click.echo(outcome(report))
    if report.recommendation and not given["save_config"]:
        click.echo("keep this plan: the same command with --save-config tuned.toml", err=True)
    if given["save_config"]:
        click.echo(keep_plan(report, given["save_config"]), err=True)


def keep_plan(report: "SweepReport", path: Path) -> str:
    """Save the recommended plan unless the sweep was cut short and that would cost something; say what was done."""
    from engine.production import save_config

    if not report.recommendation or not report.blocks:
        return f"nothing was saved to {path}: no block was finished"
    if not report.complete and path.exists():
        return f"{path} is kept as it was: the sweep was stopped early"
    kept = save_config(report, path)
    words = f"saved the recommended plan to {path}" + (f"; the file of before is kept as {kept}" if kept else "")
    return words if report.complete else f"{words}; the sweep was stopped early, so nothing certifies it"
