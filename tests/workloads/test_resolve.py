import subprocess
import sys

import pytest

from engine.errors import UnknownName, WorkloadProblem
from engine.workload import Workload
from engine.workloads import WORKLOADS, resolve

GOOD = """
from engine.workload import Kernel, Workload

def load(size, **settings):
    return list(range(10))

def tasks(data):
    return data

def double(data, tasks):
    return [2 * task for task in tasks]

MINE = Workload(name="mine", summary="doubles", load=load, tasks=tasks, kernels={"python": Kernel(double)})
NUMBER = 3
"""


@pytest.fixture(autouse=True)
def clean_imports(monkeypatch):
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name in set(sys.modules) - before:
        if not name.startswith(("engine", "numpy", "scipy")):
            del sys.modules[name]


def write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return str(path)


def problem(reference):
    with pytest.raises(WorkloadProblem) as caught:
        resolve(reference)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_built_in_workloads_resolve_by_name():
    for workload in WORKLOADS:
        assert resolve(workload.name) is workload
    assert len({workload.name for workload in WORKLOADS}) == len(WORKLOADS)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownName, match="unknown workload 'straddels'; did you mean 'straddles'"):
        resolve("straddels")


def test_a_workload_of_a_file_resolves_and_can_be_found_by_workers(tmp_path):
    mine = resolve(write(tmp_path / "own_work.py", GOOD) + ":MINE")
    assert isinstance(mine, Workload)
    assert sys.path[0] == str(tmp_path)
    assert mine.kernels["python"].function.__module__ == "own_work"
    assert resolve(f"{tmp_path}/own_work.py:MINE") is mine
    assert sys.path.count(str(tmp_path)) == 1


def test_a_workload_of_a_module_resolves(tmp_path, monkeypatch):
    write(tmp_path / "own_module.py", GOOD)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert resolve("own_module:MINE").name == "mine"
    assert resolve("engine.workloads.straddles:STRADDLES") is WORKLOADS[0]


def test_a_relative_file_is_found_from_the_working_folder(tmp_path, monkeypatch):
    write(tmp_path / "sub" / "own_rel.py", GOOD)
    monkeypatch.chdir(tmp_path)
    assert resolve("sub/own_rel.py:MINE").name == "mine"
    assert sys.path[0] == str(tmp_path / "sub")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("own_syntax.py", "x = 1\ndef broken(:\n", "own_syntax.py:2: cannot be imported: SyntaxError"),
        (
            "own_raises.py",
            "\n\nx = 1 / 0\n",
            "own_raises.py:3: cannot be imported: ZeroDivisionError: division by zero",
        ),
        ("own_missing.py", "import nothing_like_it\n", "own_missing.py:1: cannot be imported: ModuleNotFoundError"),
        ("own_exits.py", "import sys\nsys.exit(3)\n", "own_exits.py:2: cannot be imported: SystemExit"),
        (
            "own_deep.py",
            "import json\n\njson.loads('{')\n",
            "own_deep.py:3: cannot be imported: json.decoder.JSONDecodeError",
        ),
        ("own_long.py", "raise ValueError('one\\ntwo')\n", "own_long.py:1: cannot be imported"),
        ("own_empty.py", "", "own_empty.py: has no attribute 'MINE'; it defines no Workload"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_why(tmp_path, name, text, expected):
    assert expected in problem(write(tmp_path / name, text) + ":MINE")


def test_a_wrong_attribute_is_answered_with_the_workload_there_is(tmp_path):
    path = write(tmp_path / "own_names.py", GOOD)
    assert "has no attribute 'MINES'; did you mean" in problem(f"{path}:MINES")
    assert "own_names.py:MINE?" in problem(f"{path}:x")
    assert f"{path}:NUMBER is an int, not a Workload" in problem(f"{path}:NUMBER")
    assert f"{path}:Workload is the class Workload, not a Workload" in problem(f"{path}:Workload")
    assert "name the workload in the file" in problem(path)


def test_a_missing_file_is_answered_with_what_lies_beside_it(tmp_path):
    write(tmp_path / "own_work.py", GOOD)
    assert "no such file; did you mean" in problem(f"{tmp_path}/own_wrok.py:MINE")
    assert "own_work.py" in problem(f"{tmp_path}/xyz.py:MINE")
    assert "does not exist either" in problem(f"{tmp_path}/no/own_work.py:MINE")


@pytest.mark.parametrize("name", ["queue.py", "json.py", "sys.py", "numpy.py", "pytest.py"])
def test_a_file_that_would_hide_another_module_is_refused(tmp_path, name):
    message = problem(write(tmp_path / name, GOOD) + ":MINE")
    assert "already" in message
    assert "rename the file" in message


def test_two_files_of_one_name_are_refused(tmp_path):
    resolve(write(tmp_path / "a" / "own_twin.py", GOOD) + ":MINE")
    assert "rename the file" in problem(write(tmp_path / "b" / "own_twin.py", GOOD) + ":MINE")


def test_a_file_whose_name_cannot_be_imported_is_refused(tmp_path):
    assert "rename the file to letters, digits and underscores" in problem(
        write(tmp_path / "own-work.py", GOOD) + ":MINE"
    )


def test_a_missing_module_is_told_from_one_that_misses_something(tmp_path, monkeypatch):
    assert "no_such_module: no such module" in problem("no_such_module:X")
    write(tmp_path / "own_needs.py", "import absent_library\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "own_needs.py:1: cannot be imported: ModuleNotFoundError" in problem("own_needs:X")


def test_importing_the_workloads_stays_light():
    code = (
        "import sys, engine.workloads; print([m for m in ('scipy', 'pyarrow', 'torch', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
