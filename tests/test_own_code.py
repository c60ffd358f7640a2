"""What a folder's Python files define: read, never run."""

import pytest

from workbench.own_code import LARGEST, defined_in, suggestions

FILE = """
from engine import Workload
import engine

raise SystemExit("never run")

TASKS = list(range(10))
WORKLOAD: Workload = engine.Workload(name="mine")
OTHER = Workload()
_private = 1
first, second = 1, 2


def helper(x): ...
def load_prices(): ...
def run_one(data, task): ...
async def soon(): ...
class Thing: ...
"""


def references(folder):
    return [(each.reference, each.kind) for each in defined_in(folder)]


def test_names_at_the_top_of_each_file_are_found_and_nothing_is_run(tmp_path):
    (tmp_path / "mine.py").write_text(FILE)
    (tmp_path / "a.py").write_text("x = 1")
    assert references(tmp_path) == [
        ("a.py:x", "value"),
        ("mine.py:TASKS", "value"),
        ("mine.py:WORKLOAD", "workload"),
        ("mine.py:OTHER", "workload"),
        ("mine.py:helper", "function"),
        ("mine.py:load_prices", "function"),
        ("mine.py:run_one", "function"),
    ]


def test_the_likeliest_comes_first(tmp_path):
    (tmp_path / "mine.py").write_text(FILE)
    found = suggestions(defined_in(tmp_path))
    assert found["reference"][:3] == ("mine.py:WORKLOAD", "mine.py:OTHER", "mine.py:helper")
    assert found["tasks"][0] == "mine.py:TASKS"
    assert found["data"][0] == "mine.py:load_prices"
    assert len(found["data"]) == 4


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("broken.py", b"def ("),
        ("null.py", b"x = 1\0"),
        ("latin.py", b"x = '\xe9'"),
        ("my-file.py", b"x = 1"),
        ("large.py", b"x = 1\n" + b"#" * LARGEST),
        ("deep.py", b"x = " + b"(" * 5000 + b")" * 5000),
    ],
)
def test_a_file_that_cannot_be_read_or_imported_is_left_out(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.py").mkdir()
    assert references(tmp_path) == []


def test_what_python_warns_of_is_no_reason(tmp_path):
    (tmp_path / "mine.py").write_bytes(b"x = '\\d'\n")
    assert references(tmp_path) == [("mine.py:x", "value")]


def test_a_folder_that_is_not_there_defines_nothing(tmp_path):
    assert references(tmp_path / "no") == []
    assert suggestions(()) == {"reference": (), "tasks": (), "data": ()}
