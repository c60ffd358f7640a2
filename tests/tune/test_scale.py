"""Strong and weak scaling of a job of known cost."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from engine.errors import RequestError, WorkbenchError
from engine.events import SweepStarted, TrialFinished
from engine.request import Axis, SweepRequest
from engine.tune.scale import ScalingReport, measure_scaling


def request(tasks=60, axes=None, **changes):
    usual: dict[str, Axis] = {
        "mode": ("thread", "process"),
        "workers": (1, 2),
        "kernel": ("python",),
        "start_method": ("fork",),
    }
    settings = {"tasks": (tasks,), "work": (500,)}
    facts: dict[str, Any] = {"blocks": 2, "accept_noise": True, "settings": settings} | changes
    return SweepRequest(workload="fixed_cost", axes=usual | (axes or {}), **facts)


def finish(measuring):
    events = []
    while True:
        try:
            events.append(next(measuring))
        except StopIteration as end:
            return events, end.value


def test_every_plan_is_timed_over_all_tasks_and_over_its_share(leftovers):
    events, report = finish(measure_scaling(request()))
    assert [(curve.plan.mode, curve.plan.workers) for curve in report.curves] == [("thread", 1), ("process", 1)]
    for curve in report.curves:
        assert [each.workers for each in curve.strong] == [1, 2]
        assert [(each.workers, each.tasks) for each in curve.weak.points] == [(1, 30), (2, 60)]
        one, two = curve.weak.points
        assert one.speedup.median == one.efficiency.median == 1
        assert two.efficiency.median == pytest.approx(two.speedup.median / 2)
        assert one.seconds.low < 0.8 * curve.strong[0].seconds.high  # half of the tasks
        assert curve.weak.serial_fraction
    assert report.complete
    assert (report.blocks, report.confidence, report.notes, report.left_out) == (2, 0.5, (), ())
    assert {len(event.sample.parts) for event in events if isinstance(event, TrialFinished)} == {1}
    assert msgspec.json.decode(msgspec.json.encode(report), type=ScalingReport) == report


def test_a_sample_is_shared_as_well_and_few_tasks_are_said_to_be_few(leftovers):
    _, report = finish(measure_scaling(request(100, sample=20, blocks=1, axes={"mode": ("thread",)})))
    assert [each.tasks for each in report.curves[0].weak.points] == [10, 20]
    assert report.notes[0].startswith("one worker has 10 tasks only")


def test_a_plan_that_cannot_run_is_left_out_with_its_reason(leftovers, monkeypatch):
    monkeypatch.setattr("engine.modes.process.Process.unavailable", lambda: "no processes today")
    _, report = finish(measure_scaling(request(blocks=1)))
    assert [curve.plan.mode for curve in report.curves] == ["thread"]
    assert [(each.plan.mode, each.reason) for each in report.left_out] == [("process", "no processes today")]


def test_modes_without_workers_are_not_measured_unless_asked_for():
    asked = request()
    measuring = measure_scaling(replace(asked, axes={"workers": (2,), "kernel": ("python",)}))
    started = next(measuring)
    measuring.close()
    assert isinstance(started, SweepStarted)
    assert {plan.mode for plan in started.plans} == {"sequential", "thread", "process", "shared-memory"}


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ({"workers": (1,)}, "--workers: name a number above 1"),
        ({"mode": ("sequential",)}, "no plan has several workers"),
    ],
)
def test_without_several_workers_there_is_nothing_to_scale(axes, words):
    with pytest.raises(RequestError, match=words):
        list(measure_scaling(request(axes=axes)))


def test_fewer_tasks_than_workers_are_refused(leftovers):
    with pytest.raises(WorkbenchError, match="2 tasks are fewer than the 3 workers") as refused:
        list(measure_scaling(request(tasks=2, axes={"workers": (3,)})))
    assert refused.value.exit_code == RequestError.exit_code
