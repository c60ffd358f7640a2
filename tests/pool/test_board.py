"""The board: rows that do not touch, read by the engine in words and seconds."""

from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.pool.board import DOING, Board, Field, Phase
from engine.pool.sharedfile import SharedFile

patient = settings(deadline=None)


@patient
@given(st.integers(1, 20), st.data())
def test_what_one_worker_writes_is_in_no_other_row(workers, data):
    with closing(Board(workers).file) as file:
        board = Board(workers, file)
        writer = data.draw(st.integers(0, workers - 1))
        row = board.row(writer)
        assert len(row) * 8 == 128
        row[:] = memoryview(bytes(range(128))).cast("q")
        others = [board.row(worker) for worker in range(workers) if worker != writer]
        assert not any(number for other in others for number in other)
        assert board.cancelled()[0] == 0


@patient
@given(st.integers(1, 20), st.integers(0, 2**62))
def test_what_is_cancelled_is_seen_by_workers_and_written_into_no_row(workers, number):
    with closing(Board(workers).file) as file:
        board = Board(workers, file)
        theirs = Board(workers, SharedFile.adopt(file.descriptor, Board.size(workers))).cancelled()
        board.cancel_below(number)
        assert theirs[0] == number
        assert not any(any(board.row(worker)) for worker in range(workers))


def test_every_field_has_a_place_of_its_own_in_a_row():
    with closing(Board(1).file) as file:
        row = Board(1, file).row(0)
        for field in Field:
            row[field] = field + 100
        assert [row[field] for field in Field] == [field + 100 for field in Field]
        assert max(Field) < len(row)


def test_a_view_is_in_words_and_seconds():
    values = {
        Field.PHASE: Phase.RUNNING,
        Field.FIRST: 40,
        Field.COUNT: 8,
        Field.SINCE: 1_500_000_000,
        Field.TASKS: 300,
        Field.CHUNKS: 12,
        Field.WALL: 2_000_000_000,
        Field.CPU: 1_900_000_000,
        Field.WAIT: 3_000_000,
        Field.COPY: 4_000,
        Field.BYTES: 12_160,
        Field.STARTED: 5_000_000,
        Field.IMPORT: 6_000_000,
        Field.UNPACK: 7_000_000,
        Field.LIVES: 2,
    }
    assert values.keys() == set(Field)
    with closing(Board(2).file) as file:
        board = Board(2, file)
        for field, value in values.items():
            board.row(1)[field] = value
        view = board.view(1, pid=4711)
    assert (view.pid, view.phase, view.first, view.count) == (4711, "running", 40, 8)
    assert (view.since, view.wall, view.cpu, view.wait, view.copy) == (1.5, 2.0, 1.9, 0.003, 0.000_004)
    assert (view.start, view.imports, view.unpack) == (0.005, 0.006, 0.007)
    assert (view.tasks, view.chunks, view.bytes, view.lives) == (300, 12, 12_160, 2)


def test_a_board_is_empty_and_of_the_size_that_workers_map():
    with closing(Board(3).file) as file:
        assert file.size == Board.size(3) == 4 * 128
        assert Board(3, file).view(2, 1).phase == "starting"


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_words(phase):
    assert DOING[phase].startswith("while it ")
