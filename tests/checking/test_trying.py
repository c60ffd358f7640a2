"""The steps of a check, in this process; modes that start processes are left out where they tell nothing more."""

import threading

import pytest

from engine.checking.findings import CheckRequest, Finding, StepLeftOut, StepStarted, Tried
from engine.checking.trying import try_out
from engine.errors import RequestError

PROCESSES = ("process", "shared-memory")
MODES = ("thread", *PROCESSES, "gpu-batch")


def events(mine, function="good", tasks="tasks", data="load", leave_out=MODES, **changes):
    request = CheckRequest(workload=mine(function), tasks=mine(tasks), data=mine(data), leave_out=leave_out, **changes)
    return list(try_out(request))


def findings(*arguments, **changes):
    return [event for event in events(*arguments, **changes) if isinstance(event, Finding)]


def test_a_good_workload_has_no_findings_and_every_step_is_announced(mine):
    seen = events(mine, leave_out=PROCESSES)
    assert [event for event in seen if isinstance(event, Finding)] == []
    steps = [event.step for event in seen if isinstance(event, StepStarted)]
    assert steps == ["source", "import", "load", "pickling", "sequential", "thread"]
    (left_out,) = (event for event in seen if isinstance(event, StepLeftOut))
    assert (left_out.step, left_out.reason) == ("gpu-batch", "no kernel of the workload computes on a device")
    (tried,) = (event for event in seen if isinstance(event, Tried))
    assert (tried.name, tried.tasks, tried.tried) == ("own_checked:good", 8, 5)


@pytest.mark.parametrize(
    ("changes", "severity", "step", "what"),
    [
        ({"data": "load_stuck"}, "breaks", "pickling", "data['book'].lock cannot be pickled"),
        ({"tasks": "tasks_stuck", "function": "stuck_result"}, "breaks", "pickling", "tasks[0] cannot be pickled"),
        ({"data": "load_fails"}, "breaks", "load", "loading the data failed: OSError: no such database"),
        ({"function": "raises"}, "breaks", "sequential", "task 0 (0) raised ZeroDivisionError"),
        ({"function": "caches"}, "warning", "sequential", "tasks write to data['cache']"),
        ({"function": "writes"}, "breaks", "sequential", "tasks write to data['prices'], which is read-only"),
        ({"function": "random_results"}, "breaks", "sequential", "the results change: the same tasks gave others"),
        ({"function": "remembers"}, "breaks", "sequential", "the same tasks gave others when they were run again"),
        ({"function": "stuck_result"}, "breaks", "sequential", "results[0] cannot be pickled"),
        ({"function": "of_thread", "leave_out": PROCESSES}, "breaks", "thread", "the results differ"),
    ],
)
def test_what_would_break_is_found_and_named(mine, changes, severity, step, what):
    found = findings(mine, **changes)
    assert [(each.severity, each.step) for each in found if what in each.what] == [(severity, step)]
    assert len({each.step for each in found}) <= 2


def test_the_path_of_a_part_stands_beside_the_sentence(mine):
    (found,) = findings(mine, data="load_stuck")
    assert found.where == "data['book'].lock"
    assert "give workers plain data" in found.what


def test_fewer_tasks_are_tried_where_there_are_fewer_or_fewer_are_asked_for(mine):
    for most, tried in ((3, 3), (50, 8)):
        (event,) = (event for event in events(mine, most=most) if isinstance(event, Tried))
        assert event.tried == tried


def test_what_an_import_does_is_found(mine):
    more = "import time\nwaiting = threading.Thread(target=time.sleep, args=(0.2,), name='poller')\nwaiting.start()\n"
    found = findings(lambda name: mine(name, more))
    assert [(each.severity, each.step) for each in found] == [("warning", "source"), ("warning", "import")]
    assert "start(...) runs again in every worker" in found[0].what
    assert "importing starts the thread 'poller'" in found[1].what
    next(thread for thread in threading.enumerate() if thread.name == "poller").join()


def test_a_file_that_starts_processes_at_import_is_not_even_imported(mine):
    seen = events(lambda name: mine(name, "pool = multiprocessing.Pool(2)\n"))
    assert [type(event).__name__ for event in seen] == ["StepStarted", "Finding"]
    assert "Pool(...) starts worker processes whenever the file is imported" in seen[1].what


def test_data_that_each_worker_copies_is_a_warning(mine):
    more = "def load_words(): return {'words': [f'{i} apart' for i in range(100_000)], 'scale': 2.0}\n"
    (found,) = findings(lambda name: mine(name, more), data="load_words", leave_out=("thread", "process"))
    assert (found.severity, found.step) == ("warning", "shared-memory")
    assert "each worker copies" in found.what
    assert "data['words'] (list of 100,000 entries)" in found.what


def test_slow_work_at_import_is_found_in_the_file_that_does_it(mine, tmp_path, monkeypatch):
    monkeypatch.setattr("engine.checking.importing.SLOW", 0.02)
    (tmp_path / "own_helper.py").write_text("total = sum(range(3_000_000))\n")
    found = findings(lambda name: mine(name, "import own_helper\n"))
    assert [(each.step, each.where.rpartition("/")[2]) for each in found] == [("import", "own_helper.py")]


def test_what_cannot_be_imported_is_an_error_and_not_a_finding(mine):
    with pytest.raises(RequestError, match="has no attribute 'nothing'"):
        events(mine, function="nothing")
    with pytest.raises(RequestError, match="unknown size 'tiny'"):
        events(mine, size="tiny")


def test_every_kernel_is_compared_with_the_naive_one(mine):
    more = """
from engine import Kernel, ResultSpec, Workload

def one_by_one(data, chunk): return [float(task) for task in chunk]
def wrong(data, chunk): return np.array([task + (len(chunk) > 1) for task in chunk], dtype=float)

W = Workload(
    name="w", summary="", load=lambda size: None, tasks=lambda data: [1, 2, 3], result=lambda s: ResultSpec("float64"),
    kernels={"python": Kernel(one_by_one), "wrong": Kernel(wrong), "gone": Kernel(wrong, needs={"no_such": "pkg"}),
        "torch": Kernel(wrong, device=True, requires={"layout": "columns"})},
)
"""
    seen = list(try_out(CheckRequest(workload=mine("W", more), leave_out=MODES[:-1])))
    (found,) = (event for event in seen if isinstance(event, Finding))
    assert found.step == "kernel wrong"
    assert "the results differ from the sequential ones by" in found.what
    assert {event.step: event.reason for event in seen if isinstance(event, StepLeftOut)} == {
        "kernel gone": "needs pip install 'pkg'",
        "gpu-batch": "kernel torch needs layout=columns",
    }
