from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Lacking
from engine.workloads.straddles import STRADDLES, numpy_kernel, python_kernel, torch_kernel
from engine.workloads.straddles.layouts import ColumnPrices
from engine.workloads.straddles.result import ENTRY, EXPIRY, SUMMARY_COLUMNS, TABLE_COLUMNS
from tests.workloads.markets import ASSETS, as_dict, market, small

COLUMN = {name: position for position, name in enumerate(TABLE_COLUMNS)}


def naive(data, tasks=None):
    return python_kernel.evaluate(python_kernel.prepare(data, "cpu"), STRADDLES.tasks(data) if tasks is None else tasks)


def batched(data, tasks=None):
    return numpy_kernel.evaluate(numpy_kernel.prepare(data, "cpu"), STRADDLES.tasks(data) if tasks is None else tasks)


def on_torch(data, tasks=None):
    pytest.importorskip("torch")
    return torch_kernel.evaluate(torch_kernel.prepare(data, "cpu"), STRADDLES.tasks(data) if tasks is None else tasks)


def assert_same(left, right, tolerance=1e-12):
    assert np.array_equal(np.isnan(left), np.isnan(right))
    scale = np.maximum(1.0, np.abs(np.nan_to_num(left)))
    assert np.nanmax(np.abs(left - right) / scale, initial=0.0) <= tolerance


@pytest.mark.parametrize("rows", ["table", "summary"])
@pytest.mark.parametrize("kernel", [batched, on_torch])
def test_the_vector_kernels_agree_with_the_naive_one_on_the_small_size(kernel, rows):
    some = slice(None, None, 7)
    columns = small("columns", rows)
    assert_same(
        naive(small("dict", rows), STRADDLES.tasks(columns)[some]), kernel(columns, STRADDLES.tasks(columns)[some])
    )


@pytest.mark.parametrize("kernel", [batched, on_torch])
@pytest.mark.parametrize("missing", [0.0, 0.1, 0.6, 0.97, 1.0])
@pytest.mark.parametrize("rows", ["table", "summary"])
def test_kernels_agree_on_every_kind_of_asset_and_on_prices_with_holes(kernel, missing, rows):
    data = replace(market(3, missing), rows=rows)
    assert_same(naive(data), kernel(data))


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10**6), missing=st.floats(0.0, 1.0), wrong=st.floats(0.0, 0.3))
def test_kernels_agree_whatever_the_prices(seed, missing, wrong):
    data = market(seed, missing, wrong)
    some = STRADDLES.tasks(data)[seed % 11 :: 11]
    assert_same(naive(data, some), batched(data, some))


@settings(deadline=None, max_examples=10)
@given(start=st.integers(0, 300), count=st.integers(1, 300), rows=st.sampled_from(["table", "summary"]))
def test_numbers_do_not_depend_on_the_chunk_size(start, count, rows):
    data = replace(market(5), rows=rows)
    lanes = numpy_kernel.prepare(data, "cpu")
    tasks = STRADDLES.tasks(data)[start : start + count]
    whole = numpy_kernel.evaluate(lanes, tasks).tobytes()
    for size in (1, 7, 64):
        parts = [numpy_kernel.evaluate(lanes, tasks[at : at + size]) for at in range(0, len(tasks), size)]
        assert np.concatenate(parts).tobytes() == whole


def test_kernels_take_tasks_as_a_list_and_no_tasks_at_all():
    data = market(1)
    some = [tuple(int(number) for number in task) for task in STRADDLES.tasks(data)[:5]]
    expected = naive(data, STRADDLES.tasks(data)[:5])
    for kernel in (naive, batched, on_torch):
        assert_same(expected, kernel(data, some))
        assert kernel(data, STRADDLES.tasks(data)[:0]).shape == (0, 92, 12)


@pytest.mark.parametrize("kernel", [naive, batched, on_torch])
def test_no_kernel_writes_into_the_data(kernel):
    data = market(2)
    assert isinstance(data.prices, ColumnPrices)
    for array in (data.prices.values, data.task_table):
        array.flags.writeable = False
    before = data.prices.values.tobytes()
    kernel(data)
    assert data.prices.values.tobytes() == before


def test_both_layouts_give_the_naive_kernel_the_same_answers_to_the_bit():
    data = market(4)
    assert naive(data).tobytes() == naive(as_dict(data)).tobytes()


def test_memoising_changes_no_answer():
    data = market(6)
    warm = python_kernel.prepare(data, "cpu")
    first, second = (python_kernel.evaluate(warm, STRADDLES.tasks(data)) for _ in range(2))
    assert first.tobytes() == second.tobytes() == naive(replace(data, memoise=False)).tobytes()
    assert python_kernel.prepare(replace(data, memoise=False), "cpu").caches is None


def test_the_caches_of_one_data_object_never_answer_for_another():
    data = market(6)
    other = market(6, assets=[replace(asset, schedule="third-friday") for asset in ASSETS])
    naive(data)
    assert_same(naive(other), batched(other))


def test_the_score_is_the_sum_of_pnl_for_tables_and_summaries():
    tables, summaries = batched(small("columns")), batched(small("columns", "summary"))
    assert STRADDLES.score is not None
    assert STRADDLES.score(tables) == pytest.approx(STRADDLES.score(summaries), abs=1e-12)
    assert STRADDLES.score(tables) == pytest.approx(float(np.nansum(tables[..., COLUMN["pnl"]])), abs=1e-12)


def test_the_torch_kernel_names_what_a_device_lacks():
    pytest.importorskip("torch")
    with pytest.raises(Lacking, match="double precision"):
        torch_kernel.prepare(market(1), "mps")


