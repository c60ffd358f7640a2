"""Work that grows with the workers, and machines one only describes."""

import pytest

from engine.analyse.scaling import Machine, Need, parse_machine, weak_scaling, what_if
from engine.analyse.scaling.laws import Law
from engine.errors import RequestError
from tests.analyse.test_scaling import EARLY, TYPICAL, measured

GB = 10**9


def test_a_job_on_more_cores_takes_what_the_law_says():
    found = what_if(measured(TYPICAL, noise=0.01), Machine(16), Need())
    assert (found.workers, found.limited_by, found.reason) == (16, "cores", "")
    assert found.seconds
    assert found.speedup
    assert found.seconds.low <= 10 / TYPICAL.speedup(16) <= found.seconds.high
    assert found.speedup.low <= TYPICAL.speedup(16) <= found.speedup.high
    assert found.note.startswith("assumes cores as fast as the measured ones")


def test_memory_holds_as_many_workers_as_fit_beside_what_they_share():
    found = what_if(measured(TYPICAL), Machine(16, 100 * GB), Need(shared_bytes=10 * GB, per_worker_bytes=8 * GB))
    assert (found.workers, found.limited_by) == (10, "memory")
    assert found.seconds
    assert found.seconds.median == pytest.approx(10 / TYPICAL.speedup(10), rel=1e-5)


@pytest.mark.parametrize("need", [Need(), Need(shared_bytes=90 * GB), Need(per_worker_bytes=1)])
def test_memory_that_suffices_is_no_limit(need):
    found = what_if(measured(TYPICAL), Machine(16, 100 * GB), need)
    assert (found.workers, found.limited_by) == (16, "cores")


@pytest.mark.parametrize("need", [Need(shared_bytes=91 * GB), Need(per_worker_bytes=91 * GB)])
def test_what_does_not_fit_at_all_is_refused(need):
    found = what_if(measured(TYPICAL), Machine(16, 100 * GB), need)
    assert (found.workers, found.limited_by, found.seconds) == (0, "memory", None)
    assert found.reason.endswith("for each worker do not fit into 90% of 100 GB")


def test_beyond_a_peak_that_is_known_fewer_workers_are_taken():
    found = what_if(measured(EARLY, counts=(1, 2, 4, 8, 16), noise=0.01), Machine(32), Need())
    assert (found.workers, found.limited_by) in {(6, "peak"), (7, "peak"), (8, "peak")}
    assert found.seconds
    assert found.seconds.low <= 10 / EARLY.speedup(7) <= found.seconds.high


def test_what_the_points_do_not_support_is_refused_with_a_reason():
    far = what_if(measured(TYPICAL), Machine(64), Need())
    assert (far.workers, far.seconds, far.reason) == (64, None, "64 workers: that is more than 4 times the 8 measured")
    vague = what_if(measured(TYPICAL, counts=(1, 2, 3, 4), noise=0.05), Machine(16), Need())
    assert vague.seconds is None
    assert "wider than ±25%" in vague.reason
    assert "two blocks" in what_if(measured(TYPICAL, blocks=1), Machine(16), Need()).reason


def test_points_measured_beyond_the_cores_do_not_count():
    points = measured(Law(0.05, 0.0, 0.1), counts=(1, 2, 3, 4)) | {8: dict.fromkeys(range(5), 100.0)}
    found = what_if(points, Machine(8), Need(), host_cores=4)
    assert found.speedup
    assert found.speedup.median == pytest.approx(8 / 1.35, rel=1e-4)


@pytest.mark.parametrize(
    ("text", "machine"),
    [
        ("cores=16,memory=64GB", Machine(16, 64 * GB)),
        (" memory = 1.5 TB , cores = 8 ", Machine(8, 1_500 * GB)),
        ("cores=4", Machine(4)),
        ("cores=4,memory=64gib", Machine(4, 64 * 2**30)),
        ("cores=4,memory=1000", Machine(4, 1000)),
    ],
)
def test_a_machine_is_read_from_a_few_words(text, machine):
    assert parse_machine(text) == machine


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("core=16", "--on: unknown part of a machine 'core'; did you mean 'cores'?"),
        ("gpu=1", "--on: unknown part of a machine 'gpu'; known: cores, memory"),
        ("cores=16,memory=64GX", "--on: unknown unit of memory 'GX'; did you mean 'GB'?"),
        ("cores=zero", "--on: cores must be a whole number from 1, got 'zero'"),
        ("cores=0", "--on: cores must be a whole number from 1, got '0'"),
        ("cores=²", "--on: cores must be a whole number from 1, got '²'"),
        ("cores=4,memory=0GB", "--on: memory must be a number above 0 with a unit, such as 64GB, got '0GB'"),
        ("cores=4,memory=-1GB", "--on: memory must be a number above 0 with a unit, such as 64GB, got '-1GB'"),
        ("cores", "--on: 'cores' should be one cores=…, as in cores=16,memory=64GB"),
        ("cores=4,cores=8", "--on: 'cores=8' should be one cores=…, as in cores=16,memory=64GB"),
        ("memory=64GB", "--on: 'memory=64GB' does not say how many cores, as in cores=16,memory=64GB"),
        ("", "--on: '' does not say how many cores, as in cores=16,memory=64GB"),
    ],
)
def test_what_is_wrong_with_a_machine_is_said_with_what_would_be_right(text, words):
    with pytest.raises(RequestError) as found:
        parse_machine(text, "--on")
    assert str(found.value) == words


def test_where_everyone_gets_as_much_work_throughput_follows_gustafson():
    moods = {0: 1.0, 1: 1.5, 2: 0.8}
    points = {
        n: (100 * n, {block: 10 * mood * n / (n - 0.1 * (n - 1)) for block, mood in moods.items()}) for n in (1, 2, 4)
    }
    found = weak_scaling(points)
    assert [(each.workers, each.tasks) for each in found.points] == [(1, 100), (2, 200), (4, 400)]
    assert [each.speedup.median for each in found.points] == pytest.approx([1, 1.9, 3.7])
    assert [each.efficiency.median for each in found.points] == pytest.approx([1, 0.95, 0.925])
    assert [each.serial_fraction for each in found.points][1:] == pytest.approx([0.1, 0.1])
    assert found.serial_fraction
    assert [found.serial_fraction.low, found.serial_fraction.high] == pytest.approx([0.1, 0.1])


def test_a_run_that_takes_no_longer_with_more_work_and_workers_has_no_serial_fraction():
    found = weak_scaling({1: (50, {0: 3.0, 1: 3.1}), 8: (400, {0: 3.0, 1: 3.1})})
    assert found.points[1].efficiency.median == 1
    assert found.serial_fraction
    assert found.serial_fraction.median == 0


def test_blocks_without_one_worker_or_without_another_count_say_nothing_of_weak_scaling():
    found = weak_scaling({1: (50, {0: 3.0, 1: 3.1}), 2: (100, {2: 3.0})})
    assert [each.workers for each in found.points] == [1]
    assert found.serial_fraction is None


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ({2: (200, {0: 1.0})}, "one worker was not measured"),
        (
            {1: (100, {0: 1.0}), 2: (100, {0: 0.5})},
            "2 workers had 100 tasks; as one worker had 100, it should have been",
        ),
    ],
)
def test_what_is_not_weak_scaling_is_said(points, words):
    with pytest.raises(RequestError, match=words):
        weak_scaling(points)
