"""Where sweeps are kept: the history that variable or settings name."""

from typing import TYPE_CHECKING, Any

import click

from engine.errors import RequestError, WorkbenchError

if TYPE_CHECKING:
    from engine.history import History
    from engine.report import SweepReport


def open_kept() -> "History":
    """Return the history. Raises RequestError where it is switched off, saying by what."""
    from engine.history import open_history
    from workbench.settings import history_place, sources, variable_of

    place = history_place()
    source = next(each.source for each in sources() if each.name == "history")
    if place is None and source != variable_of("history"):
        raise RequestError(f"{source}: the history is switched off; name a file here or in {variable_of('history')}")
    return open_history(place)


def keep_sweep(report: "SweepReport", given: dict[str, Any]) -> None:
    """Add a sweep to the history, unless that is not wanted or no block was finished. What goes wrong is a warning."""
    if given["no_history"]:
        return
    from engine.history import keep
    from workbench.settings import load_settings

    try:
        number = keep(report, load_settings().history)
    except WorkbenchError as error:
        click.echo(f"workbench: the sweep is not kept in the history: {error}", err=True)
        return
    if number is not None:
        click.echo(f"kept in the history: workbench history show {number}", err=True)
