"""``workbench run``: the work itself, with a tuned config."""

import os
import signal
import sys
import time
import warnings
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import click
import msgspec

from engine.errors import INTERRUPTED
from engine.interruption import unwrapped_interrupt
from engine.run_events import RunEvent, RunProgress, RunStarted, TasksLoaded
from workbench.commands.paper import columns
from workbench.completing import files
from workbench.run_state import RunState, asked_for, fold
from workbench.settings import stream_signs
from workbench.words.numbers import Signs, percent
from workbench.words.numbers import seconds as in_words
from workbench.words.production import narrate, plan_words, progress_line

EVERY = 1.0
"""Seconds between two lines of progress with --plain."""


@click.command()
@click.option(
    "--config",
    "path",
    required=True,
    metavar="FILE",
    shell_complete=files,
    help="tuned config, from `workbench sweep --save-config`",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="write the results: .parquet or .npy")
@click.option("--plain", is_flag=True, help="one line per event: no colour, no cursor movement")
@click.option("--json", "as_json", is_flag=True, help="what was done as one JSON document on standard output")
def run(path: str, out: Path | None, plain: bool, as_json: bool) -> int:
    """Run a workload with a tuned config.

    \b
    workbench run --config tuned.toml --out results.parquet
    workbench run --config tuned.toml --out results.parquet --json > run.json

    On another machine than the config was made on, it says what differs and uses a safe plan. Progress goes to standard
    error. Results are kept in memory until the end, then written in one step.

    Exit codes: 0 done, 2 wrong config or --out, 4 a task failed and nothing was written, 130 interrupted.
    """
    from engine.production import load_config, running
    from engine.production.results import check_out

    if out is not None:
        check_out(out, "--out")
    told = Told(path, str(out or ""), _voice(plain))
    try:
        with unwrapped_interrupt(), _interruptible(), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            with closing(running(load_config(path), out=out)) as events:
                results = told.follow(events)
    except KeyboardInterrupt:
        click.echo(f"workbench: {_how_far(told.state)}", err=True)
        return INTERRUPTED
    for warning in warned:
        click.echo(f"workbench: {warning.message}", err=True)
    _say_outcome(told.state, len(results), as_json)
    return 0


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does: no worker is left."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _how_far(state: RunState) -> str:
    if not state.tasks:
        return "interrupted before the first task; no results were written"
    return f"interrupted after {state.done} of {state.tasks} tasks ({percent(state.share)}); no results were written"


def _say_outcome(state: RunState, results: int, as_json: bool) -> None:
    plan, took = plan_words(state, stream_signs(sys.stderr.encoding)), in_words(state.seconds)
    click.echo(f"{results} results of {state.workload} ({plan}) in {took}", err=True)
    if state.out:
        click.echo(f"wrote {state.out}", err=True)
    if as_json:
        click.echo(_document(state))


def _document(state: RunState) -> bytes:
    from engine.production.summary import RunSummary

    assert state.plan
    assert state.host
    summary = RunSummary(
        config=state.config,
        workload=state.workload,
        size=state.size,
        plan=state.plan,
        host=state.host,
        notes=state.notes,
        tasks=state.tasks,
        done=state.done,
        failed=state.failed,
        seconds=state.seconds,
        rate=state.rate,
        out=state.out or None,
    )
    return msgspec.json.format(msgspec.json.encode(summary), indent=2)


class Voice(Protocol):
    """How events are told on standard error."""

    def tell(self, event: RunEvent, state: RunState) -> None:
        """Tell an event, if it is worth it; ``state`` is the state after it."""

    def rest(self) -> None:
        """Leave the line free for others."""


class Told:
    """A run as far as it was told."""

    def __init__(self, config: str, out: str, voice: Voice) -> None:
        self.state = asked_for(config, out)
        self._voice = voice

    def follow(self, events: Generator[RunEvent, None, Any]) -> Any:
        """Tell events as they come; return the results."""
        try:
            while True:
                try:
                    event = next(events)
                except StopIteration as end:
                    return end.value
                self._tell(event)
        finally:
            self._voice.rest()

    def _tell(self, event: RunEvent) -> None:
        self.state = fold(self.state, event)
        if isinstance(event, RunStarted | TasksLoaded) and event.notes:
            self._voice.rest()
            for note in event.notes:
                click.echo(f"workbench: {note}", err=True)
        self._voice.tell(event, self.state)


def _voice(plain: bool) -> Voice:
    """Return one line that is rewritten on a terminal, lines where they were asked for, and nothing elsewhere."""
    terminal = sys.stderr.isatty()
    dumb = os.environ.get("TERM") in (None, "", "dumb")
    signs = stream_signs(sys.stderr.encoding)
    if plain or (terminal and dumb):
        return Lines(signs)
    return Rewritten(signs) if terminal else Quiet()


class Quiet:
    """Tells nothing."""

    def tell(self, event: RunEvent, state: RunState) -> None:
        """Say nothing."""

    def rest(self) -> None:
        """Nothing was said."""


class Lines:
    """One line per event, and of progress one a second."""

    def __init__(self, signs: Signs) -> None:
        self._signs = signs
        self._last = time.monotonic()

    def tell(self, event: RunEvent, state: RunState) -> None:
        """Print the event."""
        if isinstance(event, RunProgress) and not 0 < event.done == event.tasks:
            if time.monotonic() - self._last < EVERY:
                return
            self._last = time.monotonic()
        line = narrate(event, state, self._signs)
        if line is not None:
            click.echo(line, err=True)

    def rest(self) -> None:
        """Every line is complete."""


class Rewritten:
    """One line that is always the last of the terminal."""

    def __init__(self, signs: Signs) -> None:
        self._signs = signs
        self._width = 0

    def tell(self, event: RunEvent, state: RunState) -> None:
        """Write the line anew."""
        room = max(columns() - 1, 20)
        line = progress_line(state, room, self._signs)
        sys.stderr.write("\r" + line.ljust(self._width))
        sys.stderr.flush()
        self._width = len(line)

    def rest(self) -> None:
        """Wipe it out."""
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
        self._width = 0
