"""Is it slower than before? Each verdict on reports that call for it."""

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from scipy.special import polygamma

from engine.analyse.comparing import EXIT_CODES, NO_BASELINE, compare, verdicts
from engine.analyse.comparing.result import Verdict
from engine.analyse.comparing.robust import _inverse_trigamma, holm, mean, moderated, without_spikes
from engine.errors import RequestError
from engine.report import Measurement, Noise, TrialReport, WorkloadFacts
from tests.builders import a_host, a_plan, a_report

PLANS = tuple(a_plan("process", workers, kernel) for workers in (1, 2, 3, 4) for kernel in ("python", "numpy"))
DISTURBED = Noise(reasons=("stolen",))


def points(blocks=10, noise=0.01, seed=1, plans=8):
    """Seconds of every plan in every block, and of the control."""
    drawn = np.random.default_rng(seed).normal(0, noise, (plans + 1, blocks))
    return np.exp(drawn[:-1]), np.exp(drawn[-1])


def measured(plan, seconds, status="ok", disturbed=()):
    samples = tuple(
        Measurement(
            block=block,
            setup=0.5,
            first_run=2 * value,
            steady=(value, 1.01 * value, 0.99 * value),
            noise=DISTURBED if block in disturbed else Noise(),
        )
        for block, value in enumerate(map(float, seconds))
    )
    return TrialReport(plan=plan, status=status, samples=samples)


def report(seconds, control=None, plans=PLANS, **changes: Any):
    trials = tuple(measured(plan, row) for plan, row in zip(plans, seconds, strict=False))
    facts: dict[str, Any] = {"control_seconds": () if control is None else tuple(map(float, control))}
    return a_report(blocks=seconds.shape[1], **({"trials": trials} | facts | changes))


def before(**changes: Any):
    return report(*points(seed=1), **changes)


def after(factors=(), machine=1.0, control=True, **more: Any):
    """The second report; ``factors``: how much slower the first plans became."""
    seconds, ticks = points(**({"seed": 2} | more))
    seconds[: len(factors)] *= np.array(factors)[:, None] if len(factors) else 1.0
    return report(seconds * machine, ticks * machine if control else None)


def test_identical_code_is_the_same_and_exits_0():
    found = compare(before(), after())
    assert (found.verdict, found.reason, found.exit_code) == ("same", "within-threshold", 0)
    assert {each.verdict for each in found.plans} == {"same"}
    assert found.sentence == "no plan is slower: 8 plans compared, limit 5%"


def test_one_plan_that_is_slower_is_found_and_named():
    found = compare(before(), after([1.05]))
    assert (found.verdict, found.reason, found.exit_code) == ("slower", "clear-slowdown", 10)
    assert [each.verdict for each in found.plans].count("slower") == 1
    first = found.plans[0]
    assert (first.verdict, first.against) == ("slower", "others")
    assert first.change
    assert first.change.low < 1.05 < first.change.high
    assert first.chance is not None
    assert first.chance < 0.005
    assert "process, python" in found.sentence
    assert "slower relative to the others, between" in first.sentence


def test_one_plan_that_is_faster_is_found_and_exits_0():
    found = compare(before(), after([0.9]))
    assert (found.verdict, found.exit_code) == ("faster", 0)
    assert found.plans[0].reason == "clear-speedup"


def test_a_certain_change_of_1_percent_does_not_fail_a_limit_of_5():
    quiet = {"noise": 0.001, "seed": 2}
    found = compare(report(*points(noise=0.001)), after([1.01], **quiet))
    assert found.verdict == "same"
    assert found.plans[0].reason == "below-minimum"
    assert "less than the 2.5% that count" in found.plans[0].sentence


def test_the_threshold_decides_what_counts():
    old, new = report(*points(noise=0.001)), after([1.02], noise=0.001)
    assert compare(old, new, 0.05).verdict == "same"
    assert compare(old, new, 0.02).verdict == "slower"


@pytest.mark.parametrize("threshold", [0.0, -0.05, 1.0, float("nan")])
def test_a_threshold_that_is_none_is_refused(threshold):
    with pytest.raises(RequestError, match="above 0% and below 100%"):
        compare(before(), after(), threshold)


def test_a_machine_that_was_slower_that_day_is_no_slowdown_of_the_code():
    found = compare(before(), after(machine=1.03))
    assert found.verdict == "same"
    assert found.plans[0].measured
    assert found.plans[0].measured.estimate > 1.02


