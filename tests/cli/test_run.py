"""``workbench run`` as a user meets it: in a process of its own."""

import json
import os
import pty
import signal
import subprocess
import sys

import jsonschema
import msgspec
import numpy as np
import pytest

from engine.run_events import RunRequest
from engine.schemas import schema_of
from tests.cli.test_commands import workbench
from tests.runs import a_config, write

LONG = 100_000_000
"""Steps of a task that no test waits for."""


@pytest.fixture
def config(tmp_path):
    return write(a_config("thread"), tmp_path / "t.toml")


def test_elsewhere_than_on_a_terminal_it_says_what_was_done_and_no_more(config, tmp_path):
    done = workbench("run", "--config", config, "--out", "r.npy", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    first, second = done.stderr.splitlines()
    assert first.startswith("60 results of fixed_cost (thread × 2, python")
    assert second == "wrote r.npy"


def test_plain_tells_a_line_per_event(config):
    lines = workbench("run", "--config", config, "--plain").stderr.splitlines()
    assert lines[0].startswith("run of fixed_cost small: thread × 2")
    assert lines[1].startswith("data loaded: 60 tasks in ")
    assert lines[2].startswith("100%: 60 of 60 tasks")
    assert len(lines) == 4


def test_json_is_one_valid_document(config, tmp_path):
    done = workbench("run", "--config", config, "--json", "--out", "r.npy", cwd=tmp_path)
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads(schema_of("run")))
    facts = {name: document[name] for name in ("schema", "workload", "tasks", "done", "failed", "notes", "out")}
    assert facts == {
        "schema": 1,
        "workload": "fixed_cost",
        "tasks": 60,
        "done": 60,
        "failed": 0,
        "notes": [],
        "out": "r.npy",
    }
    assert document["config"] == str(config)
    assert document["plan"]["mode"] == "thread"
    assert document["rate"] > 0
    assert len(np.load(tmp_path / "r.npy")) == 60


def on_a_terminal(arguments, folder):
    """Run with a terminal as standard error; return what it was sent."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "workbench", *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stderr=theirs, env=os.environ | {"TERM": "xterm"}
    ) as process:
        os.close(theirs)
        sent = b""
        while part := _read(ours):
            sent += part
    os.close(ours)
    assert process.returncode == 0
    return sent.decode()


def _read(descriptor):
    try:
        return os.read(descriptor, 4096)
    except OSError:  # the other end of a terminal has gone
        return b""


def test_on_a_terminal_one_line_is_written_anew_and_wiped_out_in_the_end(config, tmp_path):
    sent = on_a_terminal(["run", "--config", config], tmp_path)
    progress, _, words = sent.rpartition("\r" + " " * 10)
    assert "\n" not in progress
    assert "60 of 60 tasks" in progress
    assert "60 results of fixed_cost" in words


def test_what_differs_is_noted(tmp_path):
    path = write(a_config(), tmp_path / "t.toml")
    path.write_text(path.read_text().replace("usable_cores = ", "usable_cores = 99"))
    done = workbench("run", "--config", path, "--json")
    assert "workbench: usable cores: tuned on 99" in done.stderr
    notes = json.loads(done.stdout)["notes"]
    assert notes[0].startswith("usable cores: tuned on 99")
    assert "safe plan" in notes[-1]


def test_a_task_that_fails_is_one_message_and_exit_code_4_and_nothing_is_written(tmp_path, leftovers):
    path = write(a_config("shared-memory", fail_at=7), tmp_path / "t.toml")
    done = workbench("run", "--config", path, "--json", "--out", "r.npy", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("workbench: task 7 (")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "r.npy").exists()


@pytest.mark.parametrize(
    ("mode", "number"),
    [("sequential", signal.SIGTERM), ("process", signal.SIGINT), ("shared-memory", signal.SIGINT)],
)
def test_ctrl_c_is_one_message_that_says_how_far_it_got(mode, number, tmp_path, leftovers):
    path = write(a_config(mode, tasks=4, work=LONG), tmp_path / "t.toml")
    command = [sys.executable, "-m", "workbench", "run", "--config", path, "--plain", "--out", "r.npy"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr
        for line in process.stderr:
            if line.startswith("data loaded"):
                break
        os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert rest == "workbench: interrupted after 0 of 4 tasks (0%); no results were written\n"
    assert not (tmp_path / "r.npy").exists()


IN_TEXT = """exec("raise KeyboardInterrupt")  # as every dataclass makes its methods
"""

IN_A_CLASS = """class Field:
    def __set_name__(self, owner, name):
        raise KeyboardInterrupt  # what dataclasses are made of; Python 3.11 makes RuntimeError of it


class Prices:
    open = Field()
"""


@pytest.mark.parametrize("module", [IN_TEXT, IN_A_CLASS], ids=["in text", "in a class"])
def test_ctrl_c_while_something_is_imported_is_one_message_as_well(module, tmp_path):
    (tmp_path / "mine.py").write_text(module)
    path = write(a_config(), tmp_path / "t.toml")
    path.write_text(path.read_text().replace('"fixed_cost"', '"mine.py:WORKLOAD"'))
    done = workbench("run", "--config", path, cwd=tmp_path)
    assert done.stderr == "workbench: interrupted before the first task; no results were written\n"
    assert done.returncode == 130
    served = engine_run(RunRequest(config=str(path)), cwd=tmp_path)
    assert (served.returncode, served.stderr) == (130, "")
    assert msgspec.json.decode(served.stdout.splitlines()[-1])["exit_code"] == 130


def engine_run(request, cwd):
    command = [sys.executable, "-m", "engine", "run"]
    text = msgspec.json.encode(request).decode() + "\n"
    return subprocess.run(command, input=text, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)
