"""``--continue``: a sweep that goes on from its recording, as a user meets it."""

import json
import os
import signal
import subprocess
import sys

from engine.events import BlockFinished, SweepStarted, TrialFinished, encode
from engine.recording import read_recording
from tests.cli.test_commands import SMALL, workbench

FEW = [*SMALL, "--kernel", "python", "--modes", "sequential,thread"]


def measured(path):
    """How often each plan is measured, by mode and workers."""
    events = read_recording(path)
    plans = events[0].plans if isinstance(events[0], SweepStarted) else ()
    found = [plans[event.plan] for event in events if isinstance(event, TrialFinished)]
    return {(plan.mode, plan.workers): found.count(plan) for plan in found}


def test_plans_are_added_to_a_finished_sweep_and_its_recording(tmp_path, leftovers):
    first = workbench("sweep", *FEW, "--workers", "2", "--record", "e.jsonl", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    again = ["--workers", "2,3", "--continue", "e.jsonl", "--record", "e.jsonl"]
    done = workbench("sweep", *FEW, *again, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "taken over from an earlier sweep: 2 measurements of 2 plans in 1 block" in done.stderr
    report = json.loads(done.stdout)
    assert (report["blocks"], report["blocks_before"], report["complete"]) == (2, 1, True)
    assert [trial["status"] for trial in report["trials"]] == ["ok"] * 3
    assert all(trial["identical"] for trial in report["trials"])
    assert measured(tmp_path / "e.jsonl") == {("sequential", 1): 2, ("thread", 2): 1, ("thread", 3): 1}
    nothing = workbench("sweep", *FEW, *again, cwd=tmp_path)
    assert "all of an earlier sweep: nothing was left to measure" in " ".join(nothing.stdout.split())
    assert "starting a fresh process" not in nothing.stderr
    assert workbench("replay", "e.jsonl", "--plain", cwd=tmp_path).returncode == 0


def test_a_sweep_that_was_killed_is_finished(tmp_path, leftovers):
    words = ["sweep", *FEW, "--workers", "2", "--record", "e.jsonl", "--blocks"]
    command = [sys.executable, "-m", "workbench", *words, "500", "--plain"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, start_new_session=True) as process:
        assert process.stderr
        next(line for line in process.stderr if line.startswith("block 3 of 500: starting"))
        os.killpg(process.pid, signal.SIGKILL)
        process.stderr.read()
    before = measured(tmp_path / "e.jsonl")
    done = workbench(*words, "4", "--continue", "e.jsonl", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["complete"]
    after = measured(tmp_path / "e.jsonl")
    assert min(after.values()) == 4
    assert all(after[plan] >= count for plan, count in before.items())


def test_a_recording_of_something_else_is_refused_and_left_as_it_is(tmp_path, leftovers):
    (tmp_path / "mine.py").write_text("def tasks():\n    return [1, 2]\n\n\ndef run_one(task):\n    return task\n")
    mine = ["sweep", "mine.py:run_one", "--tasks", "mine.py:tasks", "--modes", "sequential", "--blocks", "1"]
    first = workbench(*mine, "--record", "e.jsonl", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    recording = (tmp_path / "e.jsonl").read_bytes()
    (tmp_path / "mine.py").write_text("def tasks():\n    return [1, 2]\n\n\ndef run_one(task):\n    return -task\n")
    done = workbench(*mine, "--record", "e.jsonl", "--continue", "e.jsonl", cwd=tmp_path)
    assert done.returncode == 2
    assert "the workload's files, or Workbench itself, changed since the recording was made" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "e.jsonl").read_bytes() == recording


def test_data_that_changed_is_refused(tmp_path, leftovers):
    source = "def load():\n    return open('n').read()\n\n\ndef tasks():\n    return [1, 2]\n\n\n"
    (tmp_path / "mine.py").write_text(source + "def run_one(data, task):\n    return task\n")
    mine = ["sweep", "mine.py:run_one", "--tasks", "mine.py:tasks", "--data", "mine.py:load", "--modes", "sequential"]
    (tmp_path / "n").write_text("1")
    assert workbench(*mine, "--full-grid", "--blocks", "1", "--record", "e.jsonl", cwd=tmp_path).returncode == 0
    (tmp_path / "n").write_text("2")
    done = workbench(*mine, "--full-grid", "--blocks", "2", "--continue", "e.jsonl", cwd=tmp_path)
    assert done.returncode == 2
    assert "the data changed since the recording was made, so nothing was added to it" in done.stderr


def test_a_line_that_is_no_event_is_named(tmp_path):
    (tmp_path / "e.jsonl").write_bytes(encode(BlockFinished(block=0, seconds=1.0)) + b"{}\n" + b'{"event":')
    done = workbench("sweep", *FEW, "--continue", "e.jsonl", cwd=tmp_path)
    assert done.returncode == 2
    assert "e.jsonl:2: not an event of a sweep" in done.stderr
