"""What a person chooses once for all commands and the screen. The fields of ``Settings`` are the only list of settings:
file, environment variables, template, schema and lists follow from them.

An environment variable counts before the file, the file before the default.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec

from engine.errors import FileProblem, RequestError, UnknownName
from engine.knob import Knob
from engine.request import line_of, read_toml
from workbench.actions import every_action
from workbench.keys import check_keys
from workbench.places import CONFIG, settings_file
from workbench.words.numbers import ASCII, UNICODE, Signs, signs_for

ACTIONS = tuple(action.id for action in every_action())
"""Names of what the keys of the screen do."""

THEMES = (
    *("textual-dark", "textual-light", "ansi-dark", "ansi-light", "atom-one-dark", "atom-one-light"),
    *("catppuccin-frappe", "catppuccin-latte", "catppuccin-macchiato", "catppuccin-mocha", "dracula", "flexoki"),
    *("gruvbox", "monokai", "nord", "rose-pine", "rose-pine-dawn", "rose-pine-moon"),
    *("solarized-dark", "solarized-light", "tokyo-night"),
)
"""Names of the screen's themes; ansi-dark and ansi-light take the colours of the terminal."""

Wish = Literal["auto", "yes", "no"]
PlotMarks = Literal["auto", "braille", "ascii"]


def _theme() -> msgspec.Meta:
    return msgspec.Meta(
        description="colours of the screen; the ansi themes take the terminal's own, and NO_COLOR comes before any",
        extra={"choices": THEMES},
        extra_json_schema={"enum": list(THEMES)},
    )


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of workbench."""

    theme: Annotated[str, _theme()] = "textual-dark"
    unicode: Annotated[
        Wish, msgspec.Meta(description="signs beyond ASCII; auto asks the locale, the terminal or the output")
    ] = "auto"
    plot_marks: Annotated[
        PlotMarks, msgspec.Meta(description="what the lines of plots are made of; auto: braille unless all is ASCII")
    ] = "auto"
    updates_per_second: Annotated[
        int, msgspec.Meta(ge=1, le=10, description="how often the screen is painted; less for a slow connection")
    ] = 10
    confirm_quit: Annotated[bool, msgspec.Meta(description="ask before quitting stops a sweep that is running")] = True
    history: Annotated[
        str,
        msgspec.Meta(description="file that keeps finished sweeps, or off; empty: history.sqlite3 in the data folder"),
    ] = ""
    keys: Annotated[
        dict[str, str],
        msgspec.Meta(
            description="keys of the screen, separated by commas, by action",
            extra_json_schema={"propertyNames": {"enum": list(ACTIONS)}},
        ),
    ] = {}


def _knob(name: str, hint: Any, default: Any) -> Knob:
    kind, meta = get_args(hint)
    choices = (meta.extra or {}).get("choices") or get_args(kind)
    return Knob(name, meta.description or "", default, choices, meta.ge, high=meta.le)


FIELDS: tuple[str, ...] = Settings.__struct_fields__
KEYS = "keys"
_HINTS = get_type_hints(Settings, include_extras=True)
KNOBS: tuple[Knob, ...] = tuple(
    _knob(name, _HINTS[name], default)
    for name, default in zip(FIELDS, Settings.__struct_defaults__, strict=True)
    if name != KEYS
)
"""The settings with one value each, which is all but the keys."""


@dataclass(frozen=True)
class Sourced:
    """A setting, what it is and who says so."""

    name: str
    """As in the file; ``keys.stop`` for the keys of an action."""
    value: Any
    source: str
    """``default``, ``FILE:LINE`` or the name of an environment variable."""


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return what counts here. Raises FileProblem and RequestError, which say where the wrong thing stands."""
    found = {each.name: each.value for each in sources(environ)}
    keys = {name.removeprefix(f"{KEYS}."): found.pop(name) for name in list(found) if name.startswith(f"{KEYS}.")}
    return Settings(**found, keys=keys)


def sources(environ: Mapping[str, str] = os.environ) -> tuple[Sourced, ...]:
    """Return every setting with where its value comes from, in the order of the fields. Raises as ``load_settings``."""
    found = {knob.name: Sourced(knob.name, knob.default, "default") for knob in KNOBS}
    for each in (*_from_file(environ), *_from_variables(environ)):
        found[each.name] = each
    _check_no_key_twice(found.values())
    return tuple(found.values())


