"""Plans whose copies of the data cannot fit are never started, and say why."""

import pytest

from engine import child
from engine.child import BlockRequest, measure_block
from engine.errors import Lacking
from engine.events import TrialFailed, TrialFinished, TrialStarted
from engine.host import usable_cores
from engine.measure.room import no_room
from engine.modes import MODES
from engine.modes.thread import Thread
from engine.tune.space import check_settings
from engine.workloads import resolve
from tests.builders import a_plan

GB = 1_000_000_000


def test_a_plan_whose_copies_cannot_fit_says_what_it_would_need():
    plan = a_plan("process", 8)
    assert no_room(plan, 6 * GB, 24 * GB) == "would need about 54.0 GB for 9 copies of the data, 24.0 GB are there"
    assert no_room(plan, 6 * GB, 54 * GB) is None


@pytest.mark.parametrize("mode", [mode.name for mode in MODES if mode.name != "process"])
def test_modes_that_copy_nothing_to_each_worker_are_not_refused(mode):
    assert no_room(a_plan(mode, 8), 6 * GB, 24 * GB) is None


def test_forked_workers_share_the_pages_they_only_read():
    assert no_room(a_plan("process", 8, start_method="fork"), 6 * GB, 24 * GB) is None


def test_data_that_could_not_be_weighed_is_tried():
    assert no_room(a_plan("process", 8), 0, 24 * GB) is None


@pytest.fixture
def block(tmp_path):
    """Return a function that measures some plans of fixed_cost in this process."""
    settings = check_settings(resolve("fixed_cost"), {"tasks": 20, "work": 10, "data_bytes": 1_000_000})

    def measured(*plans):
        numbered = tuple(enumerate(plans))
        request = BlockRequest(
            block=0,
            workload="fixed_cost",
            size="small",
            settings=settings,
            plans=numbered,
            references=str(tmp_path),
            weigh=True,
            accept_noise=True,
        )
        return list(measure_block(request))

    return measured


def test_such_a_plan_is_unavailable_and_never_started(block, monkeypatch, leftovers):
    monkeypatch.setattr(child, "memory_bytes", lambda: 2_500_000)
    events = block(a_plan(), a_plan("process", 2), a_plan("thread", 2))
    failed = [(event.plan, event.status, event.reason) for event in events if isinstance(event, TrialFailed)]
    assert failed == [(1, "unavailable", "would need about 3 MB for 3 copies of the data, 2 MB are there")]
    assert [event.plan for event in events if isinstance(event, TrialStarted)] == [0, 2]
    assert [event.plan for event in events if isinstance(event, TrialFinished)] == [0, 2]


def test_what_the_machine_lacks_makes_a_plan_unavailable_not_failed(block, monkeypatch, leftovers):
    def lacking(self):
        raise Lacking("30 MB of shared memory cannot be had")

    monkeypatch.setattr(Thread, "__enter__", lacking)
    (failed,) = (event for event in block(a_plan(), a_plan("thread", 2)) if isinstance(event, TrialFailed))
    assert (failed.status, failed.reason) == ("unavailable", "30 MB of shared memory cannot be had")


def test_more_workers_than_cores_are_measured_and_noted(block, leftovers):
    cores = usable_cores()
    finished = [event for event in block(a_plan(), a_plan("thread", cores + 1)) if isinstance(event, TrialFinished)]
    assert finished[0].sample.notes == ()
    assert finished[1].sample.notes[0].startswith(f"{cores + 1} workers share {cores} core")
