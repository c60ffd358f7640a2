import os
import warnings
from typing import Any

import msgspec
import numpy as np
import pytest
import tomli_w
from msgspec.structs import replace

from engine.errors import FileProblem, RequestError, UnknownName
from engine.events import SweepFinished
from engine.host import describe_host
from engine.production import load_config, run, save_config
from engine.production.config import Certified, samples_hash, tuned_config
from engine.production.run import TunedConfigWarning, choose, compare_hosts
from engine.report import Certificate, SweepReport
from engine.request import Axis, SweepRequest
from engine.tune.sweep import sweep
from tests.jobs import a_job, execute

SETTINGS = {"tasks": 50, "work": 20}


@pytest.fixture(scope="module")
def report() -> SweepReport:
    axes: dict[str, Axis] = {
        "mode": ("sequential", "shared-memory"),
        "kernel": ("python",),
        "workers": (2,),
        "start_method": ("fork",),
    }
    settings: dict[str, Axis] = {name: (value,) for name, value in SETTINGS.items()}
    *_, last = sweep(SweepRequest(workload="fixed_cost", blocks=2, axes=axes, settings=settings))
    assert isinstance(last, SweepFinished)
    return last.report


@pytest.fixture
def saved(report, tmp_path):
    path = tmp_path / "tuned.toml"
    save_config(report, path)
    return path


def edited(path, **changes):
    table = msgspec.to_builtins(load_config(path))
    for name, value in changes.items():
        section, _, key = name.rpartition("__")
        (table[section] if section else table)[key] = value
    path.write_bytes(tomli_w.dumps(table).encode())
    return path


def test_what_is_saved_is_loaded_again(report, saved):
    assert load_config(saved) == tuned_config(report)


def test_a_config_holds_plan_host_hash_and_evidence(report, saved):
    config = load_config(saved)
    assert config.plan == report.recommendation.plan
    assert config.host == describe_host()
    assert config.data_hash == report.trials[0].data_hash
    assert len(config.data_hash) == 64
    assert config.evidence.baseline_seconds == report.trials[0].seconds


def certified(report, **changes):
    """The report with that certificate, which a busy machine may have left undecided."""
    plans = tuple(trial.plan for trial in report.trials)
    facts: dict[str, Any] = {
        "within": 0.02,
        "wanted": 0.03,
        "confidence": 0.95,
        "blocks": 4,
        "confirmed": True,
        "ties": plans[1:],
    }
    certificate = Certificate(**(facts | changes))
    return replace(report, recommendation=replace(report.recommendation, certificate=certificate))


def test_the_evidence_says_how_sure_it_is_and_which_samples_it_rests_on(report, tmp_path):
    report = certified(report)
    save_config(report, tmp_path / "sure.toml")
    evidence = load_config(tmp_path / "sure.toml").evidence
    ties = ("shared-memory × 2, python, fork",)
    assert evidence.certificate == Certified(
        within=0.02, wanted=0.03, confidence=0.95, blocks=4, decided=True, confirmed=True, ties=ties
    )
    again = msgspec.json.decode(msgspec.json.encode(report), type=SweepReport)
    assert evidence.samples_hash == samples_hash(report) == samples_hash(again)
    fewer = replace(report, trials=report.trials[:1])
    assert evidence.samples_hash != samples_hash(fewer)


def test_what_is_not_certain_is_left_out_and_said(report, tmp_path):
    save_config(certified(report, within=None, confirmed=False, note="too few"), tmp_path / "unsure.toml")
    certificate = load_config(tmp_path / "unsure.toml").evidence.certificate
    assert certificate
    assert (certificate.within, certificate.decided, certificate.note) == (None, False, "too few")
    uncertified = replace(report, recommendation=replace(report.recommendation, certificate=None))
    save_config(uncertified, tmp_path / "none.toml")
    assert load_config(tmp_path / "none.toml").evidence.certificate is None


def test_a_config_of_a_version_without_certificates_is_loaded(saved):
    table = msgspec.to_builtins(load_config(saved))
    for name in ("certificate", "samples_hash"):
        table["evidence"].pop(name, None)
    del table["host"]["conditions"]
    saved.write_bytes(tomli_w.dumps(table).encode())
    evidence = load_config(saved).evidence
    assert (evidence.certificate, evidence.samples_hash) == (None, "")


