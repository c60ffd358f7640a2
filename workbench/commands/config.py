"""``workbench config``: settings, tuned configs without running them, and the schemas of all files."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.errors import RequestError, WorkbenchError
from workbench.commands.groups import Subcommands

if TYPE_CHECKING:
    from engine.production.config import Evidence, TunedConfig
    from workbench.settings import Sourced

SCHEMA = 1
"""Of the JSON documents of these commands."""
SCHEMAS = ("report", "config", "event", "comparison", "run", "run-event")
"""Schemas of the engine's files; a test holds them to its table."""


@click.group(cls=Subcommands)
def config() -> None:
    """Show and make settings; validate and show tuned configs; print the JSON Schemas of everything that is written.

    \b
    workbench config show                    every setting, its value and where it comes from
    workbench config init                    a settings file in which everything is commented out
    workbench config show tuned.toml         what a tuned config would do here

    Settings are in ~/.config/workbench/config.toml, or where WORKBENCH_CONFIG says. An environment variable counts
    before the file: WORKBENCH_THEME for theme, and so on.
    """


@config.command()
@click.argument("file", type=click.Path(path_type=Path))
def validate(file: Path) -> None:
    """Say whether a tuned config (or, with a [axes] table, a profile) is well formed; exit code 2 if not.

    \b
    workbench config validate tuned.toml
    """
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
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="one JSON document on standard output")
def show(file: Path | None, as_json: bool) -> None:
    """Print every setting, its value and where it comes from; with FILE, what a tuned config would do on this machine.

    \b
    workbench config show
    workbench config show tuned.toml
    """
    if file is None:
        _show_settings(as_json)
    else:
        _show_tuned(file, as_json)


def _show_settings(as_json: bool) -> None:
    from workbench.places import settings_file
    from workbench.settings import KEYS, Sourced, is_missing, sources, stream_signs

    found, path = list(sources()), settings_file(os.environ)
    if not any(each.name.startswith(KEYS) for each in found):
        found.append(Sourced(KEYS, {}, "default"))
    if as_json:
        named = str(path) if path and not is_missing(path) else None
        _tell({"schema": SCHEMA, "file": named, "settings": found})
        return
    signs = stream_signs(sys.stdout.encoding)
    rows = [(each.name, signs.text(_in_words(each)), signs.text(each.source)) for each in found]
    names, values = (max(len(row[column]) for row in rows) for column in (0, 1))
    for name, value, source in rows:
        click.echo(f"{name:{names}}  {value:{values}}  {source}")
    if path and is_missing(path):
        click.echo(f"there is no {path}; `workbench config init` writes one", err=True)


def _in_words(setting: "Sourced") -> str:
    if isinstance(setting.value, bool):
        return str(setting.value).lower()
    if setting.name == "history" and not setting.value:
        return _history_in_words()
    return str(setting.value or "as in the help of the screen")


def _history_in_words() -> str:
    from workbench.settings import history_place

    try:
        return str(history_place() or "off")
    except RequestError as error:
        return str(error)


def _show_tuned(file: Path, as_json: bool) -> None:
    from engine.plan import describe
    from engine.production import load_config
    from engine.production.run import choose

    tuned = load_config(file)
    choice = choose(tuned)
    if as_json:
        here = {"plan": choice.plan, "notes": choice.notes}
        _tell({"schema": SCHEMA, "file": str(file), "config": tuned, "here": here, "sweep": _kept_as(tuned.evidence)})
        return
    for line in _tuned_lines(tuned):
        click.echo(line)
    for note in choice.notes:
        click.echo(note)
    click.echo(f"here it runs: {describe(choice.plan)}")


def _tell(document: dict[str, Any]) -> None:
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2))


def _tuned_lines(tuned: "TunedConfig") -> Iterator[str]:
    from engine.plan import describe

    yield f"{tuned.workload} {tuned.size}: {describe(tuned.plan)}"
    yield f"tuned {tuned.evidence.created}: {tuned.evidence.reason}"
    yield from _evidence_lines(tuned.evidence)


def _evidence_lines(evidence: "Evidence") -> Iterator[str]:
    """Yield how sure the choice is, and which measurement it came from where the config tells."""
    from workbench.words.account import certified_line
    from workbench.words.numbers import counted, ratio

    speedup = evidence.job_speedup if evidence.goal == "job" else evidence.speedup
    low, middle, high = (ratio(value) for value in (speedup.low, speedup.median, speedup.high))
    stopped = ", stopped early" if evidence.stopped_early else ""
    yield f"measured: {middle} ({low} to {high}) the baseline's speed, {counted(evidence.blocks, 'block')}{stopped}"
    if evidence.certificate:
        yield f"certificate: {certified_line(evidence.certificate, evidence.certificate.ties)}"
    else:
        yield "certificate: none, as from a sweep that was stopped early, a sample or --full-grid"
    if evidence.samples_hash:
        kept = _kept_as(evidence)
        where = f", kept in the history: workbench history show {kept}" if kept else ""
        yield f"raw samples: sha256 {evidence.samples_hash}{where}"


def _kept_as(evidence: "Evidence") -> int | None:
    """The sweep in the history that the config came from; None: it is not there, or there is no history."""
    from engine.history import History
    from engine.production.config import samples_hash
    from workbench.settings import history_place

    try:
        place = history_place()
        if place is None or not evidence.samples_hash:
            return None
        opened = History(place)
        same_second = [each.id for each in opened.sweeps() if each.created == evidence.created]
        return next(
            (sweep for sweep in same_second if samples_hash(opened.report(sweep)) == evidence.samples_hash), None
        )
    except WorkbenchError:
        return None


@config.command(name="path")
def show_paths() -> None:
    """Print where settings, state and history are, whether or not they are there yet.

    \b
    workbench config path
    """
    from workbench.places import settings_file, state_folder

    click.echo(f"config   {settings_file(os.environ) or 'nowhere: there is no home folder'}")
    click.echo(f"state    {state_folder(os.environ) or 'nowhere: there is no home folder'}")
    click.echo(f"history  {_history_in_words()}")


@config.command()
@click.option("--force", is_flag=True, help="replace the file, and keep what it was as config.toml.bak")
def init(force: bool) -> None:
    """Write a settings file with every setting explained and commented out.

    \b
    workbench config init
    """
    from workbench.places import CONFIG, settings_file
    from workbench.settings_file import write_template

    path = settings_file(os.environ)
    if path is None:
        raise RequestError(f"there is no home folder to write settings to: set {CONFIG}")
    kept = write_template(path, force)
    click.echo(f"wrote {path}" + (f"; what it was is kept as {kept}" if kept else ""))


@config.command()
@click.argument("name", type=click.Choice([*SCHEMAS, "settings"]))
def schema(name: str) -> None:
    """Print a JSON Schema: of the report, of the tuned config, of the events of a recording, of a comparison, of a
    production run (`run --json`) and its events, or of the settings file.

    \b
    workbench config schema report
    """
    if name == "settings":
        from workbench.settings_file import settings_schema

        click.echo(settings_schema())
        return
    from engine.schemas import schema_of

    click.echo(schema_of(name))