def two_speeds(made, slow):
    """The report with every second pair of blocks at the lower speed of the machine, the control included."""
    factors = [slow if block // 2 % 2 else 1.0 for block in range(made.blocks)]
    trials = tuple(
        replace(
            trial,
            samples=tuple(
                replace(each, steady=tuple(value * factors[each.block] for value in each.steady))
                for each in trial.samples
            ),
        )
        for trial in made.trials
    )
    control = tuple(value * factor for value, factor in zip(made.control_seconds, factors, strict=True))
    return replace(made, trials=trials, control_seconds=control)


@pytest.mark.parametrize(("code", "verdict"), [(1.0, "contaminated"), (1.1, "contaminated"), (3.0, "slower")])
def test_a_machine_that_changes_its_speed_proves_nothing_but_what_exceeds_that(code, verdict):
    found = compare(two_speeds(before(), 1.75), two_speeds(after([code]), 1.75))
    assert found.verdict == verdict
    if verdict == "contaminated":
        assert found.reason == "control-unsteady"
        assert "from block to block the control itself varied by" in found.sentence


def test_a_control_that_moved_by_the_limit_contaminates_everything():
    found = compare(before(), after(machine=1.15))
    assert (found.verdict, found.reason, found.exit_code) == ("contaminated", "control-shifted", 12)
    assert {each.verdict for each in found.plans} == {"contaminated"}
    assert "the control 14.8% slower" in found.sentence


def test_a_plan_that_fell_behind_a_slower_machine_as_well_is_slower():
    found = compare(before(), after([1.4], machine=1.15))
    assert found.verdict == "slower"
    assert [each.verdict for each in found.plans].count("contaminated") == 7


def test_a_change_of_all_plans_is_not_erased_where_the_control_stood_still():
    found = compare(before(), after([1.08] * 8))
    assert found.verdict == "slower"
    assert {each.against for each in found.plans} == {"control"}
    assert {each.verdict for each in found.plans} == {"slower"}


def test_without_a_control_a_change_of_all_plans_is_ambiguous():
    found = compare(before(control_seconds=()), after([1.08] * 8, control=False))
    assert (found.verdict, found.reason, found.exit_code) == ("ambiguous", "no-control", 11)
    assert found.machine.control is None
    assert "no control in both reports" in found.machine.sentence


def test_without_a_control_one_plan_that_stands_out_is_still_found():
    found = compare(before(control_seconds=()), after([1.06], control=False))
    assert found.verdict == "slower"


def test_plans_that_did_not_change_are_not_slower_because_most_became_faster():
    found = compare(before(), after([0.8] * 6))
    assert found.verdict == "faster"
    assert [each.verdict for each in found.plans] == ["faster"] * 6 + ["same"] * 2


def test_a_plan_on_a_faster_machine_that_is_as_fast_as_before_is_not_called_slower():
    found = compare(before(), after([1 / 0.96], machine=0.96))
    assert found.plans[0].verdict == "ambiguous"
    assert found.verdict == "ambiguous"


def test_a_plan_alone_is_held_against_the_control():
    old = report(*points(plans=1, blocks=20))
    found = compare(old, after([1.1], plans=1, blocks=20))
    assert (found.verdict, found.plans[0].against) == ("slower", "control")
    assert compare(old, after(machine=1.04, plans=1, blocks=20)).verdict == "same"


def test_a_plan_alone_without_a_control_is_never_slower():
    seconds, _ = points(plans=1)
    found = compare(report(seconds), report(seconds * 3))
    assert (found.verdict, found.reason) == ("ambiguous", "no-control")
    assert "3 times as long as measured" in found.plans[0].sentence


def test_wide_intervals_are_ambiguous_and_say_how_many_blocks_would_do():
    found = compare(report(*points(blocks=4, noise=0.05)), after(blocks=4, noise=0.05))
    assert (found.verdict, found.reason) == ("ambiguous", "could-be-slower")
    assert "blocks each would do" in found.sentence


def test_one_block_is_too_few():
    found = compare(report(*points(blocks=1)), after(blocks=1))
    assert (found.verdict, found.reason) == ("ambiguous", "too-few-blocks")
    assert found.plans[0].sentence == "1 before and 1 after: two undisturbed blocks of each report are needed"


def test_disturbed_measurements_do_not_count():
    old, new = before(), after()
    seconds, _ = points(seed=2)
    seconds[0, 3:6] *= 3
    spoilt = replace(new, trials=(measured(PLANS[0], seconds[0], disturbed=(3, 4, 5)), *new.trials[1:]))
    found = compare(old, spoilt)
    assert found.verdict == "same"
    assert (found.plans[0].blocks_after, found.plans[0].disturbed_after) == (7, 3)


def test_a_plan_that_was_always_disturbed_contaminates_the_whole():
    new = after()
    spoilt = measured(PLANS[0], points(seed=2)[0][0], disturbed=range(9))
    found = compare(before(), replace(new, trials=(spoilt, *new.trials[1:])))
    assert (found.verdict, found.reason) == ("contaminated", "disturbed")
    assert found.plans[0].sentence.endswith("needed, 9 were disturbed")


def test_a_block_that_was_measured_again_counts_once():
    again = measured(PLANS[0], [3.0, 3.0], disturbed=(0, 1)).samples + measured(PLANS[0], np.ones(10)).samples
    trial = TrialReport(plan=PLANS[0], status="ok", samples=again)
    found = compare(before(), replace(after(), trials=(trial, *after().trials[1:])))
    assert (found.plans[0].blocks_after, found.plans[0].disturbed_after) == (10, 0)


def test_a_spike_that_no_sensor_saw_is_neither_a_slowdown_nor_hides_one():
    seconds, control = points(seed=2)
    seconds[0, 4] *= 1.8
    assert compare(before(), report(seconds, control)).verdict == "same"
    seconds[0] *= 1.06
    assert compare(before(), report(seconds, control)).verdict == "slower"


def test_a_plan_that_failed_is_a_doubt_and_one_that_is_missing_a_note():
    new = after()
    failed = TrialReport(plan=PLANS[0], status="failed", reason="wrong results")
    found = compare(before(), replace(new, trials=(failed, *new.trials[2:])))
    assert (found.verdict, found.reason) == ("ambiguous", "fails-now")
    assert found.plans[-1].sentence == "worked before and now fails: wrong results"
    assert [(each.plan, each.reason) for each in found.left_out] == [(PLANS[1], "only in the report before")]


def test_a_plan_that_was_the_best_and_is_given_up_now_is_found():
    new = after()
    given_up = measured(PLANS[0], [1.5, 1.52, 1.49], status="eliminated")
    found = compare(before(), replace(new, trials=(given_up, *new.trials[1:])))
    assert (found.verdict, found.plans[0].reason) == ("slower", "clear-slowdown")


def test_doubts_about_plans_that_both_sweeps_gave_up_do_not_count():
    old, new = before(), after()
    given_up = measured(PLANS[0], [1.5], status="eliminated")
    found = compare(*(replace(each, trials=(given_up, *each.trials[1:])) for each in (old, new)))
    assert (found.plans[0].verdict, found.plans[0].counts) == ("ambiguous", False)
    assert found.verdict == "same"


def test_older_reports_have_points_without_samples():
    def older(found):
        trials = [
            TrialReport(plan=t.plan, status="ok", runs=tuple(s.steady[0] for s in t.samples)) for t in found.trials
        ]
        return replace(found, trials=tuple(trials))

    assert compare(older(before()), older(after([1.06]))).verdict == "slower"
    with pytest.raises(RequestError, match="without raw samples"):
        compare(older(before()), older(after()), goal="job")


def test_whole_jobs_can_be_compared_instead_of_steady_runs():
    new = after()
    first, *rest = new.trials
    slow_start = [replace(each, setup=each.setup * 2) for each in first.samples]
    new = replace(new, trials=(replace(first, samples=tuple(slow_start)), *rest))
    assert compare(before(), new).verdict == "same"
    assert compare(before(), new, goal="job").verdict == "slower"


FACTS = WorkloadFacts(name="straddles", reference="straddles", size="small", tasks=1000, data_hash="a" * 64)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host": a_host(fingerprint="f", cpu="Other CPU")}, "host cpu: Test CPU before, Other CPU after"),
        ({"host": a_host(fingerprint="f")}, "host fingerprint: 0123456789abcdef before, f after"),
        ({"workload": replace(FACTS, name="maxdiff")}, "workload name: straddles before, maxdiff after"),
        ({"workload": replace(FACTS, size="large")}, "workload size: small before, large after"),
        ({"workload": replace(FACTS, tasks=9)}, "workload tasks: 1000 before, 9 after"),
        ({"workload": replace(FACTS, settings={"a": 1})}, "workload settings: {} before, {'a': 1} after"),
        ({"workload": replace(FACTS, data_hash="b" * 64)}, "data: sha256 aaaaaaaaaaaa before, bbbbbbbbbbbb after"),
        ({"schema": 2}, "schema: 1 before, 2 after"),
    ],
)
def test_reports_of_different_work_are_refused_naming_what_differs_unless_forced(changes, words):
    old, new = before(workload=FACTS), replace(after(), **({"workload": FACTS} | changes))
    with pytest.raises(RequestError) as refused:
        compare(old, new)
    assert words in str(refused.value)
    assert f"compared all the same: {words}" in compare(old, new, force=True).notes


