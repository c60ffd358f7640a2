import dataclasses
from multiprocessing import forkserver
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import WorkFailed
from engine.executor import Outcome, Shipping, WorkerTime
from engine.measure.breakdown import break_down_run, with_set_up
from engine.measure.memory import MemoryWatch, memory_of_family
from engine.measure.noise import Reading, Sensors
from engine.measure.results import References
from engine.measure.trial import Trial, measure
from engine.plan import Plan
from engine.pool.arena import pack
from engine.pool.starting import forkserver as pool_forkserver
from engine.report import Noise
from engine.workloads import resolve
from tests.jobs import a_job

SECONDS = st.floats(0, 100)


@given(SECONDS, SECONDS, st.lists(st.tuples(st.floats(0.001, 50), st.floats(0, 50)), min_size=1, max_size=5), SECONDS)
def test_the_parts_of_a_job_add_up_to_it(setup, ship, workers, rest):
    times = tuple(WorkerTime(wall, min(wall, cpu), 1) for wall, cpu in workers)
    first = max(wall for wall, _ in workers) + rest
    parts = with_set_up(break_down_run(first, Outcome([], times, 1)), setup, Shipping(seconds=ship))
    values = [getattr(parts, name) for name in parts.__struct_fields__]
    assert sum(values) == pytest.approx(setup + first)
    assert min(values) >= -1e-9


def a_trial(block=0, index=0, settings=None, **plan):
    workload = resolve("fixed_cost")
    job = a_job("fixed_cost", plan.get("kernel", "python"), **(settings or {"tasks": 20, "work": 10}))
    return Trial(block, index, Plan(**({"mode": "sequential", "kernel": "python"} | plan)), workload, job)


def finish(measuring):
    events = []
    while True:
        try:
            events.append(next(measuring))
        except StopIteration as stop:
            return events, stop.value


def test_a_trial_yields_its_runs_and_returns_a_sample(tmp_path):
    events, sample = finish(measure(a_trial(), References(tmp_path)))
    assert [event.kind for event in events][:2] == ["set-up", "first"]
    assert {event.kind for event in events[2:]} == {"steady"}
    assert len(sample.steady) == len(events) - 2
    assert sample.identical is True
    assert sample.max_error == 0
    assert sample.peak_memory_bytes > 10_000_000


def test_a_trial_is_judged_against_what_is_typical_of_its_plan(tmp_path):
    calmer_than_possible = Noise(switches=-1e6)
    for typical, words in ((None, ""), (calmer_than_possible, "usually -1000000")):
        trial = dataclasses.replace(a_trial(), typical=typical)
        with Sensors() as sensors:
            _, sample = finish(measure(trial, References(tmp_path), sensors))
        reasons = [reason for reason in sample.noise.reasons if "interrupted" in reason]
        assert bool(reasons) is bool(typical)
        assert words in "".join(reasons)


def test_wrong_results_are_a_failed_trial(tmp_path):
    references = References(tmp_path)
    references.put("baseline", np.arange(20))
    with pytest.raises(WorkFailed, match="wrong results: they differ from the baseline's by inf"):
        finish(measure(a_trial(), references))


def test_results_that_are_not_bit_for_bit_those_of_the_same_kernel_are_a_failed_trial(tmp_path):
    trial = a_trial(mode="thread", workers=2)
    references = References(tmp_path)
    finish(measure(a_trial(), references))
    changed = references.get(next(tmp_path.glob("kernel-*")).stem).copy()
    changed[3] += 1
    references.put(next(tmp_path.glob("kernel-*")).stem, changed)
    with pytest.raises(WorkFailed, match="not bit for bit"):
        finish(measure(trial, references))


def test_closing_a_trial_in_the_middle_ends_its_workers(tmp_path, leftovers):
    measuring = measure(a_trial(mode="shared-memory", workers=2, start_method="fork"), References(tmp_path))
    assert next(measuring).kind == "set-up"
    measuring.close()


def test_shared_pages_are_counted_once():
    arena = pack(np.ones(4_000_000))
    before = memory_of_family()
    views = [arena.unpack() for _ in range(4)]
    assert all(view.sum() == 4_000_000 for view in views)
    assert memory_of_family() - before < 48_000_000  # 32 MB once, not 128
    arena.file.close()


def test_the_watch_sees_memory_that_is_gone_afterwards():
    before = memory_of_family()
    with MemoryWatch() as watch:
        for _ in range(40):
            np.ones(8_000_000).sum()
    assert watch.peak >= before


def test_a_trial_tells_what_else_went_on(tmp_path):
    with Sensors() as sensors:
        _, sample = finish(measure(a_trial(), References(tmp_path), sensors))
        assert sample.noise is not None
        assert 0 <= sample.noise.others <= sensors.cores
    _, sample = finish(measure(a_trial(), References(tmp_path)))
    assert sample.noise is None


class Timeline:
    """Sensors that note when they are read, between the events."""

    cores = 2

    def __init__(self):
        self.seen = []

    def look(self):
        self.seen.append("look")
        return Reading(float(len(self.seen)))


@pytest.mark.parametrize("parts", [(), (5, 10)])
def test_sensors_are_read_outside_of_what_is_timed(tmp_path, parts):
    sensors = Timeline()
    trial = dataclasses.replace(a_trial(), parts=parts)
    for event in measure(trial, References(tmp_path), sensors):
        sensors.seen.append(event.kind)
    steady = [kind for kind in sensors.seen if kind == "steady"]
    assert sensors.seen == ["look", "set-up", "look", "first", "look", *steady, *["look"] * 3]


@pytest.mark.parametrize("mode", ["shared-memory", "process"])
def test_every_plan_starts_its_workers_from_nothing(mode, tmp_path, leftovers):
    """A pool that finds the process there from which an earlier one forked starts in a tenth of the time."""

    def starter():
        ours = pool_forkserver._Shared.client
        theirs: Any = forkserver._forkserver
        return ours if mode == "shared-memory" else theirs._forkserver_pid

    starters = []
    for _ in range(2):
        finish(measure(a_trial(mode=mode, workers=2, start_method="forkserver"), References(tmp_path)))
        starters.append(starter())
    assert starters[0]
    assert starters[1]
    assert starters[0] != starters[1]
