"""A planted cause is the one that is named."""

import pytest
from msgspec.structs import replace

from engine.analyse.diagnose import losses_of, verdict_of
from engine.analyse.figures import Figures
from engine.analyse.recommend import recommend
from engine.analyse.words import amount, duration, figure, portion
from engine.plan import Plan
from engine.report import Breakdown, Interval, TrialReport


def a_trial(mode="sequential", workers=1, kernel="python", steady=None, shipped=0, **parts):
    breakdown = Breakdown(**({"compute": 1.0 / workers} | parts))
    job = sum(getattr(breakdown, name) for name in breakdown.__struct_fields__)
    run = steady if steady is not None else job - breakdown.start - breakdown.ship
    one = lambda value: Interval(value, value, value)  # noqa: E731
    return TrialReport(
        plan=Plan(mode=mode, workers=workers, kernel=kernel),
        status="ok",
        seconds=one(run),
        job_seconds=one(job),
        speedup=one(1 / run),
        job_speedup=one(1 / job),
        breakdown=breakdown,
        bytes_shipped=shipped,
    )


BASELINE = a_trial()
FAST = a_trial(kernel="numpy", compute=0.05)


def explain(trial, best=FAST, cores=0):
    figures = Figures((BASELINE, FAST, trial), best, "job", cores=cores)
    losses = losses_of(trial, figures)
    return losses, verdict_of(trial, losses, figures)


