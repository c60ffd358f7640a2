"""``workbench replay``: a recorded sweep on the screen again, or as lines."""

from functools import partial
from pathlib import Path

import click

from engine.errors import WorkFailed
from workbench.entrance import show_screen
from workbench.guard import guarded, why_no_screen


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--plain", is_flag=True, help="one line per event instead of the screen")
def replay(file: Path, plain: bool) -> int:
    """Show a sweep recorded with `workbench sweep --record FILE` again; nothing is measured.

    \b
    workbench replay sweep.jsonl
    workbench replay sweep.jsonl --plain

    On the screen: space pauses, + and - change the speed, the arrow keys wind.
    """
    if not plain and not why_no_screen():
        return guarded(partial(show_screen, file))
    return _as_lines(file)


def _as_lines(file: Path) -> int:
    from engine.events import SweepFinished
    from engine.recording import read_recording
    from workbench.commands.progress import outcome, show_progress
    from workbench.commands.sweep import report_of  # brings NumPy and its threads, beside which nothing should fork

    events = read_recording(file)
    told = show_progress(iter(events), plain=True)
    if not isinstance(events[-1], SweepFinished):
        list(told)
        raise WorkFailed(f"{file} ends before the sweep did; the same `workbench sweep` with --continue {file} goes on")
    report = report_of(told)
    click.echo(outcome(report))
    return 0
