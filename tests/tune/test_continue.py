"""Sweeps that go on where an earlier one ended, or was killed."""

import msgspec
import pytest
from msgspec.structs import replace

from engine.errors import RequestError
from engine.events import (
    BlockStarted,
    PlanEliminated,
    RaceLooked,
    SweepFinished,
    TakenOver,
    TrialDisturbed,
    TrialFinished,
    TrialStarted,
    decode,
    encode,
)
from engine.plan import describe
from engine.report import Noise
from engine.tune import course
from tests.builders import a_failure, a_sample
from tests.tune.fakes import (
    a_request,
    chosen_of,
    fake,
    plans_of,
    report_of,
    samples,
    start_of,
    starts_block,
    swept,
    up_to,
)

__all__ = ["fake"]

RACE = a_request()
GRID = a_request(full_grid=True, blocks=4)
MORE = {"axes": {"mode": ("sequential", "thread", "process"), "workers": (2, 4, 8)}}


def measured_now(events):
    """The plans of each block that was not taken over."""
    begun = next((at for at, event in enumerate(events) if isinstance(event, TakenOver)), 0)
    plans = plans_of(events)
    blocks = [event for event in events[begun:] if isinstance(event, BlockStarted)]
    return {event.block: {describe(plans[plan]).partition(", python")[0] for plan in event.plans} for event in blocks}


def recommended(events):
    return msgspec.json.encode(report_of(events).recommendation)


@pytest.mark.parametrize("request_", [RACE, GRID], ids=["race", "grid"])
@pytest.mark.parametrize("block", [1, 2, 3])
def test_a_sweep_killed_between_blocks_comes_to_what_the_same_samples_come_to(request_, block, fake, monkeypatch):
    # results to compare with are gone, so the baseline is measured once more; here in the uninterrupted sweep as well
    monkeypatch.setattr(course, "_baseline_for", lambda ledger, plans: [0] if ledger.blocks in (0, 1, block) else [])
    whole = swept(request_)
    rest = swept(request_, up_to(whole, starts_block(block)))
    assert samples(rest) == samples(whole)
    assert recommended(rest) == recommended(whole)
    assert report_of(rest).trials == report_of(whole).trials
    assert report_of(rest).blocks_before == block


@pytest.mark.parametrize("request_", [RACE, GRID], ids=["race", "grid"])
def test_a_finished_sweep_is_not_measured_again(request_, fake):
    whole = swept(request_)
    again = swept(request_, whole)
    assert measured_now(again) == {}
    assert samples(again) == samples(whole)
    assert recommended(again) == recommended(whole)
    assert report_of(again).blocks_before == report_of(again).blocks == report_of(whole).blocks
    assert report_of(again).complete


@pytest.mark.parametrize("request_", [RACE, GRID], ids=["race", "grid"])
def test_a_sweep_killed_anywhere_is_finished_and_keeps_every_sample(request_, fake):
    whole = swept(request_)
    for cut in range(1, len(whole)):
        before = whole[:cut]
        rest = swept(request_, before)
        assert samples(before).items() <= samples(rest).items()
        assert report_of(rest).complete
        plan = chosen_of(rest).plan
        assert (plan.mode, plan.workers) == ("thread", 4)


def test_in_a_grid_what_is_missing_is_measured_beside_the_baseline(fake):
    before = up_to(swept(GRID), lambda event: isinstance(event, TrialStarted) and event.block == 2)
    rest = swept(GRID, before)
    assert measured_now(rest) == {block: {"sequential", "thread × 2", "thread × 4"} for block in (2, 3)}
    more = swept(replace(GRID, axes=GRID.axes | {"workers": (2, 4, 8)}), rest)
    assert measured_now(more) == {block: {"sequential", "thread × 8"} for block in range(4, 8)}
    trials = {trial.plan.workers: trial for trial in report_of(more).trials}
    assert [sample.block for sample in trials[8].samples] == [4, 5, 6, 7]
    assert trials[8].speedup
    assert trials[8].efficiency
    assert report_of(more).complete


def test_more_blocks_may_be_asked_for(fake):
    rest = swept(replace(GRID, blocks=6), swept(GRID))
    assert set(measured_now(rest)) == {4, 5}


