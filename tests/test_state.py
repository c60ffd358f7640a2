from itertools import zip_longest
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import (
    AnyEvent,
    BlockStarted,
    CeilingMeasured,
    DataLoaded,
    Failed,
    SweepFinished,
    TrialFinished,
    TrialStarted,
    decode,
)
from engine.plan import Plan
from tests.builders import (
    SOME_PLANS,
    TASKS,
    a_continued_race,
    a_failure,
    a_plan,
    a_race,
    a_report,
    a_sample,
    a_start,
    a_sweep,
    a_trial,
)
from workbench.figures import job_seconds, spread, steady_seconds, trial
from workbench.state import State, fold, fold_all

RECORDED = Path(__file__).parent / "recorded"


def a_state(*events: AnyEvent, plans: tuple[Plan, ...] = SOME_PLANS, blocks: int = 3) -> State:
    return fold_all([a_start(plans, blocks), *events])


def test_the_start_of_a_sweep_makes_one_pending_row_per_plan_in_the_order_of_the_table():
    state = a_state()
    assert [row.plan for row in state.rows] == list(SOME_PLANS)
    assert {row.status for row in state.rows} == {"pending"}
    assert (state.trials_done, state.trials) == (0, 3 * len(SOME_PLANS))


def test_a_trial_runs_through_its_phases_and_ends_with_a_sample():
    state, phases = a_state(), []
    for event in a_trial(block=0, plan=2, seconds=1.0, left=12.5):
        state = fold(state, event)
        phases.append(state.rows[2].phase)
    assert phases == ["set-up", "first run", "steady runs", "steady runs", "steady runs", "steady runs", ""]
    assert state.rows[2].status == "ok"
    assert state.running is None
    assert state.seconds_left == 12.5
    assert state.trials_done == 1


def test_a_running_trial_is_the_current_one():
    assert a_state(TrialStarted(block=0, plan=4)).running == 4


def test_a_failed_plan_keeps_its_reason_and_counts_as_done_in_every_block():
    state = a_state(a_failure(0, 7, "no CUDA device here"))
    assert (state.rows[7].status, state.rows[7].reason) == ("unavailable", "no CUDA device here")
    assert state.trials_done == 3


def test_an_event_about_a_plan_that_does_not_exist_changes_nothing():
    state = a_state()
    assert fold(state, TrialStarted(block=0, plan=99)) == state


def test_a_sweep_that_fails_as_a_whole_says_why():
    state = a_state(Failed(message="unknown workload 'x'", exit_code=2))
    assert (state.finished, state.error, state.exit_code) == (True, "unknown workload 'x'", 2)


def test_the_ceiling_is_the_median_over_blocks():
    state = a_state(*(CeilingMeasured(block=0, workers=2, speedup=value) for value in (1.9, 1.2, 1.8)))
    assert [(point.workers, point.compute) for point in state.ceiling] == [(2, 1.8)]


def test_live_seconds_are_the_median_of_block_medians_between_the_extremes():
    samples = [
        TrialFinished(block=block, plan=0, sample=a_sample(value)) for block, value in enumerate((2.0, 1.0, 4.0))
    ]
    figures = trial(a_state(*samples), 0)
    assert figures.seconds == spread([1.0, 2.0, 4.0])
    assert figures.runs == (2.0, 1.0, 4.0)


def test_live_speedup_is_paired_over_the_blocks_both_plans_were_measured_in():
    state = a_state(
        TrialFinished(block=0, plan=0, sample=a_sample(2.0)),
        TrialFinished(block=0, plan=2, sample=a_sample(1.0)),
        TrialFinished(block=1, plan=2, sample=a_sample(9.0)),
    )
    assert trial(state, 2).speedup == spread([2.0])


def test_there_is_no_speedup_before_the_baseline_was_measured():
    state = a_state(TrialFinished(block=0, plan=2, sample=a_sample(1.0)))
    assert trial(state, 2).speedup is None
    assert trial(state, 2).efficiency is None


def test_efficiency_is_against_the_same_kernel_and_settings_run_sequentially():
    plans = (
        a_plan(),
        a_plan("sequential", 1, "numpy", settings={"layout": "rows"}),
        a_plan("sequential", 1, "numpy", settings={"layout": "columns"}),
        a_plan("thread", 2, "numpy", settings={"layout": "columns"}),
    )
    times = (9.0, 5.0, 3.0, 2.0)
    events = [TrialFinished(block=0, plan=index, sample=a_sample(time)) for index, time in enumerate(times)]
    assert trial(a_state(*events, plans=plans), 3).efficiency == pytest.approx(3.0 / 2.0 / 2)


def test_tasks_per_second_needs_the_number_of_tasks():
    event = TrialFinished(block=0, plan=0, sample=a_sample(2.0))
    assert trial(a_state(event), 0).tasks_per_second is None
    loaded = DataLoaded(block=0, plan=0, tasks=TASKS, seconds=0.1)
    assert trial(a_state(loaded, event), 0).tasks_per_second == TASKS / 2.0


