from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Lacking
from engine.workloads.crossover import CROSSOVER, numpy_kernel, torch_kernel
from engine.workloads.crossover.data import build
from engine.workloads.crossover.families import FAMILIES
from tests.workloads.crossings import (
    BATCHED,
    COLUMN,
    KERNELS,
    assert_same,
    by_numba,
    by_numpy,
    by_python,
    data_of,
    known_bars,
    random_closes,
    series,
    tasks_for,
)

FILLS = ["next-open", "same-close"]
RANDOM = settings(deadline=None, max_examples=8)


def some(data, step):
    return CROSSOVER.tasks(data)[::step]


# answers that other engines have confirmed

SMA_KNOWN = {
    (5, 20): (988_254.1282, 75),
    (10, 30): (996_652.7841, 35),
    (3, 7): (974_494.2147, 173),
    (20, 50): (996_578.3113, 26),
}


@pytest.mark.parametrize("kernel", KERNELS)
def test_sma_pairs_end_where_other_engines_end(kernel):
    results = kernel(data_of(known_bars(), "sma", "same-close"), tasks_for(*SMA_KNOWN))
    equity, entries = zip(*SMA_KNOWN.values(), strict=True)
    np.testing.assert_allclose(results[:, COLUMN["final_equity"]], equity, atol=5e-5)
    assert tuple(results[:, COLUMN["entries"]]) == entries


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_ema_rsi_grid_has_the_known_answers(kernel):
    results = kernel(data_of(known_bars(), "ema-rsi"))
    assert len(results) == 675
    assert (results[:, COLUMN["entries"]] > 0).sum() == 150
    assert results[:, COLUMN["entries"]].sum() == 383
    assert results[:, COLUMN["final_equity"]].sum() == pytest.approx(619_776.228327, abs=1e-6)
    grid = FAMILIES["ema-rsi"].combinations.tolist()
    for combination, equity, entries in (
        ([15, 75, 7, 30, 70], 614.021123, 2),
        ([30, 200, 7, 35, 65], 754.460800, 1),
    ):
        found = results[grid.index(combination)]
        assert found[COLUMN["final_equity"]] == pytest.approx(equity, abs=1e-6)
        assert found[COLUMN["entries"]] == entries


# kernels against each other


@pytest.mark.parametrize("kernel", BATCHED)
@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize(("family", "step"), [("ema-rsi", 11), ("sma", 97)])
def test_the_batched_kernels_agree_with_the_naive_one(kernel, fill, family, step):
    data = data_of(known_bars(), family, fill)
    assert_same(by_python(data, some(data, step)), kernel(data, some(data, step)))


@RANDOM
@given(seed=st.integers(0, 10**6), step=st.integers(1, 20), fill=st.sampled_from(FILLS))
def test_kernels_agree_on_pairs_that_tie(seed, step, fill):
    data = data_of(random_closes(seed, 300, step), "sma", fill)
    tasks = CROSSOVER.tasks(data)[seed % 61 :: 61]
    expected = by_python(data, tasks)
    for kernel in BATCHED:
        assert_same(expected, kernel(data, tasks))


@RANDOM
@given(seed=st.integers(0, 10**6), step=st.integers(1, 30), fill=st.sampled_from(FILLS))
def test_kernels_agree_on_averages_of_any_prices(seed, step, fill):
    data = data_of(random_closes(seed, 800, step), "ema-rsi", fill)
    tasks = CROSSOVER.tasks(data)[seed % 23 :: 23]
    expected = by_python(data, tasks)
    for kernel in BATCHED:
        assert_same(expected, kernel(data, tasks))


@RANDOM
@given(seed=st.integers(0, 10**6), family=st.sampled_from(["ema-rsi", "sma"]))
def test_kernels_agree_on_opens_that_are_not_the_closes_before(seed, family):
    data = data_of(random_closes(seed, 800, 12), family)
    gaps = np.random.default_rng(seed).uniform(0.97, 1.03, len(data.opens))
    data = replace(data, opens=np.round(data.opens * gaps, 2))
    tasks = CROSSOVER.tasks(data)[seed % 23 :: 61]
    expected = by_python(data, tasks)
    for kernel in BATCHED:
        assert_same(expected, kernel(data, tasks))


