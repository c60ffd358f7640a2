"""``--sample``: how long the whole job takes, from some of its tasks."""

import json

import jsonschema
import pytest

from engine.schemas import schema_of
from tests.cli.test_commands import workbench

FEW = ["--kernel", "python", "--modes", "sequential,thread,process,shared-memory", "--workers", "2"]
LONG = ["fixed_cost", "--set", "tasks=5000", "--set", "work=2000", "--start-method", "fork", *FEW]


@pytest.fixture(scope="module")
def report():
    """Of a sweep over 64 of 5,000 tasks."""
    done = workbench("sweep", *LONG, "--sample", "64", "--blocks", "2", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_sample_is_run_and_the_whole_job_estimated_for_every_mode(report, leftovers):
    jsonschema.validate(report, json.loads(schema_of("report")))
    assert (report["workload"]["tasks"], report["workload"]["all_tasks"]) == (64, 5000)
    assert len(report["trials"]) == 4
    for trial in report["trials"]:
        assert trial["status"] == "ok"
        assert trial["identical"]  # other blocks, other tasks, and each compared with the same tasks run sequentially
        full, job = trial["full_seconds"], trial["job_seconds"]
        assert full or trial["full_reason"]
        assert full is None or 0 < full["low"] <= full["median"] <= full["high"]
        assert full is None or full["median"] > job["median"]
    assert report["recommendation"]["estimate"].startswith("5,000 tasks: ")
    assert report["recommendation"]["certificate"] is None  # who is fastest over 64 tasks may not be over 5,000


def test_the_plan_recommended_from_a_sample_is_the_fastest_for_all_tasks(report):
    full = {str(each["plan"]): each["full_seconds"]["median"] for each in report["trials"] if each["full_seconds"]}
    chosen = str(report["recommendation"]["plan"])
    baseline = report["trials"][0]
    if baseline["full_seconds"]:
        assert full[chosen] <= 1.03 * min(full.values())
    else:  # without its estimate nothing can be compared but the sample itself
        assert baseline["full_reason"]


def test_a_sample_of_everything_is_a_sweep_of_everything(leftovers):
    words = ["fixed_cost", "--set", "tasks=40", "--modes", "sequential", "--kernel", "python"]
    done = workbench("sweep", *words, "--sample", "50", "--blocks", "1", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["workload"]["tasks"], report["workload"]["all_tasks"]) == (40, 0)
    assert report["trials"][0]["full_seconds"] is None
    assert report["recommendation"]["estimate"] == ""


def test_a_sample_too_small_is_refused_before_anything_runs():
    done = workbench("sweep", "fixed_cost", "--sample", "5")
    assert done.returncode == 2
    assert "--sample 5: at least 16 tasks are needed" in done.stderr
    assert "Traceback" not in done.stderr