def test_other_libraries_are_noted_and_not_refused():
    old, new = (before(host=a_host(libraries={"numpy": version})) for version in ("2.2.1", "2.4.6"))
    assert compare(old, new).notes == ("numpy: 2.2.1 before, 2.4.6 after",)


def test_other_conditions_of_the_same_machine_are_noted_and_not_refused():
    old, new = (
        before(host=a_host(conditions={"governor": governor, "turbo": "on"} | more))
        for governor, more in (("powersave", {"quota": "1.5 cores"}), ("performance", {}))
    )
    notes = ("governor: powersave before, performance after", "quota: 1.5 cores before, none told after")
    assert compare(old, new).notes == notes
    assert compare(before(), new).notes == ()  # a report of old tells none


def test_reports_without_a_plan_in_common_are_refused():
    with pytest.raises(RequestError, match="no measured plan in common"):
        compare(before(), report(points()[0][:1], plans=(a_plan("thread", 9),)), force=True)


def test_every_reason_stands_in_the_table_and_leads_to_an_exit_code_of_its_own():
    rows = [line.split() for line in (verdicts.__doc__ or "").splitlines()]
    table = {row[0]: row[1] for row in rows if row[1:] and row[1] in get_args(Verdict)}
    assert table == verdicts.REASONS
    codes = {code for code in EXIT_CODES.values() if code} | {NO_BASELINE}
    assert codes == {10, 11, 12, 13}
    assert EXIT_CODES["same"] == EXIT_CODES["faster"] == 0


