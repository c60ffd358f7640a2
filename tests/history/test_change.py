"""What is called a change, and what is not."""

from random import Random

import pytest

from engine.history import open_history
from engine.history.change import SMALLEST, Reading, judge_all, noise_floor
from engine.measure.statistics import Scatter, moderated_interval
from engine.report import Interval
from tests.history.reports import PLANS, WINNER, a_day, with_settings


def reading(seconds, spread=0.01, **facts):
    return Reading(Interval(seconds, seconds * (1 - spread), seconds * (1 + spread)), **facts)


def changes(*readings):
    return [judgement.change for judgement in judge_all(readings)[0]]


def test_a_step_is_marked_once_and_is_the_level_from_then_on():
    steps = [1.0, 1.005, 1.2, 1.21, 1.2, 0.9]
    assert changes(*map(reading, steps)) == ["first", "same", "slower", "same", "same", "faster"]


def test_a_slow_creep_is_found_although_no_step_is_large():
    creep = [1.0, 1.012, 1.024, 1.036, 1.048, 1.06, 1.072, 1.084]
    assert "slower" in changes(*(reading(seconds, 0.001) for seconds in creep))


def test_a_move_within_the_intervals_may_be_noise():
    assert changes(reading(1.0, 0.1), reading(1.1, 0.1)) == ["first", "ambiguous"]


def test_an_interval_of_less_confidence_proves_nothing():
    assert changes(reading(1.0), reading(2.0, confidence=0.75)) == ["first", "ambiguous"]


def test_a_machine_that_became_slower_is_no_change_of_the_code():
    before, after = reading(1.0, control=0.10), 0.13
    assert changes(before, reading(1.3, control=after)) == ["first", "ambiguous"]
    assert changes(before, reading(1.3, control=0.10)) == ["first", "slower"]
    assert changes(before, reading(0.8, control=after)) == ["first", "faster"]
    assert changes(before, reading(1.3)) == ["first", "slower"]


def test_a_sweep_that_was_disturbed_throughout_says_nothing():
    loud = reading(3.0, disturbed=True)
    assert changes(loud, reading(1.0), loud, reading(1.0)) == ["contaminated", "first", "contaminated", "same"]
    assert noise_floor([reading(1.0, code="c"), reading(3.0, code="c", disturbed=True)]) == SMALLEST


def test_sweeps_of_other_data_are_compared_with_their_own_kind():
    mixed = [reading(1.0, subject="a"), reading(5.0, subject="b"), reading(1.0, subject="a"), reading(6.0, subject="b")]
    assert changes(*mixed) == ["first", "first", "same", "slower"]


def test_what_one_commit_differs_by_is_the_floor():
    wander = [reading(seconds, 0.001, code="c") for seconds in (1.0, 1.05, 1.0, 1.05)]
    assert noise_floor(wander) == pytest.approx(1.05**4 - 1)
    assert changes(*wander, reading(1.1, 0.001, code="d"))[-1] == "same"
    assert changes(*wander, reading(1.3, 0.001, code="d"))[-1] == "slower"
    assert noise_floor([reading(1.0), reading(2.0)]) == SMALLEST


def simulated(random, noise, wander, level, blocks=5):
    """One sweep: blocks of that noise on a day of that wander."""
    day = random.gauss(0, wander)
    points = [level * 2.718 ** (day + random.gauss(0, noise)) for _ in range(blocks)]
    return moderated_interval(points, Scatter(noise**2, 20.0))


@pytest.mark.parametrize(("noise", "wander"), [(0.03, 0.0), (0.02, 0.02), (0.01, 0.03)])
def test_equal_code_is_hardly_ever_called_changed(noise, wander):
    random, marked, looks = Random(1), 0, 0
    for _ in range(60):
        series = [Reading(simulated(random, noise, wander, 1.0), code="c") for _ in range(20)]
        found = changes(*series)
        marked += sum(change in ("faster", "slower") for change in found)
        looks += len(found) - 1
    assert marked <= looks * 0.01


def test_a_slowdown_of_a_fifth_is_found():
    random, found = Random(2), 0
    for _ in range(200):
        before = [Reading(simulated(random, 0.02, 0.02, 1.0), code="c") for _ in range(6)]
        found += changes(*before, Reading(simulated(random, 0.02, 0.02, 1.2), code="d"))[-1] == "slower"
    assert found >= 180


@pytest.fixture
def history(tmp_path):
    return open_history(tmp_path / "h.sqlite3")


def test_the_trend_of_a_workload_follows_what_each_sweep_recommended(history):
    for day, times in enumerate((1.0, 1.001, 1.5), 1):
        history.add(a_day(day, times))
    (series,) = history.trend("straddles")
    assert (series.workload, series.size, series.plan) == ("straddles", "small", None)
    assert [point.change for point in series.points] == ["first", "same", "slower"]
    assert [point.plan for point in series.points] == [WINNER] * 3
    assert series.points[2].ratio == pytest.approx(1.5 / 1.0005)
    assert series.points[2].seconds.median == pytest.approx(0.165)


def test_the_trend_of_a_plan_follows_that_plan(history):
    for day in (2, 1):
        history.add(a_day(day, times=day))
    (series,) = history.trend("straddles", PLANS[1])
    assert series.plan == PLANS[1]
    assert [point.seconds.median for point in series.points] == pytest.approx([0.7, 1.4])
    assert [point.created[8:10] for point in series.points] == ["01", "02"]
    assert history.trend("straddles", with_settings(WINNER, a=1)) == ()


def test_sizes_settings_and_hosts_are_series_of_their_own_and_data_is_not(history):
    history.add(a_day(1))
    history.add(a_day(2, workload__size="large"))
    history.add(a_day(3, workload__settings={"entries": 9}))
    history.add(a_day(4, times=2.0, workload__data_hash="other"))
    counted = {(series.size, len(series.settings)): len(series.points) for series in history.trend("straddles")}
    assert counted == {("small", 0): 2, ("large", 0): 1, ("small", 1): 1}
    assert [point.change for series in history.trend("straddles") for point in series.points] == ["first"] * 4


def test_a_sweep_without_an_undisturbed_block_is_contaminated(history):
    for day, disturbed in ((1, False), (2, True)):
        history.add(a_day(day, times=day, disturbed=disturbed))
    (series,) = history.trend("straddles")
    assert [point.change for point in series.points] == ["first", "contaminated"]
    assert [point.disturbed for point in series.points] == [False, True]


def test_a_control_that_moved_as_far_takes_the_mark_away(history):
    for day, times in ((1, 1.0), (2, 1.5)):
        history.add(a_day(day, times, control_seconds=(0.0, 0.1 * times, 0.1 * times)))
    (series,) = history.trend("straddles")
    assert [point.control for point in series.points] == pytest.approx([0.1, 0.15])
    assert [point.change for point in series.points] == ["first", "ambiguous"]