@pytest.mark.parametrize(
    ("trial", "cause", "sentence"),
    [
        (
            a_trial("process", 2, ship=13.9, start=0.4, shipped=432_000_000),
            "shipping data",
            "pickled 216 MB to each of 2 workers: 13.9 of 14.8 s",
        ),
        (
            a_trial("shared-memory", 2, ship=13.9, start=0.4, shipped=648_000_000),
            "shipping data",
            "packed the data once and rebuilt its objects in each of 2 workers, 648 MB in all: 13.9 of 14.8 s",
        ),
        (a_trial("process", 4, start=3.0), "starting workers", "starting 4 workers: 3 of 3.25 s"),
        (a_trial("thread", 2, locks=0.9), "waiting for the GIL", "waiting for the GIL: 900 ms of 1.4 s"),
        (a_trial("process", 2, locks=0.9), "waiting for a core", "waiting for a core: 900 ms of 1.4 s"),
        (a_trial("process", 2, imbalance=2.0), "uneven chunks", "uneven chunks: 2 of 2.5 s"),
        (
            a_trial("process", 2, dispatch=2.0),
            "dispatch",
            "dispatch: 2 of 2.5 s",
        ),
        (a_trial("process", 2, transfer=2.0), "returning results", "returning results: 2 of 2.5 s"),
        (a_trial("process", 2, tail=2.0), "idle tail", "idle tail: 2 of 2.5 s"),
        (a_trial("shared-memory", 2, compute=3.0), "extra CPU time per task", "extra CPU time per task: 2.5 of 3 s"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_planted_cause_is_named_first_with_its_seconds(trial, cause, sentence):
    losses, verdict = explain(trial)
    assert losses[0].cause == cause
    assert losses[0].advice or cause == "waiting for a core"
    assert verdict.endswith(sentence)


@pytest.mark.parametrize("mode", ["process", "shared-memory"])
def test_who_ships_much_is_told_of_arrays_and_of_the_table_for_big_dicts(mode):
    losses, _ = explain(a_trial(mode, 2, ship=13.9, shipped=432_000_000))
    assert "the data in arrays" in losses[0].advice
    assert "a big dict in a LookupTable" in losses[0].advice
    assert losses[0].advice.startswith("use shared-memory") == (mode == "process")


def test_who_ships_a_big_dict_is_told_which_one():
    trial = replace(a_trial("process", 2, ship=13.9), data_objects="a dict of 400,000 entries")
    losses, _ = explain(trial)
    assert losses[0].advice.startswith("the data holds a dict of 400,000 entries: use shared-memory and a LookupTable")


def with_threads(trial, threads):
    return replace(trial, plan=replace(trial.plan, threads_per_worker=threads))


@pytest.mark.parametrize("parts", [{"compute": 3.0}, {"locks": 2.5}, {"compute": 1.5, "locks": 1.5}])
def test_more_library_threads_than_cores_are_the_cause_of_whatever_computing_loses(parts):
    losses, _ = explain(with_threads(a_trial("shared-memory", 8, **({"compute": 0.125} | parts)), 8), cores=8)
    assert losses[0].cause == "library threads"
    assert losses[0].seconds == pytest.approx(sum(parts.values()) - (0.125 if "compute" in parts else 0.0))
    assert "8 threads in each of 8 workers, on 8 cores" in losses[0].advice


def test_library_threads_that_have_cores_of_their_own_are_no_cause():
    losses, _ = explain(with_threads(a_trial("shared-memory", 4, compute=3.0), 2), cores=8)
    assert losses[0].cause == "extra CPU time per task"


@pytest.mark.parametrize(("part", "advice"), [("tail", "put them first"), ("imbalance", "split it")])
def test_where_chunks_cannot_be_smaller_the_advice_is_about_the_tasks(part, advice):
    losses, _ = explain(replace(a_trial("process", 2, **{part: 2.0}), tasks_per_chunk=1))
    assert advice in losses[0].advice


def test_a_slower_kernel_is_the_cause_where_nothing_else_is():
    _, verdict = explain(BASELINE)
    assert verdict == "20× the best: the python kernel computes 20× as long as numpy"


def test_losses_are_shares_of_the_job():
    losses, _ = explain(a_trial("process", 2, ship=1.0, start=0.5))
    assert [(loss.cause, loss.share) for loss in losses] == [("shipping data", 0.5), ("starting workers", 0.25)]


def test_a_trial_that_failed_keeps_its_reason():
    failed = TrialReport(plan=Plan(mode="thread"), status="failed", reason="it broke")
    assert explain(failed) == ((), "it broke")


def recommended(pool, goal):
    best = recommend((BASELINE, FAST, pool), goal)
    assert best
    return best


def test_the_recommendation_depends_on_the_goal_and_says_what_would_change_it():
    pool = a_trial("shared-memory", 2, "numpy", compute=0.02, start=0.3)
    job, steady = (recommended(pool, goal) for goal in ("job", "steady"))
    assert job.plan == FAST.plan
    assert "shared-memory × 2, numpy takes 20 ms a run instead of 50 ms and pays from run 10 on" in job.note
    assert steady.plan == pool.plan
    assert "sequential, numpy is faster: 50 ms instead of 320 ms" in steady.note


def test_the_pool_really_pays_from_the_run_that_is_named():
    def total(trial, runs):
        return trial.job_seconds.median + (runs - 1) * trial.seconds.median

    pool = a_trial("shared-memory", 2, "numpy", compute=0.02, start=0.3)
    runs = int(recommended(pool, "job").note.rsplit(" ", 2)[-2])
    assert total(pool, runs) <= total(FAST, runs) + 1e-9
    assert total(pool, runs - 1) > total(FAST, runs - 1)


def test_nothing_measured_is_nothing_recommended():
    assert recommend((TrialReport(plan=Plan(mode="thread"), status="failed"),), "job") is None


@pytest.mark.parametrize(
    ("value", "text"), [(0.0325, "0.0325"), (45.32, "45.3"), (1110.4, "1,110"), (0, "0"), (123456, "123,000")]
)
def test_figures_have_three_digits_and_no_exponent(value, text):
    assert figure(value) == text


@pytest.mark.parametrize(
    ("count", "text"), [(12, "12 B"), (216_000_000, "216 MB"), (1.17e9, "1.17 GB"), (999.6, "1 kB")]
)
def test_amounts_have_a_readable_unit(count, text):
    assert amount(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(13.9, "13.9 s"), (0.0363, "36.3 ms"), (0.9996, "1 s"), (2.5e-5, "25 µs")]
)
def test_durations_have_a_readable_unit(seconds, text):
    assert duration(seconds) == text


def test_a_portion_names_its_unit_once_where_both_share_it():
    assert portion(13.9, 15.8) == "13.9 of 15.8 s"
    assert portion(0.713, 1.53) == "713 ms of 1.53 s"


def test_among_equally_fast_plans_the_one_with_the_fewest_workers_is_chosen():
    same = a_trial("thread", 2, "numpy", compute=0.049)
    best = recommend((BASELINE, same, FAST), "job")
    assert best
    assert best.plan == FAST.plan
    assert "thread × 2, numpy is as fast (49 ms) and needs more" in best.reason