def test_the_naive_table_has_the_columns_of_the_origin():
    data = market(1)
    widths = {}
    for asset, name in enumerate(data.names):
        table = python_kernel.straddle_table(data, (name, 2019, 9, 0))
        widths[name] = len(table.columns)
        assert asset == data.names.index(name)
        assert all(len(row) == len(table.columns) for row in table.rows)
    assert widths["metal"] == 15
    assert widths["credit"] == 17
    assert widths["swap"] == 21


# what holds for every straddle, whatever the prices


@pytest.fixture(scope="module")
def tables():
    return [batched(market(seed, missing=0.15, wrong=0.0, assets=ASSETS[:4])) for seed in range(3)]


def column(table, name):
    return table[..., COLUMN[name]]


def test_a_straddle_has_a_row_for_every_day_of_its_months(tables):
    for table in tables:
        days = column(table, "date")
        counts = np.isfinite(days).sum(axis=1)
        assert set(counts) <= set(range(59, 93))
        assert (np.diff(days, axis=1)[:, :58] == 1).all()


def test_a_straddle_has_one_strike_one_entry_and_one_expiry(tables):
    for table in tables:
        for name in ("strike", "strike_vol", "expiry"):
            shown = column(table, name)
            known = np.isfinite(shown).any(axis=1)
            assert (np.nanmin(shown[known], axis=1) == np.nanmax(shown[known], axis=1)).all()
        action = column(table, "action")
        assert ((action == ENTRY).sum(axis=1) <= 1).all()
        assert ((action == EXPIRY).sum(axis=1) <= 1).all()


def test_values_stay_within_their_bounds(tables):
    for table in tables:
        mv, delta, spot, strike = (column(table, name) for name in ("mv", "delta", "hedge", "strike"))
        seen = np.isfinite(mv) & np.isfinite(spot)
        assert (mv[seen] >= (np.abs(spot - strike) / strike)[seen] - 1e-12).all()
        assert (mv[seen] <= ((spot + strike) / strike)[seen] + 1e-12).all()
        assert (np.abs(delta[np.isfinite(delta)]) <= 1.0).all()


def test_the_sum_of_opnl_is_what_the_value_changed_by(tables):
    for table in tables:
        both = (column(table, "action") == ENTRY).any(axis=1) & (column(table, "action") == EXPIRY).any(axis=1)
        assert both.sum() > 100
        some = table[both]
        first = column(some, "mv")[column(some, "action") == ENTRY]
        last = column(some, "mv")[column(some, "action") == EXPIRY]
        np.testing.assert_allclose(np.nansum(column(some, "opnl"), axis=1), last - first, atol=1e-12)
        assert (column(some, "pnl")[column(some, "action") == ENTRY] == 0.0).all()


def test_without_entry_or_expiry_there_is_no_value(tables):
    table = batched(market(9, missing=0.97))
    action = column(table, "action")
    lacking = ~((action == ENTRY).any(axis=1) & (action == EXPIRY).any(axis=1))
    assert lacking.sum() > 0
    assert np.isnan(table[lacking][..., COLUMN["mv"] :]).all()
    entered = lacking & (action == ENTRY).any(axis=1)
    assert np.isfinite(column(table[entered], "strike")).any(axis=1).all()
    assert np.isnan(column(table[entered], "expiry")).all()


def test_a_model_without_a_formula_has_a_profit_of_zero_on_the_entry_day_only():
    swap = batched(market(1, wrong=0.0, assets=[ASSETS[4]]))
    assert np.isnan(column(swap, "mv")).all()
    entries = column(swap, "action") == ENTRY
    assert entries.any()
    assert (column(swap, "pnl")[entries] == 0.0).all()
    assert np.isnan(column(swap, "pnl")[~entries]).all()


def test_missing_prices_roll_forward_from_the_entry_on():
    data = market(8, missing=0.3, wrong=0.0, assets=[ASSETS[5]])
    table = batched(data)
    live = np.isfinite(column(table, "expiry")) & (column(table, "expiry") >= column(table, "date"))
    assert np.isnan(column(table, "hedge")[live]).any()
    assert np.isfinite(column(table, "mv")[live]).all()


def test_a_summary_is_the_sum_of_its_table():
    data = market(12)
    table, summary = batched(data), batched(replace(data, rows="summary"))
    wanted = {name: summary[:, position] for position, name in enumerate(SUMMARY_COLUMNS)}
    assert (wanted["rows"] == np.isfinite(column(table, "date")).sum(axis=1)).all()
    for name in ("opnl", "hpnl", "pnl"):
        shown = np.isfinite(column(table, name)).any(axis=1)
        assert (np.isfinite(wanted[name]) == shown).all()
        np.testing.assert_allclose(wanted[name][shown], np.nansum(column(table, name)[shown], axis=1), atol=1e-12)


def test_the_built_in_market_keeps_its_answers():
    """Golden sums of the small size: they change only if a formula, a convention or the made-up prices change."""
    table = batched(small("columns"))
    assert table.shape == (2304, 92, 12)
    assert np.isfinite(column(table, "date")).sum() == 175_320
    assert np.isfinite(column(table, "mv")).sum() == GOLDEN_DAYS
    assert float(np.nansum(column(table, "mv"))) == pytest.approx(GOLDEN_MV, abs=1e-6)
    assert float(np.nansum(column(table, "pnl"))) == pytest.approx(GOLDEN_PNL, abs=1e-9)


GOLDEN_DAYS, GOLDEN_MV, GOLDEN_PNL = 90_295, 5165.8557783124, -2.0179516955193
