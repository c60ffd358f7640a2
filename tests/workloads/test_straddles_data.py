import pickle
from datetime import date

import numpy as np
import pytest

from engine.errors import FileProblem
from engine.workloads.straddles import STRADDLES, numpy_kernel, python_kernel
from engine.workloads.straddles.calendar import EPOCH
from engine.workloads.straddles.data import tasks as tasks_of
from engine.workloads.straddles.layouts import ColumnPrices, padded, to_dict
from engine.workloads.straddles.result import SUMMARY_SHAPE, TABLE_SHAPE
from tests.workloads.markets import settings, small


def load(size="small", **changes):
    return STRADDLES.load(size, **settings(**changes))


def test_the_small_size_is_that_of_the_origin():
    data = small("columns")
    tasks = tasks_of(data)
    assert len(tasks) == 2 * 4 * 24 * 12 == 2304
    assert data.names == ("LA Comdty", "LA Comdty TKRZ")
    assert (tuple(tasks[0]), tuple(tasks[-1])) == ((0, 2001, 1, 0), (1, 2024, 12, 3))
    assert isinstance(data.prices, ColumnPrices)
    assert data.prices.values.shape[1] == 9132


@pytest.mark.parametrize(("size", "assets", "count"), [("medium", 20, 23_040), ("large", 200, 230_400)])
def test_the_other_sizes_have_more_assets(size, assets, count):
    data = load(size, layout="columns")
    assert (len(data.names), len(data.task_table)) == (assets, count)
    lanes = numpy_kernel.prepare(data, "cpu")
    assert (lanes.hedge_row >= 0).all(where=np.arange(lanes.hedge_row.shape[2]) >= 2)
    values = numpy_kernel.evaluate(lanes, data.task_table[:: count // 100])
    assert np.isfinite(values[..., 7]).any(axis=1).mean() > 0.95


@pytest.mark.parametrize("entries", [250_000, 250_001, 300_000])
def test_padding_hits_the_number_of_entries_exactly(entries):
    columns = load(entries=entries, layout="columns")
    assert len(columns.prices) == entries
    assert len(to_dict(columns.prices)) == entries


def test_padding_never_removes_prices_and_sizes_have_their_default():
    bare = small("columns").prices
    assert isinstance(bare, ColumnPrices)
    assert len(bare) < 250_000
    assert padded(bare, 10, 0) is bare
    assert len(load(entries=0, layout="columns").prices) == 1_030_000


def test_padding_changes_no_answer():
    some = tasks_of(small("columns"))[::50]
    both = [numpy_kernel.prepare(data, "cpu") for data in (small("columns"), load(entries=400_000, layout="columns"))]
    few, many = (numpy_kernel.evaluate(data, some) for data in both)
    assert few.tobytes() == many.tobytes()


def test_the_dict_holds_the_numbers_of_the_columns_to_the_bit():
    columns, flat = small("columns").prices, small("dict").prices
    assert isinstance(columns, ColumnPrices)
    assert isinstance(flat, dict)
    assert len(columns) == len(flat)
    for key, text in list(flat.items())[::97]:
        ticker, field, day = key.rsplit("|", 2)
        column = date.fromisoformat(day).toordinal() - EPOCH - columns.first_day
        assert columns.values[columns.index[(ticker, field)], column] == float(text)
        assert columns.get(key) == text


def test_the_columns_answer_like_a_dict_for_what_is_not_there():
    columns, flat = small("columns").prices, small("dict").prices
    saturday = "LAF2024 Comdty|PX_LAST|2023-12-30"
    for key in (saturday, "NO|PX_LAST|2023-12-29", "LAF2024 Comdty|NO|2023-12-29", "LAF2024 Comdty|PX_LAST|1999-12-31"):
        assert columns.get(key, "none") == flat.get(key, "none") == "none"


def test_prices_that_are_not_whole_cents_keep_every_digit():
    values = np.array([[0.1 + 0.2, 1 / 3, np.nan, 1e-7], [12.34, 5.0, 0.05, 1e15]])
    flat = to_dict(ColumnPrices(values, {("a|b", "P"): 0, ("c", ""): 1}, 0))
    assert flat["a|b|P|1970-01-01"] == repr(0.1 + 0.2)
    assert flat["c||1970-01-04"] == "1000000000000000.0"
    assert flat["c||1970-01-03"] == "0.05"
    assert len(flat) == 7


def test_data_pickles_the_same_every_time_and_its_arrays_go_out_of_band():
    for layout in ("dict", "columns"):
        first, second = load(layout=layout), load(layout=layout)
        assert pickle.dumps(first) == pickle.dumps(second)
    buffers: list[pickle.PickleBuffer] = []
    rest = pickle.dumps(first, protocol=5, buffer_callback=buffers.append)
    assert len(rest) < 100_000
    copy = pickle.loads(rest, buffers=buffers)
    assert np.shares_memory(copy.prices.values, first.prices.values)


def test_a_seed_gives_other_prices():
    assert len(load(seed=2).prices) > 100_000
    assert pickle.dumps(load(seed=2)) != pickle.dumps(small("dict"))


def test_the_result_depends_on_the_rows_knob():
    for rows, shape in (("table", TABLE_SHAPE), ("summary", SUMMARY_SHAPE)):
        spec = STRADDLES.result(settings(rows=rows))
        assert spec is not None
        assert (spec.dtype, spec.shape) == ("float64", shape)


def test_vector_kernels_require_the_columns_layout():
    assert STRADDLES.naive == "python"
    for name in ("numpy", "torch"):
        assert STRADDLES.kernels[name].misfit(settings(layout="dict")) == "needs layout=columns"
        assert STRADDLES.kernels[name].misfit(settings(layout="columns")) is None
    assert STRADDLES.kernels["torch"].device


# prices from the user's file


def write_csv(path, days, **columns):
    names = ["date", *columns]
    lines = [",".join(names)] + [",".join(map(str, row)) for row in zip(days, *columns.values(), strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def daily(first="2020-01-01", count=400):
    days = np.arange(np.datetime64(first), np.datetime64(first) + count)
    return [str(day) for day in days[np.is_busday(days)]]


def walk(count, seed=0):
    return np.round(100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, count))), 4)


def test_every_price_column_of_a_file_becomes_an_asset(tmp_path):
    days = daily()
    path = write_csv(
        tmp_path / "two.csv", days, Gold=walk(len(days)), Silver=walk(len(days), 1), Volume=[5] * len(days)
    )
    data = load(prices=path, layout="columns", entries=0)
    assert data.names == ("Gold", "Silver")
    months = sorted({(int(year), int(month)) for _, year, month, _ in data.task_table})
    assert (months[0], months[-1]) == ((2020, 3), (2021, 2))
    assert len(data.task_table) == 2 * 12 * 4
    assert isinstance(data.prices, ColumnPrices)
    assert len(data.prices) == 2 * (3 * len(days) - 21 - 63)
    naive = python_kernel.evaluate(data, data.task_table)
    fast = numpy_kernel.evaluate(numpy_kernel.prepare(data, "cpu"), data.task_table)
    assert np.array_equal(np.isnan(naive), np.isnan(fast))
    assert np.nanmax(np.abs(naive - fast)) < 1e-12
    assert np.isfinite(naive[..., 7]).any(axis=1).sum() >= 80


def test_a_file_can_be_used_by_chosen_columns_and_padded_on_request(tmp_path):
    days = daily()
    path = write_csv(tmp_path / "two.csv", days, Gold=walk(len(days)), Silver=walk(len(days), 1))
    data = load(prices=path, columns=" SILVER ", entries=5_000)
    assert data.names == ("Silver",)
    assert len(data.prices) == 5_000


def test_a_long_file_gives_its_most_recent_months(tmp_path):
    days = daily("1990-01-01", 8000)
    path = write_csv(tmp_path / "long.csv", days, **{f"c{k}": walk(len(days), k) for k in range(4)})
    data = load(prices=path, layout="columns")
    assert len(data.task_table) == 4 * 4 * 144
    assert tuple(data.task_table[-1][1:3]) == (2011, 11)


@pytest.mark.parametrize(
    ("count", "problem"),
    [(80, "has 58 prices, at least 64 are needed"), (30, "at least 64")],
)
def test_a_short_file_says_what_it_lacks(tmp_path, count, problem):
    days = daily(count=count)
    with pytest.raises(FileProblem, match=problem):
        load(prices=write_csv(tmp_path / "short.csv", days, close=walk(len(days))))


def test_a_file_of_less_than_three_months_is_too_short_for_a_straddle(tmp_path):
    days = [str(day) for day in np.arange(np.datetime64("2020-07-01"), np.datetime64("2020-09-01"))]
    with pytest.raises(FileProblem, match="has 62 prices, at least 64"):
        load(prices=write_csv(tmp_path / "two.csv", days, close=walk(62)))


def test_the_history_of_the_sp500_can_be_valued(tmp_path):
    pytest.importorskip("arch")
    import arch.data.sp500

    history = arch.data.sp500.load()
    path = tmp_path / "sp500.csv"
    history.to_csv(path)
    data = load(prices=str(path), layout="columns")
    assert data.names == ("Close",)
    assert len(data.task_table) == 4 * 12 * 20 - 4 * 2
    some = data.task_table[::9]
    naive = python_kernel.evaluate(data, some)
    fast = numpy_kernel.evaluate(numpy_kernel.prepare(data, "cpu"), some)
    assert np.array_equal(np.isnan(naive), np.isnan(fast))
    assert np.nanmax(np.abs(naive - fast)) < 1e-12
    assert np.isfinite(naive[..., 7]).any(axis=1).mean() > 0.95
    assert isinstance(data.prices, ColumnPrices)
    vols = data.prices.values[data.prices.index[("Close", "VOL_21D")]]
    assert 5.0 < np.nanmedian(vols) < 25.0
    assert np.nanmax(vols) > 60.0