def test_new_plans_race_against_the_leader_beside_the_baseline(fake):
    before = swept(RACE)
    rest = swept(a_request(**MORE), before)
    first, *others = measured_now(rest).values()
    assert first == {"sequential", "thread × 4", "thread × 8", *(f"process × {n}" for n in (2, 4, 8))}
    assert {"thread × 8"} <= set.intersection(*others)
    assert len(others) + 1 >= 3
    assert chosen_of(rest).plan.workers == 8
    certificate = chosen_of(rest).certificate
    assert certificate
    assert certificate.confirmed
    slow = next(trial for trial in report_of(rest).trials if trial.plan.mode == "thread" and trial.plan.workers == 2)
    assert slow.status == "eliminated"  # and stays so
    assert not any("thread × 2" in plans for plans in (first, *others))


def test_new_plans_as_good_as_the_leader_get_as_many_blocks_as_usual(fake):
    before = swept(RACE)
    rest = swept(a_request(axes={"chunk_size": ("auto", 7)}), before)
    new = [block for block, plans in measured_now(rest).items() if "thread × 4" in plans]
    assert len(new) >= 3


def test_a_continued_sweep_can_be_continued(fake):
    wanted = a_request(**MORE)
    whole = swept(wanted, swept(RACE))
    begun = next(at for at, event in enumerate(whole) if isinstance(event, TakenOver))
    for cut in (begun + 8, begun + 20, len(whole)):
        rest = swept(wanted, whole[:cut])
        assert chosen_of(rest).plan == chosen_of(whole).plan
        assert samples(whole[:cut]).items() <= samples(rest).items()
    assert recommended(rest) == recommended(whole)
    assert measured_now(rest) == {}


def test_plans_that_are_not_asked_for_any_more_are_left_out(fake):
    rest = swept(a_request(axes={"mode": ("sequential",)}), swept(RACE))
    assert [plan.mode for plan in plans_of(rest)] == ["sequential"]
    assert all(event.plan == 0 for event in rest if isinstance(event, TrialFinished))


def test_a_plan_that_lost_to_one_that_is_not_asked_for_any_more_may_win(fake):
    before = swept(RACE)
    assert [event for event in before if isinstance(event, PlanEliminated)]
    rest = swept(a_request(axes={"workers": (2,)}), before)
    assert chosen_of(rest).plan.workers == 2
    assert report_of(rest).complete


def test_what_left_a_race_is_measured_by_a_full_grid(fake):
    cut_off = a_failure(0, 1, "cut off after 15 s", "eliminated")
    before = [event for event in swept(RACE) if not (isinstance(event, TrialFinished) and event.plan == 1)]
    assert all(trial.status == "ok" for trial in report_of(swept(GRID, [*before[:-1], cut_off])).trials)


def test_what_failed_stays_failed_and_what_was_unavailable_is_tried(fake):
    start, *_ = swept(RACE)
    trial = [TrialFinished(block=0, plan=0, sample=a_sample())]
    before = [start, *trial, a_failure(0, 1, "wrong results", "failed"), a_failure(0, 2, "needs more memory")]
    report = report_of(swept(RACE, before))
    assert [(trial.status, trial.reason) for trial in report.trials][1] == ("failed", "wrong results")
    assert report.trials[2].measured


def test_another_goal_judges_the_same_samples(fake):
    before = swept(RACE)
    steady = swept(replace(RACE, goal="steady"), before)
    assert chosen_of(steady).goal == "steady"
    assert report_of(steady).complete


def test_noise_may_be_accepted_afterwards(fake):
    start, *_ = swept(GRID)
    hog = a_sample(noise=Noise(reasons=("other processes",)))
    before = [start, *(TrialFinished(block=block, plan=plan, sample=hog) for block in range(4) for plan in range(3))]
    assert report_of(swept(replace(GRID, accept_noise=True), before)).noise == ()
    assert report_of(swept(GRID, before)).noise


def test_a_recording_without_a_sample_is_a_sweep_from_the_beginning(fake):
    whole = swept(RACE)
    rest = swept(RACE, up_to(whole, lambda event: isinstance(event, TrialFinished)))
    assert start_of(rest).continued is False
    assert samples(rest) == samples(whole)