def test_running_a_config_gives_results_in_task_order_without_a_warning(saved, leftovers):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results = run(load_config(saved))
    assert np.array_equal(results, execute(a_job(**SETTINGS), "sequential"))


@pytest.mark.parametrize(
    "changes",
    [{"host__usable_cores": 64}, {"host__cpu": "Other CPU"}, {"host__python": "3.99"}, {"host__gpus": ["H200"]}],
)
def test_on_another_host_it_says_what_differs_and_runs_the_safe_plan(saved, changes):
    config = load_config(edited(saved, plan__mode="shared-memory", plan__workers=2, **changes))
    choice = choose(config)
    assert choice.plan.mode == "sequential"
    assert next(iter(changes)).removeprefix("host__").replace("_", " ") in choice.notes[0]
    assert "safe plan" in choice.notes[-1]
    with pytest.warns(TunedConfigWarning, match="tuned on"):
        results = run(config)
    assert np.array_equal(results, execute(a_job(**SETTINGS), "sequential"))


def test_the_same_host_has_no_differences():
    assert compare_hosts(describe_host(), describe_host()) == []


def test_other_data_is_a_warning_not_another_plan(saved):
    config = load_config(edited(saved, data_hash="0" * 64))
    with pytest.warns(TunedConfigWarning, match="the data differs"):
        run(config)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(config, check_data=False)


def test_a_device_plan_falls_back_to_a_kernel_that_needs_none(saved):
    config = load_config(edited(saved, plan__mode="gpu-batch", plan__kernel="torch", host__cpu="Other"))
    assert choose(config).plan.kernel == "numpy"


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"schema": 99}, FileProblem, r"tuned.toml:\d+: schema 99 is not 1"),
        ({"plan__workers": 0}, FileProblem, r"tuned.toml:\d+: plan.workers: .*>= 1"),
        ({"plan__workers": "two"}, FileProblem, r"tuned.toml:\d+: plan.workers: Expected `int`, got `str`"),
        ({"wrokload": 1}, UnknownName, r"tuned.toml:\d+: unknown key 'wrokload'; did you mean 'workload'"),
        ({"plan__mode": "proces"}, RequestError, "unknown mode 'proces'; did you mean 'process'"),
        ({"plan__kernel": "nunpy"}, RequestError, "has no kernel 'nunpy'"),
        ({"size": "tiny"}, RequestError, "unknown size 'tiny'"),
        ({"workload": "nope"}, RequestError, "unknown workload 'nope'"),
    ],
)
def test_a_config_that_is_wrong_is_refused_with_the_place(saved, changes, error, message):
    table = msgspec.to_builtins(load_config(saved))
    for name, value in changes.items():
        section, _, key = name.rpartition("__")
        (table[section] if section else table)[key] = value
    saved.write_bytes(tomli_w.dumps(table).encode())
    with pytest.raises(error, match=message):
        run(load_config(saved))


@pytest.mark.parametrize("length", range(0, 1200, 97))
def test_a_torn_config_is_never_run(saved, length):
    whole = saved.read_bytes()
    saved.write_bytes(whole[:length])
    with pytest.raises(RequestError):
        load_config(saved)


def test_a_missing_config_is_a_message(tmp_path):
    with pytest.raises(FileProblem, match="cannot be read: No such file"):
        load_config(tmp_path / "none.toml")


def test_a_config_that_cannot_be_written_leaves_the_old_one(report, saved, monkeypatch):
    before = saved.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileProblem, match="No space left"):
        save_config(msgspec.structs.replace(report, created="2001-01-01T00:00:00+00:00"), saved)
    monkeypatch.undo()
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["tuned.toml"]


def test_a_report_without_a_recommendation_saves_nothing(report, tmp_path):
    with pytest.raises(RequestError, match="recommends no plan"):
        save_config(replace(report, recommendation=None), tmp_path / "t.toml")
    assert list(tmp_path.iterdir()) == []
