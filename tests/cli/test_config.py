"""``workbench config``: settings and tuned configs as a user sees them."""

import json

import pytest

from engine.history import History
from engine.production import save_config
from tests.builders import a_report


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Path of the settings file, which does not exist yet."""
    monkeypatch.setenv("WORKBENCH_CONFIG", str(tmp_path / "config.toml"))
    return tmp_path / "config.toml"


def test_every_setting_is_shown_with_where_it_comes_from(settings, said, monkeypatch):
    settings.write_text('theme = "nord"\n\n[keys]\nstop = "x"\n')
    monkeypatch.setenv("WORKBENCH_UNICODE", "no")
    code, out, err = said("config", "show")
    assert (code, err) == (0, "")
    rows = {words[0]: (words[1], words[-1]) for words in map(str.split, out.splitlines())}
    assert rows["theme"] == ("nord", f"{settings}:1")
    assert rows["unicode"] == ("no", "WORKBENCH_UNICODE")
    assert rows["confirm_quit"] == ("true", "default")
    assert rows["keys.stop"] == ("x", f"{settings}:4")
    assert rows["history"][1] == "WORKBENCH_HISTORY"


def test_settings_are_one_json_document(settings, said):
    settings.write_text("updates_per_second = 4\n")
    code, out, err = said("config", "show", "--json")
    document = json.loads(out)
    assert (code, err, document["schema"], document["file"]) == (0, "", 1, str(settings))
    rows = {each["name"]: (each["value"], each["source"]) for each in document["settings"]}
    assert rows["updates_per_second"] == (4, f"{settings}:1")
    assert rows["theme"] == ("textual-dark", "default")
    assert rows["keys"] == ({}, "default")


def test_without_a_file_it_is_said_how_to_make_one(said, monkeypatch, tmp_path):
    monkeypatch.delenv("WORKBENCH_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    code, out, err = said("config", "show")
    assert code == 0
    assert "textual-dark" in out
    assert err == f"there is no {tmp_path}/workbench/config.toml; `workbench config init` writes one\n"
    assert json.loads(said("config", "show", "--json")[1])["file"] is None


def test_a_tuned_config_is_shown_as_text_and_as_json(said, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HISTORY", str(tmp_path / "history.sqlite3"))
    save_config(a_report(), tmp_path / "tuned.toml")
    code, out, _ = said("config", "show", tmp_path / "tuned.toml")
    assert code == 0
    assert "here it runs:" in out
    assert "the baseline's speed, 3 blocks\n" in out
    assert "certificate: none, as from a sweep that was stopped early" in out
    code, out, err = said("config", "show", tmp_path / "tuned.toml", "--json")
    document = json.loads(out)
    assert (code, err, document["schema"], document["sweep"]) == (0, "", 1, None)
    assert document["config"]["workload"] == a_report().workload.reference
    assert document["here"]["plan"]["mode"] == "sequential"
    assert document["here"]["notes"]


def test_paths_are_printed_though_nothing_is_there(settings, said, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    code, out, _ = said("config", "path")
    assert code == 0
    config, state, history = out.splitlines()
    assert config == f"config   {settings}"
    assert state == f"state    {tmp_path}/state/workbench"
    assert history == f"history  {settings}: cannot be read: No such file or directory"
    settings.write_text("")
    assert said("config", "path")[1].splitlines()[2].endswith("history.sqlite3")


def test_a_settings_file_is_made_and_never_lost(settings, said):
    assert said("config", "init") == (0, f"wrote {settings}\n", "")
    assert said("config", "show")[0] == 0
    settings.write_text("theme = 'nord'\n")
    code, out, err = said("config", "init")
    assert (code, out) == (2, "")
    assert "--force replaces it and keeps it as config.toml.bak" in err
    assert said("config", "init", "--force")[0] == 0
    assert (settings.parent / "config.toml.bak").read_text() == "theme = 'nord'\n"


def test_the_schema_of_the_settings_is_printed(said):
    code, out, _ = said("config", "schema", "settings")
    assert code == 0
    assert "updates_per_second" in json.loads(out)["$defs"]["Settings"]["properties"]


@pytest.mark.parametrize(
    "arguments",
    [["config", "show"], ["sweep", "fixed_cost"], ["check", "fixed_cost"], ["scaling", "fixed_cost"], ["history"]],
)
def test_a_wrong_setting_is_one_message_before_anything_runs(arguments, settings, said):
    settings.write_text("\nthem = 'nord'\n")
    assert said(*arguments) == (2, "", f"workbench: {settings}:2: unknown setting 'them'; did you mean 'theme'?\n")


@pytest.mark.parametrize("arguments", [["--help"], ["config", "path"], ["config", "schema", "settings"], ["modes"]])
def test_what_needs_no_setting_works_with_a_wrong_one(arguments, settings, said):
    settings.write_text("them = 'nord'\n")
    assert said(*arguments)[0] == 0


def test_an_unknown_command_of_config_is_answered_with_the_nearest(said):
    assert said("config", "shwo") == (2, "", "workbench: config: unknown command 'shwo'; did you mean 'show'?\n")


def test_the_history_of_the_settings_is_used_and_can_be_switched_off(settings, said, monkeypatch, tmp_path):
    monkeypatch.delenv("WORKBENCH_HISTORY")
    settings.write_text(f"history = '{tmp_path}/h.sqlite3'\n")
    History(tmp_path / "h.sqlite3").add(a_report())
    assert len(json.loads(said("history", "--json")[1])["sweeps"]) == 1
    settings.write_text("theme = 'nord'\nhistory = 'off'\n")
    code, _, err = said("history")
    assert code == 2
    assert err.startswith(f"workbench: {settings}:2: the history is switched off; ")


def test_without_unicode_reports_are_ascii(settings, said, monkeypatch, tmp_path):
    monkeypatch.setenv("WORKBENCH_HISTORY", str(tmp_path / "h.sqlite3"))
    History(tmp_path / "h.sqlite3").add(a_report())
    settings.write_text("unicode = 'auto'\n")
    assert "×" in said("history", "show", 1)[1]
    settings.write_text("unicode = 'no'\n")
    assert said("history", "show", 1)[1].isascii()
