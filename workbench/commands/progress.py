"""How a sweep shows itself without the screen: a bar with the time left on a terminal, one line per event elsewhere."""

import os
import sys
from collections.abc import Iterator

from engine.events import AnyEvent, TrialStarted
from engine.plan import describe
from engine.report import SweepReport
from workbench.commands.paper import paper
from workbench.settings import stream_signs
from workbench.state import State, fold
from workbench.words.format import report_lines
from workbench.words.numbers import seconds as in_words
from workbench.words.plain import narrate


def show_progress(events: Iterator[AnyEvent], plain: bool) -> Iterator[AnyEvent]:
    """Pass events through, telling them on standard error."""
    dumb = os.environ.get("TERM") in (None, "", "dumb")
    return _lines(events) if plain or dumb or not sys.stderr.isatty() else _bar(events)


def _lines(events: Iterator[AnyEvent]) -> Iterator[AnyEvent]:
    state, signs = State(), stream_signs(sys.stderr.encoding)
    for event in events:
        state = fold(state, event)
        line = narrate(event, state, signs)
        if line is not None:
            print(line, file=sys.stderr, flush=True)
        yield event


def _bar(events: Iterator[AnyEvent]) -> Iterator[AnyEvent]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.text import Text

    state, signs = State(), stream_signs(sys.stderr.encoding)
    words = TextColumn("{task.fields[left]}", markup=False)
    plan = TextColumn("{task.description}", markup=False)
    console = Console(stderr=True)
    # drawn only between events: the bar must not wake up beside a run that is being timed
    with Progress(
        BarColumn(20), MofNCompleteColumn(), words, plan, console=console, auto_refresh=False, transient=True
    ) as bar:
        task = bar.add_task("loading data", total=None, left="")
        for event in events:
            state = fold(state, event)
            if isinstance(event, TrialStarted):
                left = in_words(event.seconds_left) + " left" if event.seconds_left is not None else ""
                bar.update(task, description=describe(state.rows[event.plan].plan, state.plans), left=left)
            bar.update(task, total=state.trials or None, completed=state.trials_done)
            bar.refresh()
            line = narrate(event, state, signs) if _worth_keeping(event) else None
            if line is not None:
                console.print(Text(line, overflow="ellipsis", no_wrap=True))
            yield event


def _worth_keeping(event: AnyEvent) -> bool:
    return type(event).__name__ in ("SweepStarted", "TrialFinished", "TrialFailed")


def outcome(report: SweepReport) -> str:
    """Return the report as text for standard output."""
    return "\n".join(report_lines(report, *paper()))
