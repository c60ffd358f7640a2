"""Settings that answer well or badly: a sweep takes several, each with a reference of its own."""

import msgspec
import numpy as np
import pytest

from engine.errors import WorkFailed
from engine.events import SweepFinished
from engine.measure.results import References
from engine.measure.trial import Trial, baseline_key, measure
from engine.plan import Plan
from engine.request import Axis, SweepRequest
from engine.tune.blocks import groups_of, order_plans
from engine.tune.space import check_settings, expand
from engine.tune.sweep import sweep
from engine.workload import Kernel
from engine.workloads import resolve
from engine.workloads.maxdiff import MAXDIFF
from tests.builders import a_plan, a_report
from tests.jobs import a_job
from workbench.words.format import report_lines
from workbench.words.table import fit_table


def plans_of(settings, **axes):
    return expand(SweepRequest(workload="maxdiff", axes=axes, settings=settings)).plans


def quality(plan):
    return plan.settings["method"], plan.settings["maxfun"]


def test_a_sweep_ranges_over_settings_that_change_the_quality():
    plans = plans_of({"maxfun": (50, 500)}, mode=("sequential",), kernel=("python", "numpy"))
    assert {(plan.kernel, *quality(plan)) for plan in plans} == {
        ("python", "direct", 50),
        ("python", "direct", 500),
        ("python", "grid", 500),
        ("python", "exact", 500),
        ("numpy", "grid", 500),
        ("numpy", "exact", 500),
    }


def test_the_baseline_has_the_default_quality_whatever_was_asked_for():
    plans = plans_of({"method": ("exact",), "rows": (252,)}, mode=("thread",), kernel=("numpy",), workers=(2,))
    assert plans[0] == Plan(
        mode="sequential", kernel="python", settings=check_settings(MAXDIFF, {"method": "direct", "rows": 252})
    )


def test_every_quality_has_the_naive_kernel_to_be_compared_with():
    plans = plans_of({"method": ("exact", "grid")}, mode=("thread",), kernel=("numpy",), workers=(2,))
    naive = [plan for plan in plans if (plan.mode, plan.kernel) == ("sequential", "python")]
    assert [plan.settings["method"] for plan in naive] == ["direct", "exact", "grid"]


def test_a_knob_that_does_nothing_beside_another_multiplies_no_plans():
    plans = plans_of({"method": ("exact",), "maxfun": (50, 100, 2000)}, mode=("sequential",), kernel=("numpy",))
    assert [quality(plan) for plan in plans] == [("direct", 500), ("exact", 500), ("exact", 500)]


def test_a_kernel_may_need_one_of_several_values():
    kernel = Kernel(lambda data, tasks: tasks, requires={"method": ("exact", "grid"), "layout": "columns"})
    assert kernel.misfit({"method": "grid", "layout": "columns"}) is None
    assert kernel.misfit({"method": "direct", "layout": "columns"}) == "needs method=exact or grid"
    assert kernel.misfit({}) == "needs method=exact or grid, layout=columns"


def test_each_group_of_the_first_block_begins_with_the_naive_kernel():
    plans = plans_of({"method": ("exact", "grid")}, mode=("sequential", "thread"), kernel=("numpy", "python"))
    for group in groups_of(plans, list(range(len(plans)))):
        first = plans[order_plans(plans, group, 0)[0]]
        assert (first.mode, first.kernel) == ("sequential", "python")


def a_trial(kernel="python", workload=MAXDIFF, **settings):
    values = check_settings(workload, settings)
    job = a_job(workload.name, kernel, **settings)
    return Trial(0, 0, Plan(mode="sequential", kernel=kernel, settings=values), workload, job)


def sample_of(trial, references):
    measuring = measure(trial, references)
    while True:
        try:
            next(measuring)
        except StopIteration as stop:
            return stop.value


def test_results_are_compared_within_one_quality(tmp_path):
    references = References(tmp_path)
    few = {"simulations": 3}
    samples = [
        sample_of(a_trial("python", maxfun=20, **few), references),
        sample_of(a_trial("python", method="exact", **few), references),
        sample_of(a_trial("numpy", method="exact", **few), references),
    ]
    assert [sample.identical for sample in samples] == [True, True, True]
    assert max(sample.max_error for sample in samples) <= MAXDIFF.tolerance
    assert samples[0].score < samples[1].score == pytest.approx(1.0)


def test_wrong_results_fail_within_their_quality(tmp_path):
    references = References(tmp_path)
    trial = a_trial("numpy", method="exact", simulations=3)
    references.put(baseline_key(trial), np.zeros((3, 4, 10)))
    with pytest.raises(WorkFailed, match="wrong results"):
        sample_of(trial, references)
    assert sample_of(a_trial("numpy", method="grid", simulations=3), references).identical


def test_a_workload_without_such_settings_has_one_baseline():
    trial = a_trial(workload=resolve("fixed_cost"), tasks=3)
    assert baseline_key(trial) == "baseline"


def test_the_score_is_shown_where_plans_differ_in_it():
    report = a_report((a_plan(), a_plan("thread", 2)), (1.0, 0.5))
    for scores, shown in (((0.9871, 1.0), True), ((1.0, 1.0), False), ((None, None), False)):
        trials = tuple(msgspec.structs.replace(t, score=s) for t, s in zip(report.trials, scores, strict=True))
        columns = [column.header for column in fit_table(trials, 100).columns]
        assert ("score" in columns) == shown
        text = "\n".join(report_lines(msgspec.structs.replace(report, trials=trials), 100))
        assert ("0.9871" in text) == shown


def test_a_sweep_reports_the_score_of_each_quality(leftovers):
    axes: dict[str, Axis] = {"mode": ("sequential",), "kernel": ("numpy",)}
    settings: dict[str, Axis] = {"method": ("exact",), "simulations": (2,), "rows": (7,)}
    request = SweepRequest(workload="maxdiff", blocks=1, axes=axes, settings=settings, full_grid=True)
    (report,) = (event.report for event in sweep(request) if isinstance(event, SweepFinished))
    found = {(trial.plan.kernel, trial.plan.settings["method"]): trial for trial in report.trials}
    assert found.keys() == {("python", "direct"), ("python", "exact"), ("numpy", "exact")}
    assert all(trial.measured for trial in report.trials)
    scores = {key: trial.score or 0.0 for key, trial in found.items()}
    assert 0.0 < scores["python", "direct"] < 1.0
    assert scores["python", "exact"] == pytest.approx(1.0)
    assert scores["numpy", "exact"] == pytest.approx(1.0)
