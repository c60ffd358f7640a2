"""What goes wrong around a sweep: a crash, a hang, a wrong request, a signal at any moment. Nothing is left, nothing is
lost."""

import os
import signal
import subprocess
import sys
import threading

import msgspec
import pytest

from engine.conversation import Conversation
from engine.errors import RequestError, WorkFailed
from engine.events import (
    PlanEliminated,
    SweepFinished,
    SweepStarted,
    TrialFailed,
    TrialFinished,
    TrialStarted,
    decode,
)
from engine.plan import Plan
from engine.report import SweepReport
from engine.request import SweepRequest
from engine.tune import blocks
from engine.tune.sweep import sweep


def request(workload="fixed_cost", blocks=1, settings=None, full_grid=True, **axes):
    axes = {"mode": ("sequential", "thread"), "kernel": ("python",), "workers": (2,), "start_method": ("fork",)} | axes
    small = {"tasks": (50,), "work": (20,)} if workload == "fixed_cost" else {}
    settings = small | (settings or {})
    care = {"blocks": blocks, "full_grid": full_grid, "patience": 20, "accept_noise": True}
    return SweepRequest(workload=workload, axes=axes, settings=settings, **care)


def report_of(events) -> SweepReport:
    return next(event.report for event in events if isinstance(event, SweepFinished))


def test_a_sweep_measures_every_plan_in_every_block(leftovers):
    events = list(sweep(request(blocks=2, mode=("sequential", "thread", "process", "shared-memory"))))
    report = report_of(events)
    assert [trial.status for trial in report.trials] == ["ok"] * 4
    assert all(len(trial.runs) == 2 for trial in report.trials)
    assert report.complete
    assert report.blocks == 2
    assert report.recommendation
    assert len([event for event in events if isinstance(event, TrialFinished)]) == 8


def test_a_block_is_judged_against_what_two_earlier_ones_tell_is_typical(monkeypatch, leftovers):
    asked = []

    def talk(module, block, *rest):
        asked.append(block)
        return Conversation(module, block, *rest)

    monkeypatch.setattr(blocks, "Conversation", talk)
    list(sweep(request(blocks=3)))
    assert [sorted(each.typical) for each in asked] == [[], [], [0, 1]]


def test_a_race_measures_every_plan_once_and_then_those_that_may_win(leftovers):
    slow = {"tasks": (40,), "work": (2000,)}
    events = list(sweep(request(full_grid=False, blocks=2, mode=("sequential", "process"), settings=slow)))
    report = report_of(events)
    first = [event for event in events if isinstance(event, TrialFinished) and event.block == 0]
    assert len(first) == len(report.trials)
    assert report.complete
    assert report.recommendation
    assert report.recommendation.certificate
    assert report.recommendation.certificate.blocks >= 2
    assert all(trial.measured for trial in report.trials)
    assert {trial.status for trial in report.trials} <= {"ok", "eliminated"}


def test_what_left_the_race_says_why(leftovers):
    slow = {"tasks": (40,), "work": (20,)}
    events = list(sweep(request(full_grid=False, mode=("process",), start_method=("spawn",), settings=slow)))
    process = report_of(events).trials[1]
    assert process.status == "eliminated"
    assert process.reason.startswith("slower than sequential")
    assert [event.plan for event in events if isinstance(event, PlanEliminated)] == [1]


def test_a_plan_far_behind_is_cut_off(workload_file, monkeypatch, leftovers):
    monkeypatch.setattr(blocks, "SHORTEST_CAP", 3.0)
    hang = "threading.current_thread() is threading.main_thread() or threading.Event().wait()"
    report = report_of(sweep(request(workload_file(hang), full_grid=False)))
    assert report.trials[1].status == "eliminated"
    assert report.trials[1].reason.startswith("cut off after")


def test_events_survive_their_own_encoding(leftovers):
    from engine.events import encode

    for event in sweep(request()):
        assert decode(encode(event)) == event


def test_a_request_that_is_wrong_raises_before_anything_is_started(leftovers):
    with pytest.raises(RequestError):
        next(sweep(request(mode=("nope",))))


CRASH = "threading.current_thread() is threading.main_thread() or os.kill(os.getpid(), signal.SIGSEGV)"


def test_a_plan_that_crashes_the_measuring_process_fails_and_the_others_go_on(workload_file, leftovers):
    events = list(sweep(request(workload_file(CRASH), blocks=2, mode=("thread", "process"))))
    by_mode = {trial.plan.mode: trial for trial in report_of(events).trials}
    assert by_mode["thread"].status == "failed"
    assert "the measuring process was killed by SIGSEGV" in by_mode["thread"].reason
    assert by_mode["process"].status == by_mode["sequential"].status == "ok"


def test_a_plan_that_hangs_fails_after_the_patience_and_the_others_go_on(workload_file, leftovers):
    hang = "threading.current_thread() is threading.main_thread() or threading.Event().wait()"
    impatient = msgspec.structs.replace(request(workload_file(hang), mode=("thread", "process")), patience=8)
    by_mode = {trial.plan.mode: trial for trial in report_of(sweep(impatient)).trials}
    assert by_mode["thread"].reason == "no progress for 8 s"
    assert by_mode["process"].status == "ok"


