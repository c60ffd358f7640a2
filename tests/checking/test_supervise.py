"""A whole check: the user's code runs in a process of its own, which may die or hang."""

import pytest

from engine.checking import CheckRequest, check
from engine.checking.findings import CheckReport
from engine.errors import WorkbenchError


def checked(request, patience=60.0) -> CheckReport:
    events = check(request, patience)
    while True:
        try:
            next(events)
        except StopIteration as end:
            report: CheckReport = end.value
            return report


def of(mine, function, **changes):
    return CheckRequest(workload=mine(function), tasks=mine("tasks"), data=mine("load"), **changes)


def test_a_good_workload_passes_in_every_mode(mine, leftovers):
    report = checked(of(mine, "good"))
    assert not report.breaks
    assert report.findings == ()
    assert report.passed[-4:] == ("sequential", "thread", "process", "shared-memory")
    assert set(report.left_out) == {"gpu-batch"}
    assert (report.workload, report.tasks, report.tried) == ("own_checked:good", 8, 5)


def test_results_of_the_process_are_found_in_the_modes_with_processes(mine, leftovers):
    report = checked(of(mine, "of_process", leave_out=("thread",)))
    assert [finding.step for finding in report.findings] == ["process", "shared-memory"]
    assert all("results depend on the process" in finding.advice for finding in report.findings)


def test_a_mode_that_ends_the_process_is_named_and_the_others_are_tried(mine, leftovers):
    report = checked(of(mine, "dies_in_threads", leave_out=("process",)))
    (finding,) = report.findings
    assert (finding.severity, finding.step) == ("breaks", "thread")
    assert finding.what == "the process ended with exit code 7"
    assert "shared-memory" in report.passed


def test_a_mode_that_hangs_is_given_up_after_the_patience(mine, leftovers):
    report = checked(of(mine, "hangs_in_threads", leave_out=("process", "shared-memory")), patience=3.0)
    (finding,) = report.findings
    assert (finding.step, finding.what) == ("thread", "no progress for 3 s")


def test_an_import_that_ends_the_process_ends_the_check(mine, leftovers):
    report = checked(CheckRequest(workload=mine("good", "os._exit(9)\n"), tasks=mine("tasks")))
    assert [finding.severity for finding in report.findings] == ["breaks", "warning"]
    assert (report.findings[0].step, report.findings[0].what) == ("import", "the process ended with exit code 9")
    assert report.passed == ("source",)


def test_a_wrong_request_is_an_error_with_its_exit_code(mine):
    with pytest.raises(WorkbenchError, match="has no attribute 'nothing'") as caught:
        checked(of(mine, "nothing"))
    assert caught.value.exit_code == 2


def test_leaving_a_check_leaves_no_process(mine, leftovers):
    events = check(of(mine, "good"))
    next(events)
    events.close()
