"""The settings file: a template of it, and its JSON Schema."""

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import Any

import msgspec

from engine.errors import RequestError
from engine.files import make_folder, write_atomically
from engine.knob import Knob
from workbench.settings import ACTIONS, KNOBS, Settings, variable_of

WIDTH = 100


def write_template(path: Path, force: bool) -> Path | None:
    """Write a file in which every setting is commented out; return where the file that was there before is kept.

    Raises RequestError where there is one and ``force`` is not given, FileProblem where it cannot be written.
    """
    kept = None
    if path.exists() or path.is_symlink():
        if not force:
            raise RequestError(f"{path} exists; --force replaces it and keeps it as {_backup(path).name}")
        kept = _backup(path)
        write_atomically(kept, path.read_bytes() if path.is_file() else b"")
    make_folder(path.parent)
    write_atomically(path, template().encode())
    return kept


def _backup(path: Path) -> Path:
    return path.with_name(f"{path.name}.bak")


def template() -> str:
    """Return a settings file that changes nothing."""
    return "\n".join(_template_lines()) + "\n"


def _template_lines() -> Iterator[str]:
    yield "# Settings of workbench. What is commented out has its default; `workbench config show` tells what counts."
    yield f"# An environment variable comes before this file: {variable_of('theme')} and so on."
    for knob in KNOBS:
        yield ""
        yield from (f"# {line}" for line in wrap(_words(knob), WIDTH, break_on_hyphens=False))
        yield f"# {knob.name} = {json.dumps(knob.default)}"
    yield ""
    yield "# keys of the screen by action, separated by commas; this table stays the last thing in the file"
    yield f"# actions: {', '.join(ACTIONS)}"
    yield "# [keys]"
    yield '# stop = "escape,x"'


def _words(knob: Knob) -> str:
    if knob.choices:
        return f"{knob.help}: {', '.join(map(str, knob.choices))}"
    return (
        f"{knob.help}: {knob.low:g} to {knob.high:g}" if knob.low is not None and knob.high is not None else knob.help
    )


def settings_schema() -> str:
    """Return the JSON Schema of the file, as text."""
    document: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    document |= msgspec.json.schema(Settings)
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
