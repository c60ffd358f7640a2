"""Reports by name: what reads a file reads a sweep of the history as well, wherever that is kept."""

import pytest

from engine.history import open_history, store
from tests.builders import a_report
from tests.cli.test_compare import write
from workbench.cli import main
from workbench.places import CONFIG


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A history with one sweep, in a place that only the settings name."""
    monkeypatch.delenv("WORKBENCH_HISTORY")
    monkeypatch.setattr(store, "checkout_of", lambda reference: None)
    (tmp_path / "config.toml").write_text(f'history = "{tmp_path / "h.sqlite3"}"\n')
    monkeypatch.setenv(CONFIG, str(tmp_path / "config.toml"))
    open_history(tmp_path / "h.sqlite3").add(a_report())
    return write(tmp_path / "r.json", a_report())


@pytest.mark.parametrize(
    "command",
    [
        ["export", "REPORT", "--format", "csv"],
        ["export", "REPORT", "--format", "tuned"],
        ["what-if", "REPORT", "cores=2"],
        ["compare", "REPORT", "REPORT", "--json"],
    ],
    ids=" ".join,
)
def test_a_sweep_of_the_history_is_read_as_its_file_would_be(command, kept, capsys):
    def outcome(name):
        code = main([name if word == "REPORT" else word for word in command])
        return code, capsys.readouterr().out

    assert outcome("history:1") == outcome(kept)
    assert outcome(kept)[1]


def test_a_sweep_that_is_not_there_is_one_message(kept, capsys):
    assert main(["export", "history:7", "--format", "csv"]) == 2
    assert capsys.readouterr().err == "workbench: history: there is no sweep 7; the nearest: 1\n"
