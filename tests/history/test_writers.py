"""Several processes write at once, and some are killed."""

import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from subprocess import PIPE

import pytest

from engine.errors import FileProblem
from engine.history import database, open_history
from tests.history.reports import BLOCKS, PLANS, a_day

ROOT = Path(__file__).parents[2]
SAMPLES = (BLOCKS + 1) * len(PLANS)
ROWS = 1 + len(PLANS) + SAMPLES
"""Rows that one sweep writes."""


@pytest.fixture
def start():
    """Return a function that starts a writer and waits until it is ready to be let go."""
    with ExitStack() as stack:

        def started(file, first, count, stop=0):
            command = [sys.executable, "-m", "tests.history.writer", *map(str, (file, first, count, stop))]
            process = stack.enter_context(subprocess.Popen(command, text=True, cwd=ROOT, stdin=PIPE, stdout=PIPE))
            stack.callback(process.kill)
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            return process

        yield started


def go(*writers):
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()


def finished(writer):
    """The ids that a writer was told."""
    ids = [int(line) for line in writer.stdout]
    assert writer.wait() == 0
    return ids


def assert_whole(file, ids):
    """The file is sound and holds these sweeps, each with all of its trials and samples."""
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        found = db.execute(
            "SELECT sweeps.id, COUNT(DISTINCT trials.id), COUNT(*) FROM sweeps JOIN trials ON sweep = sweeps.id"
            " JOIN samples ON trial = trials.id GROUP BY sweeps.id"
        ).fetchall()
    assert found == [(number, len(PLANS), SAMPLES) for number in sorted(ids)]


def test_two_processes_that_make_and_fill_one_history_lose_nothing(tmp_path, start):
    file = tmp_path / "h.sqlite3"
    one, other = start(file, 0, 25), start(file, 100, 25)
    go(one, other)
    ids = finished(one) + finished(other)
    assert sorted(ids) == list(range(1, 51))
    assert_whole(file, ids)


def test_a_reader_sees_only_whole_sweeps_while_another_process_writes(tmp_path, start):
    file = tmp_path / "h.sqlite3"
    history = open_history(file)
    writer = start(file, 0, 25)
    go(writer)
    while len(sweeps := history.sweeps()) < 25:
        assert {sweep.plans for sweep in sweeps} <= {len(PLANS)}
        assert all(history.report(sweep.id).blocks == BLOCKS for sweep in sweeps[:1])
    assert_whole(file, finished(writer))


@pytest.mark.parametrize("rows", [1, 2, ROWS // 2, ROWS])
@pytest.mark.parametrize("before", [0, 1])
def test_a_writer_that_is_killed_within_its_transaction_leaves_nothing(tmp_path, start, rows, before):
    file = tmp_path / "h.sqlite3"
    history = open_history(file)
    for day in range(before):
        history.add(a_day(1 + day, times=9))
    writer = start(file, 0, 1, rows)
    go(writer)
    assert writer.stdout.readline() == "stopped\n"
    writer.kill()
    writer.wait()
    assert len(history.sweeps()) == before
    assert history.add(a_day(5)) == before + 1
    assert_whole(file, range(1, before + 2))


@pytest.mark.parametrize("kept", [0, 1, 5, 17])
def test_a_writer_that_is_killed_anywhere_loses_nothing_it_was_told_is_kept(tmp_path, start, kept):
    file = tmp_path / "h.sqlite3"
    writer = start(file, 0, 10_000)
    go(writer)
    told = [int(writer.stdout.readline()) for _ in range(kept)]
    writer.kill()
    told += [int(line) for line in writer.stdout]
    writer.wait()
    history = open_history(file)
    ids = [sweep.id for sweep in history.sweeps()]
    assert set(told) <= set(ids)
    assert len(ids) <= len(told) + 1  # the last may have been kept and not told
    assert_whole(file, [*ids, history.add(a_day(1, times=99))])


def test_one_process_killed_in_its_transaction_does_not_hold_up_another(tmp_path, start):
    file = tmp_path / "h.sqlite3"
    dying, living = start(file, 0, 1, ROWS), start(file, 100, 10)
    go(dying)
    assert dying.stdout.readline() == "stopped\n"
    go(living)
    dying.kill()
    dying.wait()
    assert_whole(file, finished(living))


def test_a_file_that_another_process_keeps_locked_is_one_message(tmp_path, monkeypatch):
    history = open_history(tmp_path / "h.sqlite3")
    history.add(a_day(1))
    monkeypatch.setattr(database, "PATIENCE", 0.05)
    with closing(sqlite3.connect(history.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(FileProblem, match=r"h\.sqlite3: another process has been writing to it"):
            history.add(a_day(2))
        assert len(history.sweeps()) == 1  # readers need not wait
    assert history.add(a_day(2)) == 2
