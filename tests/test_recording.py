"""Reading recordings: files from outside, perhaps cut off in the middle."""

import pytest

from engine.errors import FileProblem
from engine.events import encode
from engine.recording import read_recording
from tests.builders import a_sweep

LINES = [encode(event) for event in a_sweep()]


@pytest.fixture
def recording(tmp_path):
    """Return a function that writes a recording and returns its path."""

    def write(*lines: bytes):
        path = tmp_path / "sweep.jsonl"
        path.write_bytes(b"".join(lines))
        return path

    return write


def test_a_recording_is_the_events_of_its_lines(recording):
    assert read_recording(recording(*LINES)) == a_sweep()


@pytest.mark.parametrize("half", [b"{", LINES[9][:-1][:-1], LINES[9][: len(LINES[9]) // 2], b"\xe4"])
def test_a_last_line_that_was_being_written_is_left_out(half, recording):
    assert read_recording(recording(*LINES[:9], half)) == a_sweep()[:9]


def test_a_last_line_without_its_end_counts_when_it_is_whole(recording):
    assert read_recording(recording(*LINES[:9], LINES[9].rstrip())) == a_sweep()[:10]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "holds no events"),
        (b'{"event"', "holds no events"),
        (b"\n{}\n", ":2: not an event of a sweep"),
        (LINES[0] + b'{"event":"Block\n' + LINES[1], ":2: not an event of a sweep"),
        (LINES[0] + b"\xff\xfe\n", ":2: not an event of a sweep"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_with_the_line(content, problem, recording):
    with pytest.raises(FileProblem, match=problem):
        read_recording(recording(content))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FileProblem, match="cannot be read"):
        read_recording(tmp_path / "none.jsonl")
