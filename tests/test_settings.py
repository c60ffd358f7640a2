"""Settings: where they come from, which one counts, and what a wrong one is answered with."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest
from textual.keys import _character_to_key
from textual.theme import BUILTIN_THEMES

from engine.errors import RequestError
from workbench.actions import ACTIONS as TABLE
from workbench.keys import NAMED, check_keys, names, sign_name
from workbench.places import settings_file, state_folder
from workbench.settings import (
    FIELDS,
    THEMES,
    Settings,
    draws_braille,
    history_place,
    load_settings,
    signs_of,
    sources,
    stream_signs,
    variable_of,
)
from workbench.settings_file import settings_schema, template, write_template
from workbench.words.numbers import ASCII, UNICODE

ROOT = Path(__file__).parents[1]


@pytest.fixture
def file(tmp_path):
    """Writes a settings file; returns the environment in which it counts."""

    def write(text, **variables):
        path = tmp_path / "config.toml"
        path.write_text(text)
        return {"WORKBENCH_CONFIG": str(path)} | variables

    return write


def source_of(name, environ):
    return next(each for each in sources(environ) if each.name == name).source


def test_without_a_file_and_variables_everything_has_its_default(tmp_path):
    assert load_settings({"HOME": str(tmp_path)}) == Settings()
    assert {each.source for each in sources({"HOME": str(tmp_path)})} == {"default"}


def test_the_file_counts_before_the_default_and_a_variable_before_the_file(file, tmp_path):
    environ = file('theme = "nord"\nconfirm_quit = false\n', WORKBENCH_CONFIRM_QUIT="yes")
    settings = load_settings(environ)
    assert (settings.theme, settings.confirm_quit, settings.updates_per_second) == ("nord", True, 10)
    assert source_of("theme", environ) == f"{tmp_path / 'config.toml'}:1"
    assert source_of("confirm_quit", environ) == "WORKBENCH_CONFIRM_QUIT"
    assert source_of("updates_per_second", environ) == "default"


VARIABLES = {
    "theme": ("ansi-light", "ansi-light"),
    "unicode": ("no", "no"),
    "plot_marks": ("ascii", "ascii"),
    "updates_per_second": ("4", 4),
    "confirm_quit": ("off", False),
    "history": ("sweeps.sqlite3", "sweeps.sqlite3"),
    "keys": ("stop=x save=ctrl+s,f2", {"stop": "x", "save": "ctrl+s,f2"}),
}


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_has_a_variable(name, tmp_path):
    text, value = VARIABLES[name]
    assert getattr(load_settings({"HOME": str(tmp_path), variable_of(name): text}), name) == value


def test_an_empty_variable_is_none(tmp_path):
    assert load_settings({"HOME": str(tmp_path)} | {variable_of(name): "" for name in FIELDS}) == Settings()


def test_keys_of_the_variable_and_of_the_file_count_action_by_action(file, tmp_path):
    environ = file('[keys]\nstop = "escape, x"\nsave = "w"\n', WORKBENCH_KEYS="save=ctrl+s")
    assert load_settings(environ).keys == {"stop": "escape,x", "save": "ctrl+s"}
    assert source_of("keys.stop", environ) == f"{tmp_path / 'config.toml'}:2"
    assert source_of("keys.save", environ) == "WORKBENCH_KEYS"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('theme = "nord"\nthemes = 1', 2, "unknown setting 'themes'; did you mean 'theme'"),
        ('\ntheme = "drakula"', 2, "unknown theme 'drakula'; did you mean 'dracula'"),
        ("theme = 3", 1, "unknown theme '3'"),
        ("unicode = true", 1, "unknown unicode 'True'; known: auto, no, yes"),
        ("updates_per_second = 0", 1, "updates_per_second must be at least 1, got 0"),
        ("updates_per_second = 60", 1, "updates_per_second must be at most 10, got 60"),
        ("updates_per_second = 2.5", 1, "expected a whole number, got 2.5"),
        ('confirm_quit = "no"', 1, "expected true or false, got 'no'"),
        ('history = "sweeps.sqlite3"', 1, "history: expected an absolute path"),
        ("history = 3", 1, "expected text, got 3"),
        ('keys = "x"', 1, "keys is a table"),
        ('[keys]\nstopp = "x"', 2, "unknown action 'stopp'; did you mean 'stop'"),
        ('[keys]\ntheme = "nord"', 2, "theme stands in the table [keys]; settings come before it"),
        ("[keys]\nstop = 3", 2, "keys.stop: expected text such as 'escape,x', got 3"),
        ('keys = {stop = "esacpe"}', 1, "unknown key 'esacpe'; did you mean 'escape'"),
        ('[keys]\nstop = ""', 2, "expected keys such as 'escape,x', got ''"),
        ('[keys]\nstop = "strg+x"', 2, "unknown key 'strg'"),
        ('[keys]\nstop = "ctrl+q"', 2, "ctrl+q always quits and can do nothing else"),
        ('[keys]\nstop = "x"\nsave = "s,x"', 3, "keys.save: 'x' is the key of keys.stop already"),
        ("theme = nord", 1, "not valid TOML"),
    ],
)
def test_a_wrong_file_is_one_message_with_its_line(text, line, message, file, tmp_path):
    with pytest.raises(RequestError) as caught:
        load_settings(file(text))
    assert str(caught.value).startswith(f"{tmp_path / 'config.toml'}:{line}: ")
    assert message in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("WORKBENCH_THEME", "nrod", "WORKBENCH_THEME: unknown theme 'nrod'; did you mean 'nord'"),
        ("WORKBENCH_CONFIRM_QUIT", "perhaps", "WORKBENCH_CONFIRM_QUIT: expected true or false, got 'perhaps'"),
        ("WORKBENCH_UPDATES_PER_SECOND", "x", "WORKBENCH_UPDATES_PER_SECOND: expected a whole number, got 'x'"),
        ("WORKBENCH_KEYS", "stop", "WORKBENCH_KEYS: expected ACTION=KEYS such as stop=escape,x, got 'stop'"),
        ("WORKBENCH_KEYS", "sotp=x", "WORKBENCH_KEYS: unknown action 'sotp'; did you mean 'stop'"),
    ],
)
def test_a_wrong_variable_is_named(variable, text, message, tmp_path):
    with pytest.raises(RequestError, match=re.escape(message)):
        load_settings({"HOME": str(tmp_path), variable: text})


def test_a_file_that_is_named_must_be_there(tmp_path):
    with pytest.raises(RequestError, match=r"none\.toml: cannot be read: No such file"):
        load_settings({"WORKBENCH_CONFIG": str(tmp_path / "none.toml")})


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_named(content, tmp_path):
    path = tmp_path / "config.toml"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(RequestError, match=r"config\.toml: cannot be read"):
        load_settings({"WORKBENCH_CONFIG": str(path)})


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "/home/me/.config/workbench/config.toml"),
        ({"XDG_CONFIG_HOME": "/etc/me"}, "/etc/me/workbench/config.toml"),
        ({"XDG_CONFIG_HOME": "relative"}, "/home/me/.config/workbench/config.toml"),
        ({"XDG_CONFIG_HOME": "/etc/me", "WORKBENCH_CONFIG": "/w.toml"}, "/w.toml"),
    ],
)
def test_the_file_is_where_the_environment_says(variables, expected):
    assert settings_file({"HOME": "/home/me"} | variables) == Path(expected)


def test_the_state_is_where_the_environment_says():
    assert state_folder({"HOME": "/home/me"}) == Path("/home/me/.local/state/workbench")
    assert state_folder({"HOME": "/home/me", "XDG_STATE_HOME": "/var/me"}) == Path("/var/me/workbench")


def test_without_a_home_folder_everything_has_its_default(monkeypatch):
    def home():
        raise RuntimeError

    monkeypatch.setattr(Path, "home", home)
    assert settings_file({}) is None
    assert state_folder({}) is None
    assert load_settings({}) == Settings()


def test_the_history_is_where_variable_or_file_say(file, monkeypatch, tmp_path):
    monkeypatch.setenv("WORKBENCH_CONFIG", file(f"history = '{tmp_path}/h.sqlite3'")["WORKBENCH_CONFIG"])
    monkeypatch.setenv("WORKBENCH_HISTORY", "off")
    assert history_place() is None
    monkeypatch.delenv("WORKBENCH_HISTORY")
    assert history_place() == tmp_path / "h.sqlite3"
    file("history = 'off'")
    assert history_place() is None


@pytest.mark.parametrize(
    ("wish", "environ", "signs"),
    [
        ("auto", {}, UNICODE),
        ("auto", {"LANG": "C"}, ASCII),
        ("auto", {"LC_ALL": "de_DE.UTF-8", "LANG": "C"}, UNICODE),
        ("auto", {"LANG": "de_DE.UTF-8", "TERM": "linux"}, ASCII),
        ("yes", {"LANG": "C"}, UNICODE),
        ("no", {"LANG": "de_DE.UTF-8"}, ASCII),
    ],
)
def test_signs_of_the_screen_follow_the_wish_and_else_the_terminal(wish, environ, signs):
    assert signs_of(Settings(unicode=wish), environ) is signs


def test_signs_of_an_output_never_exceed_its_encoding(tmp_path):
    home = {"HOME": str(tmp_path)}
    assert stream_signs("utf-8", home) is UNICODE
    assert stream_signs("ascii", home | {"WORKBENCH_UNICODE": "yes"}) is ASCII
    assert stream_signs("utf-8", home | {"WORKBENCH_UNICODE": "no"}) is ASCII


def test_plots_are_made_of_braille_unless_asked_otherwise_or_all_is_ascii():
    assert draws_braille(Settings(), UNICODE)
    assert not draws_braille(Settings(), ASCII)
    assert not draws_braille(Settings(plot_marks="ascii"), UNICODE)
    assert draws_braille(Settings(plot_marks="braille"), ASCII)


def test_themes_actions_and_keys_are_those_of_the_screen():
    assert set(THEMES) == set(BUILTIN_THEMES)
    for sign in map(chr, range(33, 127)):
        assert sign.isalnum() or sign_name(sign) == _character_to_key(sign)
    for action in TABLE:
        assert check_keys(action.keys, "") == action.keys


def test_every_key_has_one_name():
    assert len(set(names())) == len(names())
    assert check_keys("?, shift+f1,comma", "") == "?,shift+f1,comma"
    assert not set(NAMED) & {sign_name(sign) for sign in "?!/"}


def uncommented():
    """The template with every setting switched on."""
    return re.sub(r"(?m)^# (\w+ = |\[)", r"\1", template())


def test_the_template_changes_nothing_and_its_lines_are_the_defaults(file):
    assert load_settings(file(template())) == Settings()
    assert load_settings(file(uncommented())) == Settings(keys={"stop": "escape,x"})
    assert {*tomllib.loads(uncommented())} == {*FIELDS}


def test_the_published_schema_is_that_of_the_settings_and_fits_the_template():
    assert (ROOT / "workbench" / "settings.schema.json").read_text() == settings_schema() + "\n"
    jsonschema.validate(tomllib.loads(uncommented()), json.loads(settings_schema()))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"theme": "drakula"}, json.loads(settings_schema()))


def test_the_template_is_written_once_and_what_was_there_is_kept(tmp_path):
    path = tmp_path / "new" / "config.toml"
    assert write_template(path, force=False) is None
    path.write_text("theme = 'nord'")
    with pytest.raises(RequestError, match="exists; --force replaces it"):
        write_template(path, force=False)
    kept = write_template(path, force=True)
    assert kept
    assert (path.read_text(), kept.read_text()) == (template(), "theme = 'nord'")


def test_settings_load_neither_numpy_nor_textual():
    code = "import sys, workbench.settings; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "textual", "rich", "sqlite3"} & set(loaded)
