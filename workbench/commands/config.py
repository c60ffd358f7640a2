"""``workbench config``: look at tuned configs without running them."""

from pathlib import Path

import click


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
    for note in choice.notes:
        click.echo(note)
    click.echo(f"here it runs: {describe(choice.plan)}")


@config.command()
@click.argument("name", type=click.Choice(["report", "config", "event", "comparison"]))
def schema(name: str) -> None:
    """Print a JSON Schema: of the report, of the tuned config, of a comparison, or of the events of a recording."""
    from engine.schemas import schema_of

    click.echo(schema_of(name))
