"""A file from outside is data: whatever is in it, opening it works or is one clear message."""

import sqlite3
import zlib
from contextlib import closing, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import FileProblem, WorkbenchError
from engine.history import open_history, schema
from tests.history.reports import WINNER, a_day


@pytest.fixture
def history(tmp_path):
    history = open_history(tmp_path / "history.sqlite3")
    for day in (1, 2):
        history.add(a_day(day, times=day, control_seconds=(0.1,)))
    return history


def change(history, statement, *values):
    with closing(sqlite3.connect(history.path)) as db:
        db.execute(statement, values)
        db.commit()


QUESTIONS = (
    lambda history: history.sweeps(),
    lambda history: history.workloads(),
    lambda history: history.best(),
    lambda history: history.plans("straddles"),
    lambda history: history.trend("straddles"),
    lambda history: history.trend("straddles", WINNER),
    lambda history: history.report(1),
)
CHANGES = (
    lambda history: history.add(a_day(9)),
    lambda history: history.remove([1]),
    lambda history: history.prune(1),
)


def do(deeds, history):
    for deed in deeds:
        with suppress(WorkbenchError):  # anything else is a failure
            deed(history)


@pytest.mark.parametrize("content", [b"SQLite format 3", b"\0" * 4096, b"[{}]" * 500, "größer".encode() * 300])
def test_a_file_that_is_no_database_is_one_message_and_stays_as_it_is(tmp_path, content):
    file = tmp_path / "h.sqlite3"
    file.write_bytes(content)
    with pytest.raises(FileProblem, match=r"h\.sqlite3: is not a database"):
        open_history(file)
    assert file.read_bytes() == content


def test_a_database_of_another_program_is_left_alone(tmp_path):
    file = tmp_path / "places.sqlite"
    with closing(sqlite3.connect(file)) as db:
        db.execute("CREATE TABLE sweeps (id)")
    before = file.read_bytes()
    with pytest.raises(FileProblem, match=r"places\.sqlite: is a database of another program"):
        open_history(file)
    assert file.read_bytes() == before


def test_a_history_of_a_newer_version_is_one_message(history):
    change(history, "PRAGMA user_version = 99")
    with pytest.raises(
        FileProblem, match="has schema 99, and this version of workbench knows up to 1: install the newer"
    ):
        open_history(history.path)


def test_an_empty_file_becomes_a_history(tmp_path):
    file = tmp_path / "h.sqlite3"
    file.touch()
    assert open_history(file).sweeps() == ()
    assert open_history(file).add(a_day(1)) == 1


def test_a_folder_is_no_history(tmp_path):
    with pytest.raises(FileProblem, match="is not a file"):
        open_history(tmp_path)


def test_a_history_in_a_place_that_cannot_be_a_folder_is_one_message(tmp_path):
    (tmp_path / "file").touch()
    history = open_history(tmp_path / "file" / "h.sqlite3")
    with pytest.raises(FileProblem, match="cannot be"):
        history.add(a_day(1))


def test_a_name_that_is_too_long_is_one_message(tmp_path):
    with pytest.raises(FileProblem, match="cannot be opened: File name too long"):
        open_history(tmp_path / ("x" * 300))


def test_an_older_history_gets_the_tables_of_today(history, monkeypatch):
    newer = (*schema.MIGRATIONS, ("ALTER TABLE sweeps ADD COLUMN note TEXT", "CREATE INDEX notes ON sweeps (note)"))
    monkeypatch.setattr(schema, "MIGRATIONS", newer)
    assert len(open_history(history.path).sweeps()) == 2
    change(history, "UPDATE sweeps SET note = 'new'")
    with closing(sqlite3.connect(history.path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(newer),)


def test_a_migration_that_fails_half_way_changes_nothing(history, monkeypatch):
    before = history.path.read_bytes()
    broken = ("ALTER TABLE sweeps ADD COLUMN note TEXT", "CREATE TABLE sweeps (id)")
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
    with pytest.raises(FileProblem, match="table sweeps already exists"):
        open_history(history.path)
    monkeypatch.undo()
    assert history.path.read_bytes() == before
    assert len(history.sweeps()) == 2


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("UPDATE sweeps SET report = ?", b"no compressed text"),
        ("UPDATE sweeps SET report = ?", zlib.compress(b"{}")),
        ("UPDATE sweeps SET report = ?", zlib.compress(b"x" * 1000)[:-5]),
        ("UPDATE sweeps SET report = ?", "text"),
    ],
)
def test_a_report_that_was_spoilt_is_one_message_and_the_others_can_be_read(history, statement, value):
    change(history, f"{statement} WHERE id = 1", value)
    with pytest.raises(FileProblem, match="holds what cannot be read"):
        history.report(1)
    assert history.report(2).created == a_day(2).created


@pytest.mark.parametrize("value", [None, -1, 0.0, float("inf"), 2**60, "text", "{}", b"\xff"])
@pytest.mark.parametrize("table", ["sweeps", "trials", "samples"])
def test_any_value_in_any_column_is_an_answer_or_one_message(history, table, value):
    with closing(sqlite3.connect(history.path)) as db:
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[1] not in ("id", "digest")]
    before = history.path.read_bytes()
    for column in columns:
        with suppress(sqlite3.IntegrityError):
            change(history, f"UPDATE {table} SET {column} = ?", value)
            do(QUESTIONS, history)
        history.path.write_bytes(before)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_a_damaged_file_is_an_answer_or_one_message(tmp_path_factory, data):
    history = open_history(tmp_path_factory.mktemp("damaged") / "h.sqlite3")
    history.add(a_day(1))
    content = bytearray(history.path.read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    history.path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    do(QUESTIONS + CHANGES, history)


def test_nothing_in_a_file_runs_when_it_is_read(history):
    change(history, "CREATE TRIGGER t AFTER INSERT ON samples BEGIN SELECT load_extension('x'); END")
    with pytest.raises(FileProblem):
        history.add(a_day(5))
    assert len(history.sweeps()) == 2