def test_plans_with_other_settings_may_have_another_number_of_tasks():
    plans = (a_plan(settings={"days": 1}), a_plan(settings={"days": 2}), a_plan("thread", 2, settings={"days": 2}))
    state = a_state(DataLoaded(block=0, plan=1, tasks=7, seconds=0.1), plans=plans)
    assert [row.tasks for row in state.rows] == [0, 7, 7]


def test_a_job_is_set_up_plus_first_run_and_a_steady_run_without_runs_is_the_first():
    sample = a_sample(1.0, setup=0.5, first_run=2.0)
    assert job_seconds(sample) == 2.5
    assert steady_seconds(a_sample(1.0, steady=(), first_run=2.0)) == 2.0


def test_the_reports_figures_replace_the_live_ones():
    report = a_report()
    state = fold_all(a_sweep())
    assert state.finished
    assert [trial(state, index) for index in range(len(state.rows))] == list(report.trials)
    assert state.recommendation == report.recommendation
    assert state.ceiling == report.ceiling


def test_a_plan_the_report_does_not_name_was_not_measured():
    report = a_report(SOME_PLANS[:2], (2.0, 0.4))
    state = fold(a_state(TrialStarted(block=0, plan=3)), SweepFinished(report=report))
    assert [row.status for row in state.rows[:4]] == ["ok", "ok", "unmeasured", "unmeasured"]


def test_a_report_alone_is_enough_to_show():
    state = fold(State(), SweepFinished(report=a_report()))
    assert [row.plan for row in state.rows] == list(SOME_PLANS)
    assert state.workload == "straddles"


@given(order=st.permutations(range(1, 6)), reverse=st.booleans())
def test_what_is_shown_of_a_plan_does_not_depend_on_how_plans_are_interleaved(order: list[int], reverse: bool):
    one_by_one = [event for plan in range(1, 6) for event in a_trial(0, plan, float(plan))]
    streams = [list(a_trial(0, plan, float(plan))) for plan in (reversed(order) if reverse else order)]
    mixed = [event for step in zip_longest(*streams) for event in step if event is not None]
    assert a_state(*mixed).rows == a_state(*one_by_one).rows


@given(blocks=st.permutations(range(4)))
def test_the_order_in_which_blocks_arrive_does_not_matter(blocks: list[int]):
    def samples(order: list[int]) -> list[AnyEvent]:
        return [TrialFinished(block=block, plan=1, sample=a_sample(1.0 + block)) for block in order]

    assert a_state(*samples(blocks), blocks=4) == a_state(*samples([0, 1, 2, 3]), blocks=4)


@given(cut=st.integers(min_value=0, max_value=len(a_sweep())))
def test_every_beginning_of_a_sweep_can_be_shown(cut: int):
    state = fold_all(a_sweep()[:cut])
    figures = [trial(state, index) for index in range(len(state.rows))]
    assert 0 <= state.trials_done <= max(state.trials, 1)
    assert all(figure.plan == row.plan for figure, row in zip(figures, state.rows, strict=True))


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.jsonl")), ids=lambda path: path.name)
def test_every_recording_can_be_shown_to_its_end(path: Path):
    state = fold_all(map(decode, path.read_bytes().splitlines()))
    assert state.finished
    assert {row.status for row in state.rows} <= {"ok", "failed", "unavailable", "unmeasured", "eliminated"}


def test_every_kind_of_event_is_folded():
    seen = {type(event) for event in (*a_sweep(), *a_continued_race())} | {Failed}
    assert seen == set(get_args(AnyEvent))


def test_a_plan_that_left_the_race_keeps_its_figures_and_its_reason():
    row = fold_all(a_race()).rows[0]
    assert (row.status, len(row.samples)) == ("eliminated", 1)
    assert row.reason.startswith("slower than")


def test_a_disturbed_measurement_does_not_count():
    row = fold_all(a_race()).rows[2]
    assert [sample.steady_seconds for _, sample in row.samples] == [1.1, 1.1]


def test_a_race_counts_the_trials_of_the_block_it_is_in():
    events = a_race()
    second = next(at for at, event in enumerate(events) if isinstance(event, BlockStarted) and event.block == 1)
    state = fold_all(events[: second + 1])
    assert (state.trials_done, state.trials) == (3, 5)
    assert fold_all(events).trials == 5


def test_what_an_earlier_sweep_measured_is_shown_like_what_is_measured_now():
    assert fold_all(a_continued_race()) == fold_all(a_race())
    assert fold_all(a_continued_race()[:5]).taking_over


def test_how_the_race_stands_is_kept():
    looked = fold_all(a_race()).looked
    assert looked
    assert (looked.leader, looked.decided) == (1, True)