@pytest.mark.parametrize("family", ["ema-rsi", "sma"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_kernels_take_several_windows_in_any_order_and_as_a_list(kernel, family):
    data = data_of(random_closes(5, 1200, 9), family, windows=3)
    tasks = np.asarray(CROSSOVER.tasks(data)[::301])
    shuffled = np.random.default_rng(1).permutation(len(tasks))
    expected = by_python(data, tasks)
    assert_same(expected[shuffled], kernel(data, tasks[shuffled].tolist()))


@pytest.mark.parametrize("kernel", KERNELS)
def test_no_tasks_give_no_results(kernel):
    data = data_of(known_bars())
    assert kernel(data, CROSSOVER.tasks(data)[:0]).shape == (0, 14)
    assert kernel(data, []).shape == (0, 14)


@pytest.mark.parametrize("kernel", [by_numpy, by_numba])
@pytest.mark.parametrize("family", ["ema-rsi", "sma"])
def test_numbers_do_not_depend_on_the_chunk_size(kernel, family):
    data = data_of(random_closes(7, 700, 9), family, windows=2)
    tasks = CROSSOVER.tasks(data)[:: 7 if family == "ema-rsi" else 53]
    whole = kernel(data, tasks).tobytes()
    for size in (1, 7, 64):
        parts = [kernel(data, tasks[at : at + size]) for at in range(0, len(tasks), size)]
        assert np.concatenate(parts).tobytes() == whole


@pytest.mark.parametrize("kernel", KERNELS)
def test_no_kernel_writes_into_the_data(kernel):
    data = data_of(random_closes(2), "ema-rsi")
    for array in (data.opens, data.closes, data.task_table):
        array.flags.writeable = False
    before = data.closes.tobytes()
    kernel(data, some(data, 100))
    assert data.closes.tobytes() == before


@pytest.mark.parametrize("kernel", BATCHED)
def test_symbols_do_not_mix(kernel):
    one, two = random_closes(1, 500), random_closes(2, 650)
    both = np.asarray(CROSSOVER.tasks(data_of(one))[::997])
    together = build([series(one), series(two, "b")], "sma", "next-open")
    second = np.column_stack((np.ones(len(both), dtype=np.int64), both[:, 1:]))
    assert_same(kernel(together, both), by_python(data_of(one), both))
    assert_same(kernel(together, second), by_python(data_of(two), both))


# ties


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_tie_is_neither_above_nor_below(kernel):
    """Six times SMA(2) less SMA(3) is x(t) + x(t-1) - 2 x(t-2): below, tie, above is no cross; below, above is."""
    flat = [10.00] * 110
    through_a_tie = kernel(data_of([*flat, 9.97, 10.03, 10.06, *flat]), tasks_for((2, 3)))
    straight = kernel(data_of([*flat, 9.97, 10.04, 10.06, *flat]), tasks_for((2, 3)))
    assert through_a_tie[0, COLUMN["entries"]] == 0
    assert straight[0, COLUMN["entries"]] == 1


def test_no_rounding_decides_a_tie():
    """Prices whose running sums in floating point differ in the last digit where the exact ones tie."""
    closes = np.tile([0.1, 0.2, 0.3, 0.3, 0.2, 0.1], 60)
    for kernel in KERNELS:
        results = kernel(data_of(closes), tasks_for((6, 12), (12, 18), (6, 18)))
        assert (results[:, COLUMN["entries"]] == 0).all()


# what holds whatever the prices


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("family", ["ema-rsi", "sma"])
def test_figures_stay_within_their_bounds(family, fill):
    found = by_numpy(data_of(random_closes(11, 900, 25), family, fill))
    column = {name: found[:, position] for name, position in COLUMN.items()}
    assert ((column["entries"] - column["trades"] == 0) | (column["entries"] - column["trades"] == 1)).all()
    assert (column["entries"] > 0).sum() > 100
    assert (column["fees"] >= 0).all()
    assert ((column["fees"] > 0) == (column["entries"] > 0)).all()
    assert ((column["max_drawdown"] >= 0) & (column["max_drawdown"] < 1)).all()
    assert (column["volatility"] >= 0).all()
    rates = column["win_rate"][column["trades"] > 0]
    assert ((rates >= 0) & (rates <= 1)).all()
    assert np.isnan(column["win_rate"][column["trades"] == 0]).all()
    assert (np.sign(column["cagr"]) == np.sign(column["return"])).all()
    idle = column["entries"] == 0
    assert (column["final_equity"][idle] == FAMILIES[family].cash).all()
    assert (column["max_drawdown_bars"][idle] == 0).all()
    assert np.isnan(column["sharpe"][idle]).all()
    assert np.isnan(column["calmar"][idle]).all()


def test_both_fills_trade_alike_where_bars_open_at_the_close_before():
    """Then only the last bar differs, whose signal is filled by same-close alone."""
    closes = random_closes(3, 400)
    next_open, same_close = (by_numpy(data_of(closes, "sma", fill)) for fill in FILLS)
    difference = same_close[:, COLUMN["entries"]] - next_open[:, COLUMN["entries"]]
    assert set(difference) <= {0.0, 1.0}
    same = same_close[:, COLUMN["trades"]] == next_open[:, COLUMN["trades"]]
    same &= difference == 0
    assert same.mean() > 0.9
    np.testing.assert_allclose(
        next_open[same, COLUMN["final_equity"]], same_close[same, COLUMN["final_equity"]], rtol=1e-12
    )


def test_the_score_is_the_mean_return():
    results = by_numpy(data_of(known_bars(), "ema-rsi"))
    assert CROSSOVER.score is not None
    assert CROSSOVER.score(results) == pytest.approx(619_776.228327 / 675 / 1000 - 1, abs=1e-9)


def test_the_torch_kernel_names_what_a_device_lacks():
    with pytest.raises(Lacking, match="double precision"):
        torch_kernel.prepare(data_of(known_bars()), "mps")


def test_the_torch_kernel_computes_the_same_on_cuda():
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    data = data_of(known_bars(), "ema-rsi")
    on_device = torch_kernel.evaluate(torch_kernel.prepare(data, "cuda"), CROSSOVER.tasks(data))
    assert_same(by_numpy(data), on_device)


def test_a_block_is_at_least_one_lane(monkeypatch):
    data = data_of(known_bars())
    whole = by_numpy(data, some(data, 501))
    monkeypatch.setattr(numpy_kernel, "BLOCK", 10)
    assert by_numpy(data, some(data, 501)).tobytes() == whole.tobytes()


def test_a_position_can_lose_more_than_there_is():
    """Ten shares are bought on credit where cash does not suffice; there is no yearly rate to a debt."""
    closes = np.concatenate((np.full(120, 1e6), np.linspace(0.9e6, 2e6, 80), np.linspace(1e5, 1.0, 60)))
    data = replace(data_of(np.round(closes, 2)), bars_per_year=10.0)
    expected = by_python(data, tasks_for((5, 60)))
    assert expected[0, COLUMN["final_equity"]] < 0
    assert np.isnan(expected[0, COLUMN["cagr"]])
    for kernel in BATCHED:
        assert_same(expected, kernel(data, tasks_for((5, 60))))
