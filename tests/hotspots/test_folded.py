"""Folded stacks: what py-spy writes, what is stored, and what is summed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import FileProblem
from engine.hotspots import folded
from engine.hotspots.folded import MEASURING, WORKER, Frame, from_py_spy, merge, split_frame

names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters=";"), min_size=1)
stacks = st.dictionaries(st.lists(names, min_size=1, max_size=6).map(tuple), st.integers(1, 10**6), min_size=1)

SPAWNED = (
    'process 7:"python -m engine loop";process {pid}:"python -c from multiprocessing.spawn import spawn_main; '
    'spawn_main(tracker_fd=6, pipe_handle=13) --multiprocessing-fork";main (spawn.py:1);kernel (k.py:{line}) {count}\n'
)


@given(stacks)
def test_what_is_written_is_read_back(tmp_path_factory, stacks):
    path = tmp_path_factory.mktemp("folded") / "capture.folded"
    path.write_text(folded.write(stacks), encoding="utf-8", newline="")
    assert folded.read(path) == stacks


@given(st.lists(stacks))
def test_merging_keeps_every_sample(captures):
    merged = merge(captures)
    assert sum(merged.values()) == sum(sum(stacks.values()) for stacks in captures)
    assert set(merged) == {stack for stacks in captures for stack in stacks}


def test_hostile_frames_cannot_break_the_file(tmp_path):
    path = tmp_path / "capture.folded"
    path.write_text(folded.write({("a;b\nc (x.py:1)", "d\r\x1c 5"): 2}), encoding="utf-8")
    assert folded.read(path) == {("a,b c (x.py:1)", "d   5"): 2}


@pytest.mark.parametrize("line", ["no count", "a;b", "a;b -3", "12"])
def test_a_broken_file_is_named_with_its_line(tmp_path, line):
    path = tmp_path / "capture.folded"
    path.write_text(f"main;f 3\n{line}\n")
    with pytest.raises(FileProblem, match=r"capture\.folded:2: expected folded stacks"):
        folded.read(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileProblem, match=r"nowhere\.folded: cannot be read"):
        folded.read(tmp_path / "nowhere.folded")


def test_workers_merge_although_their_command_lines_differ():
    text = SPAWNED.format(pid=8, line=3, count=5) + SPAWNED.format(pid=9, line=3, count=2)
    assert from_py_spy(text) == {(WORKER, "main (spawn.py:1)", "kernel (k.py:3)"): 7}


def test_the_outermost_process_is_the_measuring_one():
    assert from_py_spy('process 7:"python x";main (x.py:1) 4\n') == {(MEASURING, "main (x.py:1)"): 4}


def test_forked_workers_of_a_fork_server_are_workers():
    text = 'process 7:"python";process 8:"server";process 9:"server";main (x.py:1) 4\n'
    assert from_py_spy(text) == {(WORKER, "main (x.py:1)"): 4}


def test_a_process_without_python_frames_is_its_role():
    assert from_py_spy('process 7:"a";process 8:"b; c" 2\nprocess 7:"a" 1\n') == {(WORKER,): 2, (MEASURING,): 1}


def test_command_lines_with_line_ends_quotes_and_semicolons_are_read():
    text = 'process 7:"python";process 8:"python -c x = "a;b"; y\nhot() "q";z (a.py:1)";main (x.py:1);f (x.py:2) 80\n'
    assert from_py_spy(text + 'process 7:"python";g (x.py:1) 1\n') == {
        (WORKER, "main (x.py:1)", "f (x.py:2)"): 80,
        (MEASURING, "g (x.py:1)"): 1,
    }


@given(st.text())
def test_no_output_of_py_spy_breaks_the_parser(text):
    assert all(stack and count > 0 for stack, count in from_py_spy(text).items())


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("f (a/b.py:12)", Frame("f", "a/b.py", 12)),
        ("A.<locals>.<lambda> (<string>:1)", Frame("A.<locals>.<lambda>", "<string>", 1)),
        ("f (odd (1).py:3)", Frame("f", "odd (1).py", 3)),
        ("f (library.so)", Frame("f", "library.so", 0)),
        ("measuring process", Frame("measuring process")),
    ],
)
def test_a_frame_is_split(text, frame):
    assert split_frame(text) == frame
