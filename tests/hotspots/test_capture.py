"""Capturing: with py-spy itself where it is allowed, with a stand-in for what it would say elsewhere."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import FileProblem, Lacking, RequestError, WorkFailed
from engine.hotspots import capture, capturing, folded, processes, pyspy
from engine.plan import Plan
from tests.hotspots.builders import SAID, raw, request

KERNEL = "<module> (t.py:1);work_under_capture (t.py:2);run_chunk (t.py:3);kernel (t.py:4)"
DONE = SAID.format(samples=90, errors=0)


@pytest.mark.usefixtures("real_py_spy")
def test_the_hot_function_of_a_python_loop_is_found(tmp_path):
    found = capture(request(tmp_path))
    hot = found.functions[0]
    assert (hot.name, Path(hot.file).name, hot.kernel) == ("hot", "target.py", True)
    assert hot.self_share > 0.6
    assert found.kernel_share > 0.9
    assert found.samples > 20
    assert "points" in found.message
    assert sum(folded.read(Path(found.files["folded"])).values()) == found.samples
    assert {Path(path).name for path in found.files.values()} == {
        "sequential-sequential-python.folded",
        "sequential-sequential-python.svg",
        "sequential-sequential-python.speedscope.json",
    }
    assert {path.name for path in (tmp_path / "out").iterdir()} == {Path(path).name for path in found.files.values()}


@pytest.mark.usefixtures("real_py_spy")
def test_workers_are_sampled_and_merged(tmp_path):
    found = capture(request(tmp_path, "process", seconds=1.5))
    stacks = folded.read(Path(found.files["folded"]))
    in_workers = sum(count for stack, count in stacks.items() if stack[0] == folded.WORKER)
    assert found.functions[0].name == "hot"
    assert in_workers > 0.8 * found.samples
    assert found.dropped > 0


@pytest.mark.usefixtures("real_py_spy")
def test_samples_outside_the_work_are_shown_when_there_are_no_others(tmp_path):
    found = capture(request(tmp_path, "loading"))
    assert "No sample was in the work" in found.message
    assert found.kernel_share == 0


@pytest.mark.usefixtures("real_py_spy")
def test_work_that_crashes_before_it_begins_fails_with_its_last_words(tmp_path):
    with pytest.raises(WorkFailed, match="before it began: ValueError: no such column 'close'"):
        capture(request(tmp_path, "crash"))


@pytest.mark.usefixtures("stub_target")
def test_a_wrong_request_is_reported_in_the_targets_words(tmp_path, fake_py_spy):
    fake_py_spy(run=True)
    with pytest.raises(RequestError, match=r"^unknown workload 'complain'$"):
        capture(request(tmp_path, "complain"))


def test_shares_and_notes_come_from_what_py_spy_said(tmp_path, fake_py_spy):
    late = "py-spy> 1.10s behind in sampling, results may be inaccurate. Try reducing the sampling rate\n"
    stacks = raw(
        f"{KERNEL} 60", "<module> (t.py:1);work_under_capture (t.py:2) 20", "<module> (t.py:1);load (t.py:9) 10"
    )
    fake_py_spy(stacks, late + late.replace("1.10", "3.52") + SAID.format(samples=90, errors=10))
    found = capture(request(tmp_path))
    assert [(one.name, one.self_share, one.total_share) for one in found.functions] == [
        ("kernel", 0.75, 0.75),
        ("work_under_capture", 0.25, 1.0),
    ]
    assert (found.samples, found.dropped, found.errors, found.kernel_share) == (80, 10, 10, 0.75)
    assert found.message.splitlines() == [
        "Shares are good to about ±11.0 points at 80 samples.",
        "10 of 90 samples were loading, imports or waiting, and are left out.",
        "py-spy fell 3.5 s behind, so shares may be wrong: sample at a lower rate.",
        "10 of 100 stacks could not be read.",
    ]


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (Plan(mode="process", workers=4, kernel="numpy", threads_per_worker=8), "--rate 100"),
        (Plan(mode="process", workers=33, kernel="numpy"), "--rate 25"),
        (Plan(mode="process", workers=4, kernel="numpy", threads_per_worker=9), "--rate 25"),
    ],
)
def test_many_threads_are_sampled_gently(tmp_path, fake_py_spy, plan, expected):
    fake_py_spy(raw(f"{KERNEL} 60"), DONE)
    found = capture(request(tmp_path, plan=plan))
    called = (tmp_path / "log").read_text()
    assert expected in called
    assert ("--nonblocking" in called) == ("25" in expected) == ("because they are many" in found.message)


def test_torchs_own_threads_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(capturing, "usable_cores", lambda: 64)
    assert capturing._gently(request(tmp_path, plan=Plan(mode="gpu-batch", kernel="torch"))) == (25, False)
    assert capturing._gently(request(tmp_path, plan=Plan(mode="gpu-batch", kernel="torch"), rate=10)) == (10, False)


def test_a_capture_without_samples_is_refused(tmp_path, fake_py_spy):
    fake_py_spy("", SAID.format(samples=0, errors=3))
    with pytest.raises(WorkFailed, match=r"took no samples \(3 errors\)"):
        capture(request(tmp_path))


def test_a_capture_full_of_errors_is_refused(tmp_path, fake_py_spy):
    fake_py_spy(raw(f"{KERNEL} 15"), SAID.format(samples=15, errors=629))
    with pytest.raises(WorkFailed, match="629 of 644 stacks"):
        capture(request(tmp_path))


def test_a_failure_with_a_complete_file_is_no_failure(tmp_path, fake_py_spy):
    fake_py_spy(raw(f"{KERNEL} 90"), DONE, "Error: No child process (os error 10)", code=1)
    assert capture(request(tmp_path)).samples == 90


def test_work_that_crashes_half_way_says_so(tmp_path, fake_py_spy):
    traceback = (
        'Traceback (most recent call last):\n  File "a.py", line 3, in f\n  File "b.py", line 9, in g\nKeyError: 1'
    )
    fake_py_spy(raw(f"{KERNEL} 90"), DONE, traceback)
    assert "did not end well: KeyError: 1 (b.py:9)" in capture(request(tmp_path)).message


def test_hidden_refusals_are_found_by_asking_again(tmp_path, fake_py_spy, monkeypatch):
    hidden = "Error: No python processes found in process 12 or any of its subprocesses"
    fake_py_spy(errors=hidden, code=1)
    with pytest.raises(WorkFailed, match="could not sample the work; it last wrote: Error: No python processes"):
        capture(request(tmp_path))
    assert [("--subprocesses" in line) for line in (tmp_path / "log").read_text().splitlines()] == [True, False]
    monkeypatch.setattr(pyspy, "where", lambda said: "linux")
    fake_py_spy(errors="Permission Denied: Try running again with elevated permissions", code=1)
    with pytest.raises(Lacking, match=r"sudo sysctl kernel\.yama\.ptrace_scope=0"):
        capture(request(tmp_path))


def test_an_unknown_python_names_the_upgrade(tmp_path, fake_py_spy):
    fake_py_spy(errors="Error: Failed to find python version from target process", code=1)
    with pytest.raises(Lacking, match="pip install --upgrade py-spy"):
        capture(request(tmp_path))


def test_a_missing_py_spy_names_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Lacking, match=r"python -m pip install 'py-spy>=0\.4\.2'"):
        pyspy.find_py_spy()


def test_the_py_spy_beside_this_python_comes_first(monkeypatch, tmp_path):
    for folder in (tmp_path / "beside", tmp_path / "path"):
        folder.mkdir()
        (folder / "py-spy").write_text("#!/bin/sh\n")
        (folder / "py-spy").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "beside" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert pyspy.find_py_spy() == str(tmp_path / "beside" / "py-spy")


def test_a_folder_that_cannot_be_made_is_named_before_anything_runs(tmp_path, fake_py_spy):
    fake_py_spy(raw(f"{KERNEL} 90"), DONE)
    (tmp_path / "out").write_text("a file")
    with pytest.raises(FileProblem, match="out: cannot be made"):
        capture(request(tmp_path))
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(("name", "value"), [("seconds", 0), ("rate", 0), ("patience", -1)])
def test_numbers_that_make_no_sense_are_refused(tmp_path, name, value):
    with pytest.raises(RequestError, match=f"{name} must be above 0"):
        request(tmp_path, **{name: value})


def test_the_request_goes_to_the_target_as_one_line(tmp_path, fake_py_spy, monkeypatch):
    seen = tmp_path / "seen"
    copy = f"import pathlib, sys; pathlib.Path({str(seen)!r}).write_text(sys.stdin.readline())"
    monkeypatch.setattr(capturing, "_TARGET", (sys.executable, "-c", copy))
    fake_py_spy(raw(f"{KERNEL} 90"), DONE, run=True)
    capture(request(tmp_path, "pkg.mod:work", size="small"))
    line = json.loads(seen.read_text())
    assert set(line) == {"workload", "tasks", "data", "size", "plan", "seconds"}
    assert (line["workload"], line["size"], line["plan"]["kernel"]) == ("pkg.mod:work", "small", "python")


@pytest.mark.usefixtures("stub_target")
def test_work_that_never_ends_is_given_up(tmp_path, fake_py_spy, alive):
    fake_py_spy(run=True)
    with pytest.raises(WorkFailed, match=r"not done after 0\.6 s"):
        capture(request(tmp_path, "hang", seconds=0.1, patience=0.5))
    alive.wait_for_none()


@pytest.mark.usefixtures("stub_target")
@pytest.mark.parametrize("interruption", [None, KeyboardInterrupt])
def test_no_process_is_left_however_deaf(tmp_path, fake_py_spy, alive, monkeypatch, interruption):
    def wait(leader, line, seconds):
        leader.stdin.write(line)
        alive.wait_for(3)
        if interruption:
            raise interruption

    monkeypatch.setattr(processes, "_wait", wait)
    fake_py_spy(run=True)
    with pytest.raises(interruption or WorkFailed):
        capture(request(tmp_path, "hang"))
    alive.wait_for_none()


@pytest.mark.usefixtures("real_py_spy")
def test_nothing_is_left_of_real_py_spy_when_time_is_up(tmp_path, alive, monkeypatch):
    def wait(leader, line, seconds):
        leader.stdin.write(line)
        alive.wait_for(3)

    monkeypatch.setattr(processes, "_wait", wait)
    with pytest.raises(WorkFailed, match="not done after"):
        capture(request(tmp_path, "hang"))
    alive.wait_for_none()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the target watches its standard input")
@pytest.mark.usefixtures("real_py_spy")
def test_nothing_is_left_when_the_capturing_process_is_killed(tmp_path, alive):
    code = f"""
import sys
from engine.hotspots import CaptureRequest, capture, capturing
from engine.plan import Plan
capturing._TARGET = {capturing._TARGET!r}
capture(CaptureRequest(workload="linger", plan=Plan(mode="sequential"), out={str(tmp_path / "out")!r}))
"""
    capturing_process = subprocess.Popen([sys.executable, "-c", code])
    alive.wait_for(1)
    capturing_process.kill()
    capturing_process.wait()
    alive.wait_for_none()
