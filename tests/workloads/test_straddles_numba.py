"""The numba kernel: the same answers as the others, whatever the chunks, the exact normal CDF, and no GIL."""

import subprocess
import sys
import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from engine.workloads.straddles import STRADDLES, numba_kernel
from engine.workloads.straddles.assets import FIRST_YEAR
from engine.workloads.straddles.layouts import ColumnPrices
from engine.workloads.straddles.pricing import model_es
from engine.workloads.straddles.result import SUMMARY_SHAPE, TABLE_SHAPE
from tests.workloads.markets import market, small
from tests.workloads.test_straddles_kernels import assert_same, batched, naive
from tests.workloads.test_straddles_pricing import GOLDEN

pytest.importorskip("numba")

from engine.workloads.straddles import compiled  # needs numba

FORMS = {"table": TABLE_SHAPE, "summary": SUMMARY_SHAPE}


def by_numba(data, tasks=None):
    chosen = STRADDLES.tasks(data) if tasks is None else tasks
    return numba_kernel.evaluate(numba_kernel.prepare(data, "cpu"), chosen)


def twice_normal_cdf(d):
    found = np.empty(len(d))
    compiled.twice_normal_cdf(d, found)
    return found


def valued(spot, strike, vol, left):
    """mv and delta of a day with so many days left, every later day having the same prices."""
    live = compiled.new_live(left + 1)
    live.spot[:], live.vol[:] = spot, vol
    compiled.model_es(live, left + 1, strike)
    return live.mv[0], live.delta[0]


# the same answers


@pytest.mark.parametrize("rows", FORMS)
def test_it_agrees_with_the_naive_kernel_on_the_small_size(rows):
    data = small("columns", rows)
    some = STRADDLES.tasks(data)[::7]
    assert_same(naive(small("dict", rows), some), by_numba(data, some))


@pytest.mark.parametrize("rows", FORMS)
@pytest.mark.parametrize("missing", [0.0, 0.1, 0.6, 0.97, 1.0])
def test_it_agrees_on_every_kind_of_asset_and_on_prices_with_holes(missing, rows):
    data = replace(market(3, missing), rows=rows)
    assert_same(naive(data), by_numba(data))


@settings(deadline=None, max_examples=15)
@given(
    seed=st.integers(0, 10**6), missing=st.floats(0.0, 1.0), wrong=st.floats(0.0, 0.3), rows=st.sampled_from([*FORMS])
)
def test_it_agrees_whatever_the_prices(seed, missing, wrong, rows):
    data = replace(market(seed, missing, wrong), rows=rows)
    assert_same(batched(data), by_numba(data))


@settings(deadline=None, max_examples=10)
@given(start=st.integers(0, 300), count=st.integers(1, 300), rows=st.sampled_from([*FORMS]))
def test_no_bit_depends_on_the_chunk_size(start, count, rows):
    data = numba_kernel.prepare(replace(market(5), rows=rows), "cpu")
    tasks = STRADDLES.tasks(market(5))[start : start + count]
    whole = numba_kernel.evaluate(data, tasks).tobytes()
    for size in (1, 7, 64):
        parts = [numba_kernel.evaluate(data, tasks[at : at + size]) for at in range(0, len(tasks), size)]
        assert np.concatenate(parts).tobytes() == whole


@pytest.mark.parametrize("rows", FORMS)
def test_every_form_of_tasks_and_prices_is_served_by_one_piece_of_code(rows):
    data = replace(market(1), rows=rows)
    assert isinstance(data.prices, ColumnPrices)
    some = data.task_table[:40:4]
    expected = by_numba(data, some).tobytes()
    listed = [tuple(int(number) for number in task) for task in some]
    for tasks in (listed, some.astype(np.int64), np.asfortranarray(some)):
        assert by_numba(data, tasks).tobytes() == expected
    data.prices.values.flags.writeable = False
    some.flags.writeable = False
    before = data.prices.values.tobytes()
    assert by_numba(data, some).tobytes() == expected
    assert data.prices.values.tobytes() == before
    assert by_numba(data, []).shape == (0, *FORMS[rows])
    code: Any = numba_kernel.prepare(data, "cpu").fill
    assert len(code.signatures) == 1