def test_a_trial_in_which_the_sweep_was_killed_is_not_told(fake):
    whole = swept(RACE)
    running = next(at for at, event in enumerate(whole) if isinstance(event, TrialStarted) and event.block == 1)
    disturbed = TrialDisturbed(block=1, plan=2, sample=a_sample())
    first = TrialFinished(block=1, plan=0, sample=a_sample())
    rest = swept(RACE, [*whole[:running], first, TrialStarted(block=1, plan=2), disturbed])
    told = up_to(rest, lambda event: isinstance(event, TakenOver))
    assert [event.plan for event in told if isinstance(event, TrialStarted | TrialDisturbed) and event.block == 1] == []


def test_what_is_recorded_survives_its_own_encoding(fake):
    events = swept(a_request(**MORE), swept(RACE))
    assert [decode(encode(event)) for event in events] == events


def test_how_the_race_stood_is_told_anew_with_the_new_numbers(fake):
    rest = swept(a_request(**MORE), swept(RACE))
    plans = plans_of(rest)
    looks = [event for event in rest if isinstance(event, RaceLooked)]
    assert plans[looks[0].leader].mode == "thread"
    assert looks[0].within is None  # nobody knows the new plans yet
    assert looks[-1].confirmed


def test_other_data_is_refused_before_it_is_mixed(fake):
    before = up_to(swept(RACE), starts_block(1))
    fake.data_hash = "b2"
    told = []
    with pytest.raises(RequestError, match="--continue: the data changed since the recording was made"):
        told.extend(swept(RACE, before))
    assert not any(isinstance(event, SweepFinished) for event in told)


def changed(events, **changes):
    return [replace(start_of(events), **changes), *events[1:]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reference": "mine.py:run"}, "asks for something else: workload mine.py:run, now fixed_cost"),
        ({"size": "large"}, "asks for something else: size large, now small"),
        ({"sample": 64}, "asks for something else: sample 64, now 0"),
        ({"code": ""}, "the workload's files, or Workbench itself, changed since the recording was made"),
        ({"baseline": 9}, "has another baseline"),
    ],
)
def test_a_recording_of_something_else_is_refused(change, message, fake):
    with pytest.raises(RequestError, match=message):
        swept(RACE, changed(swept(RACE), **change))


def test_a_recording_of_other_settings_is_refused_with_them(fake):
    with pytest.raises(RequestError, match="has another baseline: work 2000, now 30"):
        swept(replace(RACE, settings={"work": (30,)}), swept(RACE))


def test_a_recording_of_another_machine_is_refused_with_what_differs(fake):
    before = swept(RACE)
    host = replace(start_of(before).host, fingerprint="0", usable_cores=99)
    with pytest.raises(RequestError, match="was made on another machine: usable cores 99, now"):
        swept(RACE, changed(before, host=host))


def test_a_recording_with_other_libraries_is_refused_with_them(fake):
    before = swept(RACE)
    host = replace(start_of(before).host, libraries=start_of(before).host.libraries | {"numpy": "0.1"})
    with pytest.raises(RequestError, match=r"was made with other libraries: numpy 0\.1, now \d"):
        swept(RACE, changed(before, host=host, code="other"))


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (TrialStarted(block=0, plan=99), "it names plan 99 of 3"),
        (TrialStarted(block=0, plan=-1), "it names plan -1 of 3"),
        (TrialFinished(block=0, plan=1, sample=a_sample(steady=())), "plan 1 took no time in block 1"),
        (TrialFinished(block=0, plan=1, sample=a_sample(seconds=0.0)), "plan 1 took no time in block 1"),
    ],
)
def test_a_damaged_recording_is_refused(event, message, fake):
    with pytest.raises(RequestError, match=message):
        swept(RACE, [*swept(RACE), event])


def test_a_recording_is_of_one_sweep(fake):
    whole = swept(RACE)
    with pytest.raises(RequestError, match="holds more than one sweep"):
        swept(RACE, [*whole, *whole])
    with pytest.raises(RequestError, match="does not begin with the start of a sweep"):
        swept(RACE, whole[1:])


def test_numbers_of_blocks_have_no_gaps(fake):
    start, *_ = swept(RACE)
    before = [start, *(TrialFinished(block=10**12 * at, plan=0, sample=a_sample()) for at in range(3))]
    assert report_of(swept(RACE, before)).blocks_before == 3
