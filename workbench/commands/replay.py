"""``workbench replay``: a recorded sweep on the screen again, or as lines."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from engine.errors import FileProblem
from engine.events import AnyEvent, decode
from workbench.commands.progress import outcome, show_progress
from workbench.commands.sweep import report_of


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--plain", is_flag=True, help="one line per event instead of the screen")
def replay(file: Path, plain: bool) -> int:
    """Show a sweep recorded with `workbench sweep --record FILE` again; nothing is measured."""
    events = read_recording(file)
    if not plain and sys.stdin.isatty() and sys.stderr.isatty():
        list(events)  # a broken recording is reported here, not on the screen
        from workbench.tui.app import run

        return run(replay=file)
    report = report_of(show_progress(events, plain=True))
    click.echo(outcome(report, plain=True))
    return 0


def read_recording(file: Path) -> Iterator[AnyEvent]:
    """Yield the events of a recording. Raises FileProblem with the line that is wrong."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise FileProblem(file, None, f"cannot be read: {error.strerror}") from None
    for number, line in enumerate(lines, 1):
        try:
            yield decode(line)
        except msgspec.DecodeError as error:
            raise FileProblem(file, number, f"not an event of a recording: {error}") from None