@pytest.mark.parametrize(
    ("task", "lacking"),
    [
        ((2, 2010, 1, 0), "an asset or a month"),
        ((-1, 2010, 1, 0), "an asset or a month"),
        ((0, 2025, 1, 0), "an asset or a month"),
        ((0, FIRST_YEAR - 1, 10, 0), "an asset or a month"),
        ((0, FIRST_YEAR - 1, 12, 2), "days"),
    ],
)
@pytest.mark.parametrize("rows", FORMS)
def test_a_task_that_is_not_of_the_data_is_refused(task, lacking, rows):
    with pytest.raises(IndexError, match=f"the task asks for {lacking} that the data do not have"):
        by_numba(small("columns", rows), [task])


def test_days_past_the_end_of_the_prices_are_refused():
    data = market(1)
    assert isinstance(data.prices, ColumnPrices)
    cut = replace(data, prices=replace(data.prices, values=data.prices.values[:, :-1].copy()))
    with pytest.raises(IndexError, match="days that the data do not have"):
        by_numba(cut)


# the normal CDF and the model


def test_the_normal_cdf_is_exact():
    d = np.concatenate((np.linspace(-40.0, 40.0, 400_001), np.logspace(-320, 2, 5_000), -np.logspace(-320, 2, 5_000)))
    ours, theirs = twice_normal_cdf(d) / 2, ndtr(d)
    assert np.abs(ours - theirs).max() <= 5e-16
    normal = theirs > 1e-300
    assert (np.abs(ours - theirs)[normal] / theirs[normal]).max() <= 1e-12


def test_the_normal_cdf_has_its_limits():
    assert twice_normal_cdf(np.array([0.0, -0.0, np.inf, 1e300, 9.0])).tolist() == [1.0, 1.0, 2.0, 2.0, 2.0]
    assert twice_normal_cdf(np.array([-np.inf, -1e300, -40.0])).tolist() == [0.0, 0.0, 0.0]


@given(st.floats(-45.0, 45.0), st.floats(-45.0, 45.0))
def test_the_normal_cdf_never_falls_and_mirrors_itself(first, second):
    low, high, mirrored = twice_normal_cdf(np.array([min(first, second), max(first, second), -max(first, second)]))
    assert low <= high + 5e-16
    assert high + mirrored == pytest.approx(2.0, abs=5e-16)


@pytest.mark.parametrize(("spot", "strike", "vol", "left", "mv", "delta"), GOLDEN)
def test_golden_values(spot, strike, vol, left, mv, delta):
    assert valued(spot, strike, vol, left) == pytest.approx((mv, delta), abs=1e-12)


@given(st.floats(0.01, 1e5), st.floats(0.01, 1e5), st.floats(0.1, 300.0), st.integers(0, 92))
def test_the_formula_is_the_naive_one(spot, strike, vol, left):
    expected = model_es(spot, strike, vol, left)
    assert expected
    assert valued(spot, strike, vol, left) == pytest.approx(expected, abs=1e-12 * max(1.0, spot / strike))


@pytest.mark.parametrize(
    "inputs", [(0.0, 1.0, 1.0), (1.0, -1.0, 1.0), (-1.0, -1.0, 1.0), (1.0, 1.0, 0.0), (1.0, 1.0, -5.0)]
)
@pytest.mark.parametrize("left", [0, 5])
def test_inputs_that_are_not_positive_have_no_value(inputs, left):
    spot, strike, vol = inputs
    assert np.isnan(valued(spot, strike, vol, left)).all()


# the code


def test_it_computes_without_the_gil():
    """With a switch interval of minutes another thread gets its turn only where the GIL is released."""
    data = numba_kernel.prepare(small("columns"), "cpu")
    tasks = np.array(STRADDLES.tasks(small("columns"))[:100], dtype=np.int64)
    results = np.empty((100, *TABLE_SHAPE))
    started, interrupted = threading.Event(), threading.Event()

    def compute():
        started.set()
        for _ in range(20_000):
            data.fill(data.tables, tasks, results)
            if interrupted.is_set():
                return
        computed.append("to the end")

    computed: list[str] = []
    before = sys.getswitchinterval()
    thread = threading.Thread(target=compute)
    try:
        sys.setswitchinterval(600.0)
        thread.start()
        started.wait()
        interrupted.set()
        thread.join()
    finally:
        sys.setswitchinterval(before)
    assert not computed


def test_the_next_process_need_not_compile():
    numba_kernel.prepare(market(1), "cpu")
    code = (
        "from engine.workloads.straddles import compiled, numba_kernel; from tests.workloads.markets import market; "
        "numba_kernel.prepare(market(1), 'cpu'); stats = compiled.fill_tables.stats; "
        "print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "0"]
