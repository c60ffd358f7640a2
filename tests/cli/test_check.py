"""``workbench check`` as a user meets it."""

import json
import signal
import subprocess
import sys

import pytest

from tests.cli.test_commands import workbench
from workbench.cli import main

GOOD = """
def load():
    return {"scale": 2.0}

def tasks():
    return [1, 2, 3]

def run_one(data, task):
    return data["scale"] * task
"""
STUCK = """
import threading

class Book:
    def __init__(self):
        self.session = threading.Lock()

def load():
    return {"scale": 2.0, "book": Book()}

def tasks():
    return [1, 2, 3]

def run_one(data, task):
    return data["scale"] * task
"""
PLAIN = ("mine_plain.py:run_one", "--tasks", "mine_plain.py:tasks", "--data", "mine_plain.py:load")


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Return a function that writes the user's file."""
    monkeypatch.chdir(tmp_path)
    return lambda text: (tmp_path / "mine_plain.py").write_text(text)


def test_plain_functions_that_are_fine_exit_0_and_say_what_was_run(write, leftovers):
    write(GOOD)
    done = workbench("check", *PLAIN)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "not tried  gpu-batch: no kernel of the workload computes on a device",
        "mine_plain:run_one: nothing breaks; 3 tasks gave the same results in sequential, thread, process, "
        "shared-memory",
    ]
    assert "checking: process" in done.stderr
    assert "mine_plain:run_one: trying 3 of 3 tasks" in done.stderr


def test_what_breaks_is_named_with_its_path_and_the_exit_code_is_4(write, leftovers):
    write(STUCK)
    done = workbench("check", *PLAIN, "--json")
    assert done.returncode == 4
    report = json.loads(done.stdout)
    assert report["schema"] == 1
    assert [finding["where"] for finding in report["findings"] if finding["where"]] == ["data['book'].session"]
    assert {finding["step"] for finding in report["findings"]} == {"pickling", "process", "shared-memory"}
    assert {"sequential", "thread"} <= set(report["passed"])


def test_warnings_alone_do_not_fail(write, leftovers):
    write(GOOD + "print(run_one({'scale': 1}, 2))\n")
    done = workbench("check", *PLAIN, "--most", "2")
    assert done.returncode == 0
    assert done.stdout.startswith("warning    source: ")
    assert "mine_plain.py:10: print(...) runs again in every worker" in done.stdout
    assert "2 tasks gave the same results" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nofile.py:run_one"], "nofile.py: no such file"),
        (["mine_plain.py:run_two", *PLAIN[1:]], "did you mean mine_plain.py:run_one?"),
        (["mine_plain.py:run_one"], "run_one is a function: say what its tasks are"),
        (["fixed_cost", "--tasks", "mine_plain.py:tasks"], "fixed_cost has tasks and data of its own"),
        ([*PLAIN, "--patience", "soon"], "--patience: expected seconds"),
        ([], "name a workload"),
    ],
)
def test_what_cannot_be_checked_is_one_message_and_exit_code_2(arguments, message, write, leftovers, capsys):
    write(GOOD)
    assert main(["check", *arguments]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert "Traceback" not in said.err
    assert said.out == ""


def test_a_built_in_workload_can_be_checked_with_settings(leftovers):
    done = workbench("check", "fixed_cost", "--set", "tasks=30", "--set", "work=10", "--json")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["tasks"] == 30


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_everything_it_started(number, write, leftovers):
    write(GOOD + "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'while True: pass'])\n")
    command = [sys.executable, "-m", "workbench", "check", *PLAIN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        assert any(line == "checking: import\n" for line in process.stderr)
        process.send_signal(number)
        assert process.stdout.read() == ""
        assert "interrupted" in process.stderr.read()
    assert process.returncode == 130
