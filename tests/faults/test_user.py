"""Mistakes people make in a workload of their own, at the command line: one sentence each, nothing left."""

import textwrap

import pytest

from tests.cli.test_commands import workbench

SOURCE = """
from engine import Kernel, Workload

def load(size, **settings):
    return {data}

def tasks(data):
    return {tasks}

def compute(data, chunk):
    return {result}

W = Workload(name="mine", summary="", load=load, tasks=tasks, kernels={kernels})
"""
GOOD = {
    "data": "None",
    "tasks": "[1, 2, 3]",
    "result": "[task * task for task in chunk]",
    "kernels": "{'python': Kernel(compute)}",
}
FEW = ["--blocks", "1", "--workers", "2", "--start-method", "spawn"]


def sweep(folder, arguments=(), **changes):
    (folder / "mine_own.py").write_text(textwrap.dedent(SOURCE.format(**(GOOD | changes))))
    return workbench("sweep", "mine_own.py:W", *FEW, *arguments, cwd=folder)


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"kernels": "{}"}, 2, "kernels must be a table such as {'python': Kernel(function)}, got {}"),
        ({"kernels": "compute"}, 2, "mine_own.py:13: cannot be imported: TypeError: kernels must be a table"),
        ({"kernels": "{'python': compute}"}, 2, "kernels must be a table"),
        ({"tasks": "(n for n in range(3))"}, 4, "tasks() must return a list, a tuple or an array, not generator"),
        ({"tasks": "[]"}, 4, "mine has no tasks"),
        ({"result": "1.5"}, 4, "the kernel returned float for a chunk; it must return one result per task"),
        ({"result": "[1]"}, 4, "the kernel returned 1 results for 3 tasks"),
        ({"result": "[1 / 0 for task in chunk]"}, 4, "task 0 (1) raised ZeroDivisionError"),
        ({"result": "[exit(7) for task in chunk]"}, 4, "task 0 (1) raised SystemExit: 7"),
        ({"result": "[__import__('random').random() for t in chunk]"}, 4, "the results change from run to run"),
    ],
)
def test_a_mistake_is_one_sentence_and_the_exit_code_that_fits(changes, code, message, tmp_path, leftovers):
    done = sweep(tmp_path, **changes)
    assert message in done.stderr
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"data": "__import__('threading').Lock()"},
            "the data cannot be pickled: TypeError",
        ),
        ({"result": "[lambda: task for task in chunk]"}, "a result cannot be pickled, so no two plans can be compared"),
    ],
)
def test_what_cannot_travel_is_one_sentence(changes, message, tmp_path, leftovers):
    done = sweep(tmp_path, ["--modes", "sequential,shared-memory,process"], **changes)
    assert message in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_module_of_pythons_own_is_not_shadowed_by_a_file_in_the_folder(tmp_path, leftovers):
    (tmp_path / "random.py").write_text("raise SystemExit('shadowed')")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "mine_own.py").write_text(textwrap.dedent(SOURCE.format(**GOOD)))
    done = workbench("sweep", "work/mine_own.py:W", *FEW, cwd=tmp_path, PYTHONSAFEPATH="1")
    assert done.returncode == 0, done.stderr
