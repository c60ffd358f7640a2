"""What goes into the history comes out again."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.errors import RequestError, UnknownName
from engine.history import history_file, open_history
from engine.history.writing import plan_key
from engine.plan import Plan
from engine.report import Interval, Measurement, Noise, SweepReport, TrialReport
from tests.builders import a_host, a_plan
from tests.history.reports import BLOCKS, PLANS, WINNER, a_day, a_workload, with_settings

NUMBERS = st.floats(min_value=1e-9, max_value=1e9)
INTERVALS = st.builds(Interval, NUMBERS, NUMBERS, NUMBERS)
SCALARS = (
    st.text() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
)
SETTINGS = st.dictionaries(st.text(), SCALARS, max_size=3)
PLAN = st.builds(
    Plan,
    mode=st.text(),
    workers=st.integers(1, 999),
    chunk_size=st.just("auto") | st.integers(1, 10**6),
    kernel=st.text(),
    settings=SETTINGS,
)
SAMPLES = st.builds(
    Measurement,
    block=st.integers(0, 50),
    setup=NUMBERS,
    first_run=NUMBERS,
    steady=st.lists(NUMBERS, max_size=4).map(tuple),
    noise=st.none() | st.builds(Noise, reasons=st.lists(st.text(), max_size=2).map(tuple)),
)
TRIALS = st.builds(
    TrialReport,
    plan=PLAN,
    status=st.sampled_from(["ok", "failed", "unavailable", "unmeasured", "eliminated"]),
    reason=st.text(),
    runs=st.lists(NUMBERS, max_size=4).map(tuple),
    samples=st.lists(SAMPLES, max_size=4).map(tuple),
    seconds=st.none() | INTERVALS,
    job_seconds=st.none() | INTERVALS,
    speedup=st.none() | INTERVALS,
    efficiency=st.none() | NUMBERS,
    peak_memory_bytes=st.none() | st.integers(0, 2**62),
)


@st.composite
def reports(draw: st.DrawFn) -> SweepReport:
    trials = draw(st.lists(TRIALS, min_size=1, max_size=4, unique_by=lambda trial: plan_key(trial.plan)))
    base = a_day(1)
    assert base.recommendation
    chosen = draw(st.sampled_from(trials)).plan
    return replace(
        base,
        created=draw(st.datetimes()).isoformat(timespec="seconds") + "+00:00",
        complete=draw(st.booleans()),
        blocks=draw(st.integers(0, 50)),
        workload=a_workload(name=draw(st.text()), reference=draw(st.text()), settings=draw(SETTINGS)),
        baseline=trials[0].plan,
        trials=tuple(trials),
        recommendation=draw(st.none() | st.just(replace(base.recommendation, plan=chosen))),
        noise=tuple(draw(st.lists(st.text(), max_size=2))),
    )


@pytest.fixture
def history(tmp_path):
    return open_history(tmp_path / "history.sqlite3")


def rows(history, query):
    with closing(sqlite3.connect(history.path)) as db:
        return db.execute(query).fetchall()


@given(reports())
@settings(max_examples=30, deadline=None)
def test_every_report_comes_back_as_it_went_in(tmp_path_factory, report):
    history = open_history(tmp_path_factory.mktemp("round") / "h.sqlite3")
    number = history.add(report)
    assert history.report(number) == report
    (summary,) = history.sweeps(report.workload.name)
    assert summary == history.summary(number)
    best = report.recommendation
    assert (summary.id, summary.created, summary.plans) == (number, report.created, len(report.trials))
    assert (summary.complete, summary.blocks) == (report.complete, report.blocks)
    assert (summary.recommended, summary.speedup) == ((best.plan, best.speedup) if best else (None, None))
    assert summary.settings == report.workload.settings
    assert set(history.plans(report.workload.reference)) == {trial.plan for trial in report.trials if trial.seconds}
    for trial in report.trials:
        points = [point for series in history.trend(report.workload.name, trial.plan) for point in series.points]
        assert [point.seconds for point in points] == ([trial.seconds] if trial.seconds else [])


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 28)), max_size=8), st.integers(0, 3))
@settings(max_examples=15, deadline=None)
def test_pruning_keeps_the_newest_of_each_workload(tmp_path_factory, sweeps, keep):
    history = open_history(tmp_path_factory.mktemp("prune") / "h.sqlite3")
    for place, (name, day) in enumerate(sweeps):
        history.add(a_day(day, times=1 + place, workload__name=name, workload__reference=name))
    before = history.sweeps()
    expected = [each for name in ("a", "b") for each in [sweep for sweep in before if sweep.workload == name][:keep]]
    assert history.prune(keep) == len(before) - len(expected)
    assert sorted(sweep.id for sweep in history.sweeps()) == sorted(sweep.id for sweep in expected)


def test_every_sample_is_kept_and_says_whether_it_counts(history):
    history.add(a_day(1))
    assert rows(history, "SELECT COUNT(*), SUM(clean) FROM samples") == [
        ((BLOCKS + 1) * len(PLANS), BLOCKS * len(PLANS))
    ]
    block, setup, steady, clean = rows(history, "SELECT block, setup, steady, clean FROM samples ORDER BY clean")[0]
    assert (block, setup, steady, clean) == (BLOCKS, 0.1, "[9.0]", 0)
    assert rows(history, "SELECT points FROM trials") == [(BLOCKS,)] * len(PLANS)


def test_the_same_report_is_kept_once_and_has_one_id(history):
    assert history.add(a_day(1)) == history.add(a_day(1)) == 1
    assert len(history.sweeps()) == 1
    assert history.add(a_day(2)) == 2


def test_looking_into_a_history_that_is_not_there_makes_no_file(history):
    assert history.sweeps() == ()
    assert history.best() == ()
    assert history.workloads() == ()
    assert history.prune(keep=3) == 0
    assert list(history.path.parent.iterdir()) == []


def test_the_first_sweep_makes_the_folders_too(tmp_path):
    history = open_history(tmp_path / "some" / "where" / "h.sqlite3")
    history.add(a_day(1))
    assert [path.name for path in history.path.parent.iterdir()] == ["h.sqlite3"]  # no journal stays behind


def test_sweeps_come_newest_first_and_can_be_limited(history):
    for day in (2, 3, 1):
        history.add(a_day(day))
    assert [sweep.created[8:10] for sweep in history.sweeps()] == ["03", "02", "01"]
    assert [sweep.created[8:10] for sweep in history.sweeps(limit=1)] == ["03"]


def test_a_workload_is_found_by_name_by_reference_and_by_its_file_from_here(history, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    history.add(a_day(1))
    mine = history.add(a_day(1, workload__name="mine:run_one", workload__reference=f"{tmp_path}/mine.py:run_one"))
    for name in ("mine:run_one", f"{tmp_path}/mine.py:run_one", "mine.py:run_one"):
        assert [sweep.id for sweep in history.sweeps(name)] == [mine]
    assert history.workloads() == ("mine:run_one", "straddles")


def test_a_host_is_found_by_how_its_fingerprint_starts(history):
    history.add(a_day(1))
    other = history.add(a_day(1, host=a_host(fingerprint="ab%d")))
    assert [sweep.id for sweep in history.sweeps(host="ab%")] == [other]
    with pytest.raises(UnknownName, match="unknown host '%'"):
        history.sweeps(host="%")


def test_an_unknown_name_or_id_is_answered_with_the_nearest(history):
    for day in range(1, 6):
        history.add(a_day(day))
    with pytest.raises(UnknownName, match=r"unknown workload 'stradles'; did you mean 'straddles'\?"):
        history.trend("stradles")
    for number in (99, 2**70):
        with pytest.raises(RequestError, match=f"there is no sweep {number}; the nearest: 5, 4, 3"):
            history.report(number)


@pytest.mark.parametrize("ask", [lambda h: h.report(1), lambda h: h.sweeps("straddles"), lambda h: h.remove([1])])
def test_an_empty_history_says_what_to_do(history, ask):
    with pytest.raises(RequestError, match="it is empty; every finished `workbench sweep` is kept there"):
        ask(history)


def test_all_sweeps_that_are_named_are_removed_or_none(history):
    for day in (1, 2, 3):
        history.add(a_day(day))
    with pytest.raises(RequestError, match="no sweep 7"):
        history.remove([1, 7])
    assert len(history.sweeps()) == 3
    history.remove([1, 3])
    assert [sweep.id for sweep in history.sweeps()] == [2]
    assert rows(history, "SELECT DISTINCT sweep FROM trials") == [(2,)]
    assert rows(history, "SELECT COUNT(*) FROM samples") == [((BLOCKS + 1) * len(PLANS),)]


def test_an_id_is_never_used_again_and_space_is_given_back(history):
    for day in range(1, 20):
        history.add(a_day(day))
    full = history.path.stat().st_size
    history.prune(keep=0)
    assert history.path.stat().st_size < full / 2
    assert history.add(a_day(1)) == 20


def test_a_knob_that_is_added_later_leaves_the_keys_of_plans_alone():
    assert plan_key(a_plan("thread", 2)) == "686ee1305a7f530a"
    assert plan_key(with_settings(WINNER, a=1, b=2)) == plan_key(with_settings(WINNER, b=2, a=1))
    assert plan_key(with_settings(WINNER, a=1)) != plan_key(WINNER)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "/home/me/.local/share/workbench/history.sqlite3"),
        ({"XDG_DATA_HOME": "/data"}, "/data/workbench/history.sqlite3"),
        ({"XDG_DATA_HOME": "relative"}, "/home/me/.local/share/workbench/history.sqlite3"),
        ({"XDG_DATA_HOME": "/data", "WORKBENCH_HISTORY": "~/h.db"}, "/home/me/h.db"),
        ({"WORKBENCH_HISTORY": "off"}, None),
    ],
)
def test_the_place_follows_the_environment(variables, expected, monkeypatch):
    for name in ("WORKBENCH_HISTORY", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"HOME": "/home/me"} | variables).items():
        monkeypatch.setenv(name, value)
    assert history_file() == (Path(expected) if expected else None)


def test_a_history_that_is_switched_off_cannot_be_opened(monkeypatch):
    monkeypatch.setenv("WORKBENCH_HISTORY", "off")
    with pytest.raises(RequestError, match="switched off by WORKBENCH_HISTORY=off"):
        open_history()


def test_the_suite_keeps_out_of_the_home_folder():
    place = history_file()
    assert place
    assert not place.is_relative_to(Path.home() / ".local")


def test_best_is_the_plan_whose_time_is_lowest_at_its_upper_end(history):
    history.add(a_day(1))
    fast = history.add(a_day(2, times=0.5))
    history.add(a_day(3))
    history.add(a_day(4, times=0.1, complete=False))
    (best,) = history.best("straddles")
    assert (best.sweep, best.plan, best.goal, best.created[:10]) == (fast, WINNER, "job", "2026-01-02")
    assert best.speedup.median > 1
    assert best.seconds.median == pytest.approx(0.1 + 1.1 * 0.055)


@pytest.mark.parametrize(
    "other", [{"workload__size": "large"}, {"workload__data_hash": "e"}, {"host": a_host(fingerprint="f")}]
)
def test_best_is_told_for_each_size_data_and_host(history, other):
    history.add(a_day(1))
    history.add(a_day(2, times=3.0, **other))
    assert [best.sweep for best in history.best()] == [2, 1]


def test_a_sweep_that_recommends_nothing_is_listed_but_never_best(history):
    history.add(a_day(1, recommendation=None))
    (sweep,) = history.sweeps()
    assert (sweep.recommended, sweep.goal, sweep.speedup) == (None, None, None)
    assert history.best() == ()
    assert history.trend("straddles") == ()
    assert len(history.trend("straddles", WINNER)) == 1
