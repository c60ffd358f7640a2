import signal
import subprocess
import sys
from contextlib import closing

import msgspec
import numpy as np
import pytest

from engine.errors import RequestError, TaskFailed, WorkFailed
from engine.production import run, running
from engine.production.run import TunedConfigWarning
from engine.run_events import RunEnded, RunEvent, RunFailed, RunProgress, RunRequest, RunStarted, TasksLoaded, decode
from engine.run_events import TaskFailed as TaskTold
from tests.runs import a_config, write

MODES = ("sequential", "thread", "process", "shared-memory")
LONG = 100_000_000
"""Steps of a task that no test waits for."""


def told(config, **options):
    """All events of a run, and its results."""
    events, steps = [], running(config, **options)
    while True:
        try:
            events.append(next(steps))
        except StopIteration as end:
            return events, end.value


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_tells_the_same_story_and_gives_the_same_results(mode, leftovers):
    events, results = told(a_config(mode))
    assert np.array_equal(results, run(a_config()))
    start, loaded, *progress, end = events
    assert isinstance(start, RunStarted)
    assert (start.workload, start.plan.mode, start.because, start.notes) == (
        "fixed_cost",
        mode,
        "the fastest whole job",
        (),
    )
    assert isinstance(loaded, TasksLoaded)
    assert loaded.tasks == 60
    assert all(isinstance(each, RunProgress) for each in progress)
    assert [each.done for each in progress][:: len(progress) - 1] == [0, 60]
    assert isinstance(end, RunEnded)
    assert (end.done, end.failed, end.out) == (60, 0, "")
    assert end.rate > 0


@pytest.mark.parametrize("mode", MODES)
def test_a_failing_task_is_told_before_it_is_raised(mode, leftovers):
    seen: list[RunEvent] = []
    with pytest.raises(TaskFailed, match="task 7 ") as caught:
        seen.extend(running(a_config(mode, fail_at=7)))
    failure = next(event for event in seen if isinstance(event, TaskTold))
    assert (failure.position, failure.error) == (7, str(caught.value))


@pytest.mark.parametrize("mode", MODES)
def test_progress_is_told_while_it_runs_and_at_most_ten_times_a_second(mode, leftovers):
    events, _ = told(a_config(mode, tasks=100, work=60_000))
    progress = [event for event in events if isinstance(event, RunProgress)]
    assert any(0 < each.done < each.tasks for each in progress)
    spent = progress[-1].seconds - progress[0].seconds
    assert len(progress) <= 2 + spent / 0.1
    middle = next(each for each in progress if 0 < each.done < each.tasks)
    assert middle.seconds_left is not None
    assert middle.rate > 0
    assert (middle.workers_alive == 2) == (mode == "shared-memory")


@pytest.mark.parametrize("mode", ["process", "shared-memory"])
def test_closing_a_run_ends_its_workers_at_once(mode, leftovers):
    config = a_config(mode, tasks=4, work=LONG)
    with closing(running(config)) as events:
        for event in events:
            if isinstance(event, RunProgress):
                break
    assert leftovers.processes() == []


def test_closing_a_run_of_this_process_gives_up_what_is_not_computed(leftovers):
    with closing(running(a_config(tasks=10**6, work=1000))) as events:
        for event in events:
            if isinstance(event, RunProgress) and event.done:
                break
    assert isinstance(event, RunProgress)
    assert event.done < 10**6


def test_another_machine_and_other_data_are_notes_of_the_events_and_warnings_of_the_call():
    config = a_config("thread")
    host = msgspec.structs.replace(config.host, cpu="Other CPU")
    config = msgspec.structs.replace(config, host=host, data_hash="0" * 64)
    (start, loaded, *_), _ = told(config)
    assert "Other CPU" in start.notes[0]
    assert start.because == start.notes[-1]
    assert start.plan.mode == "sequential"
    assert "the data differs" in loaded.notes[0]
    with pytest.warns(TunedConfigWarning) as warned:
        run(config)
    assert len(warned) == len(start.notes) + 1
    assert {each.filename for each in warned} == {__file__}


def test_results_are_written_when_all_is_done(tmp_path):
    events, results = told(a_config(), out=tmp_path / "r.npy")
    assert events[-1].out == str(tmp_path / "r.npy")
    assert np.array_equal(np.load(tmp_path / "r.npy"), results)


@pytest.mark.parametrize(("name", "message"), [("no/r.npy", "no folder"), ("r.csv", "format"), ("", "is a folder")])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_run(name, message, tmp_path):
    with pytest.raises(RequestError, match=message):
        next(running(a_config(), out=tmp_path / name))


def test_set_up_that_raises_is_a_message(monkeypatch):
    from engine.modes.sequential import Sequential

    def broken(self):
        raise ValueError("no room")

    monkeypatch.setattr(Sequential, "__enter__", broken)
    with pytest.raises(WorkFailed, match="sequential: set-up failed: ValueError: no room"):
        run(a_config())


def child(request):
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "engine", "run"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin
    process.stdin.write(msgspec.json.encode(request) + b"\n")
    process.stdin.flush()
    return process


def test_the_process_answers_with_events_and_writes_the_results(tmp_path, leftovers):
    path = write(a_config("shared-memory"), tmp_path / "t.toml")
    with child(RunRequest(config=str(path), out=str(tmp_path / "r.npy"))) as process:
        assert process.stdout
        events = [decode(line) for line in process.stdout]
    assert process.returncode == 0
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunEnded)
    assert np.array_equal(np.load(tmp_path / "r.npy"), run(a_config()))


@pytest.mark.parametrize(("changes", "code", "message"), [({"fail_at": 3}, 4, "task 3 "), (None, 2, "cannot be read")])
def test_what_goes_wrong_in_the_process_is_its_last_event(changes, code, message, tmp_path, leftovers):
    path = tmp_path / "t.toml"
    if changes is not None:
        write(a_config("process", **changes), path)
    with child(RunRequest(config=str(path))) as process:
        assert process.stdout
        *_, last = [decode(line) for line in process.stdout]
    assert isinstance(last, RunFailed)
    assert message in last.message
    assert (last.exit_code, process.returncode) == (code, code)


@pytest.mark.parametrize("mode", ["process", "shared-memory"])
def test_sigterm_ends_the_process_and_its_workers_with_130(mode, tmp_path, leftovers):
    path = write(a_config(mode, tasks=4, work=LONG), tmp_path / "t.toml")
    with child(RunRequest(config=str(path), out=str(tmp_path / "r.npy"))) as process:
        assert process.stdout
        events = []
        for line in process.stdout:
            events.append(decode(line))
            if isinstance(events[-1], RunProgress):
                process.send_signal(signal.SIGTERM)
    assert process.returncode == 130
    assert events[-1] == RunFailed(message="interrupted after 0 of 4 tasks; no results were written", exit_code=130)
    assert not (tmp_path / "r.npy").exists()