seconds = st.floats(1e-300, 1e300, allow_nan=False)


@settings(deadline=None, max_examples=60)
@given(st.data(), st.integers(1, 6), st.integers(1, 8), st.booleans(), st.sampled_from([0.01, 0.05, 0.5]))
def test_a_report_compared_with_itself_is_never_slower_nor_faster(data, plans, blocks, with_control, threshold):
    rows = data.draw(st.lists(st.lists(seconds, min_size=blocks, max_size=blocks), min_size=plans, max_size=plans))
    control = data.draw(st.lists(seconds, min_size=blocks, max_size=blocks)) if with_control else None
    itself = report(np.array(rows), control)
    found = compare(itself, itself, threshold)
    assert found.verdict not in ("slower", "faster")
    assert all(each.change is None or each.change.estimate == pytest.approx(1.0) for each in found.plans)


@settings(deadline=None, max_examples=60)
@given(st.data(), st.integers(1, 4), st.integers(2, 6))
def test_swapping_the_reports_inverts_every_ratio(data, plans, blocks):
    values = st.lists(st.floats(0.1, 10), min_size=blocks, max_size=blocks)
    one, other = (
        report(np.array(data.draw(st.lists(values, min_size=plans, max_size=plans))), data.draw(values)) for _ in "ab"
    )
    there, back = compare(one, other), compare(other, one)
    for first, second in zip(there.plans, back.plans, strict=True):
        assert first.measured
        assert second.measured
        assert first.measured.estimate == pytest.approx(1 / second.measured.estimate, rel=1e-4)


def test_holm_multiplies_the_smallest_chance_by_the_number_of_plans():
    found = holm(np.array([0.01, 0.04, 0.03, np.nan]))
    assert found.tolist() == pytest.approx([0.03, 0.06, 0.06, 1.0])


@pytest.mark.parametrize("value", [1e-4, 0.1, 1.0, 1.6449340668, 50.0])
def test_the_inverse_of_trigamma_inverts_it(value):
    assert polygamma(1, _inverse_trigamma(np.array([value])))[0] == pytest.approx(value)


def test_variances_are_drawn_together_where_plans_are_alike_and_not_where_they_are_not():
    random = np.random.default_rng(3)
    alike = mean(random.normal(0, 0.02, (24, 5)))
    drawn = moderated(alike)
    assert np.ptp(drawn.spread) < np.ptp(alike.spread) / 2
    assert (drawn.freedom > alike.freedom).all()
    uneven = mean(random.normal(0, 0.02, (24, 20)) * np.geomspace(1, 100, 24)[:, None])
    assert moderated(uneven).spread == pytest.approx(uneven.spread, rel=0.5)


def test_at_most_a_fifth_of_the_points_is_set_aside():
    values = np.zeros((3, 10)) + np.random.default_rng(1).normal(0, 0.01, (3, 10))
    values[0, 2:4] += 1.0
    values[1, 2:6] += 1.0
    assert np.isnan(without_spikes(values)).sum(axis=1).tolist() == [2, 0, 0]
