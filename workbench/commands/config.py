"""``workbench config``: look at tuned configs without running them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.errors import WorkbenchError

if TYPE_CHECKING:
    from engine.production.config import Evidence


@click.group()
def config() -> None:
    """Validate and show tuned configs; print the JSON Schemas of everything that is written."""


@config.command()
@click.argument("file", type=click.Path(path_type=Path))
def validate(file: Path) -> None:
    """Say whether a tuned config (or, with a [axes] table, a profile) is well formed; exit code 2 if not."""
    from engine.modes import find_mode
    from engine.production import load_config
    from engine.request import load_profile, read_toml

    _, table = read_toml(file)
    kind = "tuned config" if "plan" in table else "profile"
    if kind == "tuned config":
        find_mode(load_config(file).plan.mode, f"{file}: plan.mode")
    else:
        load_profile(file)
    click.echo(f"{file}: a valid {kind}")


@config.command()
@click.argument("file", type=click.Path(path_type=Path))
def show(file: Path) -> None:
    """Print what a tuned config would do on this machine."""
    from engine.plan import describe
    from engine.production import load_config
    from engine.production.run import choose

    tuned = load_config(file)
    choice = choose(tuned)
    click.echo(f"{tuned.workload} {tuned.size}: {describe(tuned.plan)}")
    click.echo(f"tuned {tuned.evidence.created}: {tuned.evidence.reason}")
    for line in _evidence_lines(tuned.evidence):
        click.echo(line)
    for note in choice.notes:
        click.echo(note)
    click.echo(f"here it runs: {describe(choice.plan)}")


def _evidence_lines(evidence: "Evidence") -> Iterator[str]:
    """Yield how sure the choice is and which measurement it came from; nothing for what an old config does not tell."""
    from workbench.account import certified_line

    if evidence.certificate:
        yield f"certificate: {certified_line(evidence.certificate, evidence.certificate.ties)}"
    if evidence.samples_hash:
        kept = _kept_as(evidence)
        where = f", kept in the history: workbench history show {kept}" if kept else ""
        yield f"raw samples: sha256 {evidence.samples_hash}{where}"


def _kept_as(evidence: "Evidence") -> int | None:
    """The sweep in the history that the config came from; None: it is not there, or there is no history."""
    from engine.history import History, history_file
    from engine.production.config import samples_hash

    try:
        place = history_file()
        if place is None:
            return None
        opened = History(place)
        same_second = [each.id for each in opened.sweeps() if each.created == evidence.created]
        return next(
            (sweep for sweep in same_second if samples_hash(opened.report(sweep)) == evidence.samples_hash), None
        )
    except WorkbenchError:
        return None


@config.command()
@click.argument("name", type=click.Choice(["report", "config", "event", "comparison", "run", "run-event"]))
def schema(name: str) -> None:
    """Print a JSON Schema: of the report, of the tuned config, of a comparison, of the events of a recording, of a
    production run (`run --json`) and of its events."""
    from engine.schemas import schema_of

    click.echo(schema_of(name))