def variable_of(name: str) -> str:
    """Return the environment variable of a setting."""
    return f"WORKBENCH_{name.upper()}"


def _from_variables(environ: Mapping[str, str]) -> Iterable[Sourced]:
    for knob in KNOBS:
        variable = variable_of(knob.name)
        if text := environ.get(variable):
            yield Sourced(knob.name, knob.parse(text, variable), variable)
    variable = variable_of(KEYS)
    for pair in environ.get(variable, "").split():
        action, equals, keys = pair.partition("=")
        if not equals:
            raise RequestError(f"{variable}: expected ACTION=KEYS such as stop=escape,x, got {pair!r}")
        yield _keys_of(action, keys, variable)


def _from_file(environ: Mapping[str, str]) -> Iterable[Sourced]:
    path = settings_file(environ)
    if path is None or (is_missing(path) and not environ.get(CONFIG)):
        return
    text, table = read_toml(path)
    for name, value in table.items():
        where = _where(path, text, name)
        if name not in FIELDS:
            raise UnknownName("setting", name, FIELDS, where)
        if name == KEYS:
            yield from _keys_from_file(path, text, value)
            continue
        value = next(knob for knob in KNOBS if knob.name == name).check(value, where)
        yield Sourced(name, _check_place(value, where) if name == "history" else value, where)


def is_missing(path: Path) -> bool:
    """Whether there is no such file; one that cannot be looked at is no missing one."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _where(path: Path, text: str, name: str) -> str:
    line = line_of(text, name)
    return f"{path}:{line}" if line else str(path)


def _check_place(value: Any, where: str) -> Any:
    """A relative path would be another file in every folder that workbench is started in."""
    if value and value.lower() != "off" and not value.startswith(("/", "~")):
        raise RequestError(
            f"{where}: history: expected an absolute path, one that starts with ~, or off; got {value!r}"
        )
    return value


def _keys_from_file(path: Path, text: str, table: Any) -> Iterable[Sourced]:
    if not isinstance(table, dict):
        raise FileProblem(path, line_of(text, KEYS), "keys is a table: [keys], and below it lines such as stop = 'x'")
    for action, keys in table.items():
        where = _where(path, text, action if line_of(text, action) else KEYS)
        if action in FIELDS:
            raise RequestError(f"{where}: {action} stands in the table [keys]; settings come before it")
        if not isinstance(keys, str):
            raise RequestError(f"{where}: {KEYS}.{action}: expected text such as 'escape,x', got {keys!r}")
        yield _keys_of(action, keys, where)


def _keys_of(action: str, keys: str, where: str) -> Sourced:
    if action not in ACTIONS:
        raise UnknownName("action", action, ACTIONS, where)
    return Sourced(f"{KEYS}.{action}", check_keys(keys, where), where)


def _check_no_key_twice(found: Iterable[Sourced]) -> None:
    taken: dict[str, str] = {}
    for each in found:
        for key in each.value.split(",") if each.name.startswith(f"{KEYS}.") else ():
            if taken.setdefault(key, each.name) != each.name:
                raise RequestError(f"{each.source}: {each.name}: {key!r} is the key of {taken[key]} already")


def signs_of(settings: Settings, environ: Mapping[str, str] = os.environ) -> Signs:
    """Return the signs of the screen; auto: ASCII for a locale that is not UTF-8, and on the Linux console."""
    if settings.unicode != "auto":
        return UNICODE if settings.unicode == "yes" else ASCII
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    locale = next((environ[name] for name in names if environ.get(name)), "UTF-8")
    return ASCII if "utf" not in locale.lower() or environ.get("TERM") == "linux" else UNICODE


def stream_signs(encoding: str | None, environ: Mapping[str, str] = os.environ) -> Signs:
    """Return the signs for text that is written in this encoding, which no wish can make hold more than it does."""
    return ASCII if load_settings(environ).unicode == "no" else signs_for(encoding)


def draws_braille(settings: Settings, signs: Signs) -> bool:
    """Whether the lines of plots are made of braille dots."""
    return settings.plot_marks == "braille" or (settings.plot_marks == "auto" and not signs.ascii_only)


def history_place() -> Path | None:
    """Return the file of the history, None where it is switched off. Raises as ``load_settings``."""
    from engine.history.place import history_file

    return history_file(load_settings().history)
