"""``workbench scaling``: the same work on more workers, and more work on more workers."""

import sys
from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec

from engine.errors import INTERRUPTED
from engine.plan import describe
from engine.report import Interval
from workbench.commands.options import asked_for, knob_options, workload_options
from workbench.commands.sweep import noise_option
from workbench.completing import targets
from workbench.settings import stream_signs
from workbench.words.numbers import Signs, counted, percent, ratio, timing

if TYPE_CHECKING:
    from engine.analyse.scaling import Grown, Reached
    from engine.events import AnyEvent
    from engine.tune.scale import ScalingCurve, ScalingReport

Row = tuple[str, ...]


@click.command()
@click.argument(
    "target", required=False, shell_complete=targets, metavar="[PROFILE|WORKLOAD|MODULE:ATTRIBUTE|FILE.py:ATTRIBUTE]"
)
@workload_options
@knob_options(many=True)
@click.option("--blocks", type=click.IntRange(min=1), help="fresh measuring processes behind every figure; default 5")
@noise_option
@click.option("--sample", type=click.IntRange(min=1), help="measure so many tasks in place of all")
@click.option("--plain", is_flag=True, help="one line per event: no colour, no cursor movement")
@click.option("--json", "as_json", is_flag=True, help="one JSON document and nothing else on standard output")
def scaling(target: str | None, **given: Any) -> int:
    """Measure how a workload scales: strong (the same work) and weak (work that grows with the workers).

    \b
    workbench scaling straddles --modes shared-memory --kernel numpy --workers 1,2,4
    workbench scaling mybacktest.py:WORKLOAD --workers 2,4,8 --json

    One worker is the same kernel run sequentially. For weak scaling each worker gets as many tasks as each of the most
    workers has, evenly spread over all of them; its efficiency is t(1) / t(N), its speedup N times that (Gustafson).
    """
    from engine.tune.scale import measure_scaling
    from engine.tune.serve import stop_on_signals
    from workbench.commands.progress import show_progress

    request, _ = asked_for(target, given)
    changes = {name: given[name] for name in ("size", "blocks", "sample", "accept_noise") if given[name]}
    stop = stop_on_signals()
    measuring = Returning(measure_scaling(msgspec.structs.replace(request, **changes), stop))
    for _event in show_progress(
        iter(measuring), plain=given["plain"] or (given["as_json"] and not sys.stderr.isatty())
    ):
        pass
    report = measuring.value
    if given["as_json"]:
        click.echo(msgspec.json.format(msgspec.json.encode(report), indent=2))
    else:
        click.echo("\n".join(scaling_lines(report, stream_signs(sys.stdout.encoding))))
    return INTERRUPTED if stop.is_set() else 0


class Returning:
    """The events of a measurement, and what it returned once they are over."""

    value: "ScalingReport"

    def __init__(self, events: "Generator[AnyEvent, None, ScalingReport]") -> None:
        self._events = events

    def __iter__(self) -> "Iterator[AnyEvent]":
        self.value = yield from self._events


def scaling_lines(report: "ScalingReport", signs: Signs) -> Iterator[str]:
    """Yield the report as text: two tables for each curve, what is on no curve, and notes."""
    facts, among = report.workload, [curve.plan for curve in report.curves]
    sure = f"{counted(report.blocks, 'block')}, intervals {percent(report.confidence)} sure"
    yield f"{signs.text(facts.name)} {facts.size}, {facts.tasks:,} tasks; medians of {sure}"
    for curve in report.curves:
        yield ""
        yield signs.text(describe(curve.plan, among))
        yield from _curve_lines(curve, facts.tasks, signs)
    for each in report.left_out:
        yield f"not measured: {signs.text(f'{describe(each.plan)}: {each.reason}')}"
    yield from map(signs.text, report.notes)


def _curve_lines(curve: "ScalingCurve", tasks: int, signs: Signs) -> Iterator[str]:
    strong = [(f"{each.workers}", f"{tasks:,}", *_cells(each, signs)) for each in curve.strong]
    weak = [(f"{each.workers}", f"{each.tasks:,}", *_cells(each, signs)) for each in curve.weak.points]
    yield "  strong: the same work"
    yield from _table(strong)
    yield "  weak: work that grows with the workers"
    yield from _table(weak)
    if curve.weak.serial_fraction:
        yield f"  serial part, as Gustafson has it: {_share(curve.weak.serial_fraction)}"


def _cells(each: "Reached | Grown", signs: Signs) -> Row:
    return timing(each.seconds, signs), _speedup(each.speedup, signs), _share(each.efficiency)


def _speedup(value: Interval, signs: Signs) -> str:
    return ratio(value.median, signs) + _between(value, f"{value.low:.2f}", f"{value.high:.2f}")


def _share(value: Interval) -> str:
    return percent(value.median) + _between(value, percent(value.low), percent(value.high))


def _between(value: Interval, low: str, high: str) -> str:
    """Nothing where there is no width: one worker against itself, or one block."""
    return f" ({low} to {high})" if value.low < value.high else ""


def _table(rows: Sequence[Row]) -> Iterator[str]:
    table = [("workers", "tasks", "time", "speedup", "efficiency"), *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        yield "  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