def test_wrong_results_are_a_failed_trial(workload_file, leftovers):
    wrong = "if threading.current_thread() is not threading.main_thread(): return [0] * len(tasks)"
    by_mode = {trial.plan.mode: trial for trial in report_of(sweep(request(workload_file(wrong)))).trials}
    assert by_mode["thread"].status == "failed"
    assert "wrong results" in by_mode["thread"].reason


def test_a_baseline_that_fails_ends_the_sweep_with_its_task(leftovers):
    with pytest.raises(WorkFailed, match=r"the baseline failed, so there is nothing to compare with: task 3 \("):
        list(sweep(request(settings={"fail_at": (3,)})))


@pytest.mark.parametrize(
    ("load", "message"),
    [
        ("raise ValueError('no prices')", "loading the data failed: ValueError: no prices"),
        ("os._exit(9)", "exit code 9"),
    ],
)
def test_data_that_cannot_be_loaded_ends_the_sweep_with_a_message(load, message, workload_file, leftovers):
    with pytest.raises(Exception, match=message):
        list(sweep(request(workload_file(load=load))))


def test_data_that_cannot_be_loaded_any_more_keeps_the_blocks_that_were_measured(tmp_path, workload_file, leftovers):
    once = f"1 / 0 if os.path.exists({str(tmp_path / 'loaded')!r}) else open({str(tmp_path / 'loaded')!r}, 'x').close()"
    report = report_of(sweep(request(workload_file(load=once), blocks=3)))
    assert report.blocks == 1
    assert not report.complete
    assert report.recommendation
    assert "ended after 1 of 3 blocks: mine: loading the data failed: ZeroDivisionError" in report.noise[0]


def test_a_workload_without_tasks_is_a_message(workload_file, leftovers):
    with pytest.raises(Exception, match="mine has no tasks, so there is nothing to run"):
        list(sweep(request(workload_file(tasks=0))))


@pytest.mark.parametrize("mode", ["thread", "process", "shared-memory"])
def test_one_task_and_more_workers_than_tasks_work(mode, workload_file, leftovers):
    report = report_of(sweep(request(workload_file(tasks=1), mode=(mode,), workers=(3,))))
    assert [trial.status for trial in report.trials] == ["ok", "ok"]


def test_what_the_users_code_prints_does_not_disturb_the_events(workload_file, leftovers):
    reference = workload_file("print('hello'); os.write(1, b'raw bytes')", "print('loading')")
    assert all(trial.status == "ok" for trial in report_of(sweep(request(reference))).trials)


def test_closing_the_sweep_at_any_event_leaves_nothing(leftovers):
    for moment in range(0, 12, 2):
        events = sweep(request(mode=("process", "shared-memory")))
        for _ in range(moment):
            next(events)
        events.close()
        assert leftovers.processes() == []


def test_stopping_keeps_what_was_measured(leftovers):
    stop, events = threading.Event(), []
    for event in sweep(request(blocks=50), stop):
        events.append(event)
        if isinstance(event, TrialFinished) and event.block == 1:
            stop.set()
    report = report_of(events)
    assert not report.complete
    assert report.blocks == 1
    assert report.recommendation
    assert report.noise == ("stopped after 1 of 50 blocks",)


def start_engine(wanted):
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", "sweep"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdin
    process.stdin.write(msgspec.json.encode(wanted) + b"\n")
    process.stdin.flush()
    return process


def read_until(process, kind, mode=None):
    """Read events until a trial of a mode (or anything of the kind) has come."""
    plans: tuple[Plan, ...] = ()
    for line in process.stdout:
        event = decode(line)
        plans = event.plans if isinstance(event, SweepStarted) else plans
        if isinstance(event, kind) and (mode is None or plans[event.plan].mode == mode):
            return event
    raise AssertionError("the stream ended before that")


@pytest.mark.parametrize("mode", ["thread", "process", "shared-memory"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_engine_with_a_partial_report(mode, number, leftovers):
    wanted = request(blocks=1000, mode=("sequential", mode), start_method=("spawn",), settings={"work": (3000,)})
    with start_engine(wanted) as process:
        read_until(process, TrialStarted, mode)
        process.send_signal(number)
        finished = read_until(process, SweepFinished)
        assert process.wait() == 0
    assert not finished.report.complete
    assert finished.report.trials[0].status == "ok"


@pytest.mark.parametrize("mode", ["sequential", "process", "shared-memory"])
@pytest.mark.parametrize("whole_group", [False, True])
def test_killing_the_engine_leaves_no_process(mode, whole_group, leftovers):
    wanted = request(blocks=1000, mode=(mode,), start_method=("spawn",), settings={"work": (3000,)})
    with start_engine(wanted) as process:
        read_until(process, TrialStarted, mode)
        os.killpg(process.pid, signal.SIGKILL) if whole_group else process.kill()
        assert process.wait() == -signal.SIGKILL


def test_an_unavailable_plan_says_why_and_the_sweep_goes_on(monkeypatch, leftovers):
    from engine.modes.gpu_batch import GpuBatch

    monkeypatch.setattr(GpuBatch, "unavailable", classmethod(lambda cls: "needs torch: pip install 'workbench[gpu]'"))
    events = list(sweep(request(mode=("sequential", "gpu-batch"), kernel=("python", "torch"))))
    failed = [event for event in events if isinstance(event, TrialFailed)]
    assert [(event.status, event.reason) for event in failed] == [
        ("unavailable", "needs torch: pip install 'workbench[gpu]'")
    ]
    assert [trial.status for trial in report_of(events).trials] == ["ok", "unavailable"]
