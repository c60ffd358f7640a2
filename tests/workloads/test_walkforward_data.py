"""Folds, formats, files and knobs."""

import pickle
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import FileProblem, Lacking, RequestError, UnknownName
from engine.tune.space import check_settings
from engine.workloads.walkforward import WALKFORWARD
from engine.workloads.walkforward.bars import FIELDS, Bars, made_up
from engine.workloads.walkforward.data import load, tasks
from engine.workloads.walkforward.folds import fold_windows
from engine.workloads.walkforward.formats import FORMATS, FormattedPrices, formatted, open_bars
from engine.workloads.walkforward.result import COLUMNS, FACTS


@pytest.fixture(scope="module", autouse=True)
def arrow_has_read():
    """Arrow's CSV reader keeps a pipe for signals from its first use on."""
    open_bars(formatted(made_up(1, 0, 30, 0), "csv"))


def day(text):
    return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()


def loaded(size="small", **changes):
    return load(size, **check_settings(WALKFORWARD, changes))


@pytest.mark.parametrize(
    ("years", "step", "count"),
    [((2020, 2021), 126, 4), ((2018, 2022), 126, 13), ((2013, 2022), 126, 27),
     ((2020, 2021), 63, 8), ((2018, 2022), 63, 25), ((2013, 2022), 63, 54)],
)  # fmt: skip
def test_the_number_of_folds_is_that_of_the_specification(years, step, count):
    assert len(fold_windows(day(f"{years[0]}-01-01"), day(f"{years[1]}-12-31"), 252, step, 0)) == count


def test_the_first_and_the_last_of_the_four_folds():
    windows = fold_windows(day("2020-01-01"), day("2021-12-31"), 252, 126, 0)
    assert windows[0].tolist() == [day(d) for d in ("2020-01-01", "2020-09-08", "2020-09-09", "2021-01-12")]
    assert windows[-1].tolist() == [day(d) for d in ("2021-01-13", "2021-09-21", "2021-09-22", "2021-12-31")]


@given(st.integers(1, 400), st.integers(1, 300), st.integers(1, 300), st.integers(0, 30))
def test_no_day_is_tested_in_its_own_training_and_each_is_tested_once(days, fold, step, gap):
    windows = fold_windows(0, days - 1, fold, step, gap)
    tested = [when for _, _, first, last in windows.tolist() for when in range(first, last + 1)]
    assert tested == list(range(fold + gap, days))
    for train_first, train_last, test_first, test_last in windows.tolist():
        assert train_last - train_first + 1 == fold
        assert test_first - train_last == gap + 1
        assert test_first <= test_last < days


@pytest.mark.parametrize(("size", "folds"), [("small", 4), ("medium", 13), ("large", 27)])
def test_sizes_have_their_folds(size, folds):
    data = loaded(size)
    assert len(tasks(data)) == folds
    bars = open_bars(data.prices)
    assert len(bars.close) * folds in (20, 65, 135)
    assert bars.days[0] <= data.folds[0, 0] - 598
    assert bars.days[-1] == data.folds[-1, 3] or not np.is_busday(np.datetime64(int(data.folds[-1, 3]), "D"))


def test_made_up_bars_are_bars():
    bars = made_up(3, day("2018-01-01"), day("2019-12-31"), 7)
    assert (np.maximum(bars.open, bars.close) <= bars.high).all()
    assert (np.minimum(bars.open, bars.close) >= bars.low).all()
    assert (bars.low > 0.0).all()
    assert (bars.volume > 0.0).all()
    assert np.array_equal(bars.open[:, 1:], bars.close[:, :-1])
    assert np.is_busday(bars.days.astype("datetime64[D]")).all()
    fewer = made_up(1, day("2018-01-01"), day("2019-12-31"), 7)
    assert all(getattr(fewer, field)[0].tobytes() == getattr(bars, field)[0].tobytes() for field in FIELDS)
    assert made_up(3, day("2018-01-01"), day("2019-12-31"), 8).close.tobytes() != bars.close.tobytes()


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_gives_the_same_numbers(form):
    bars = made_up(3, day("2018-01-01"), day("2018-12-31"), 2)
    odd = Bars(bars.days, *(getattr(bars, field) / 3.0 for field in FIELDS))
    found = open_bars(formatted(odd, form))
    assert np.array_equal(found.days, odd.days)
    assert all(getattr(found, field).tobytes() == getattr(odd, field).tobytes() for field in FIELDS)


def test_arrow_is_used_in_place_and_csv_is_text():
    arrow, csv = (loaded(prices_format=form).prices for form in ("arrow", "csv"))
    assert isinstance(arrow, FormattedPrices)
    assert isinstance(csv, FormattedPrices)
    assert np.shares_memory(open_bars(arrow).close, arrow.content)
    text = csv.content.tobytes().decode().splitlines()
    assert text[0] == '"asset","date","open","high","low","close","volume"'
    assert len(text) == 1 + open_bars(csv).close.size


@pytest.mark.parametrize("form", FORMATS)
def test_data_pickles_with_its_prices_out_of_band(form):
    buffers: list[pickle.PickleBuffer] = []
    data = loaded(prices_format=form)
    assert len(pickle.dumps(data, protocol=5, buffer_callback=buffers.append)) < 5_000
    assert pickle.dumps(data) == pickle.dumps(loaded(prices_format=form))


def test_the_result_is_a_row_of_the_columns_unless_trades_are_asked_for():
    spec = WALKFORWARD.result(check_settings(WALKFORWARD, {}))
    assert spec is not None
    assert (spec.dtype, spec.shape) == ("float64", (len(COLUMNS),))
    assert len(COLUMNS) == len(set(COLUMNS)) == len(FACTS) + 5 * 19
    assert WALKFORWARD.result(check_settings(WALKFORWARD, {"rows": "trades"})) is None


def test_a_wrong_value_names_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'parquet'"):
        loaded(prices_format="parket")
    with pytest.raises(RequestError, match="history must be at least 75"):
        loaded(history=10)


def test_windows_that_leave_no_fold_are_named():
    with pytest.raises(RequestError, match=r"fold=800 and gap=5 need 806 days .* there are 731"):
        loaded(fold=800, gap=5)


def test_a_forest_without_its_library_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Lacking, match=r"pip install 'workbench\[forest\]'"):
        loaded(model="forest")


# prices from the user's file


def write_csv(path, days, **columns):
    lines = [",".join(["date", *columns])]
    lines += [",".join(map(str, row)) for row in zip(days, *columns.values(), strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def daily(count, first="2019-01-01"):
    return [str(when) for when in np.arange(np.datetime64(first), np.datetime64(first) + count)]


def walk(count, seed=0):
    return np.round(100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, count))), 4).tolist()


def test_every_price_column_of_a_file_becomes_an_asset_on_weekdays(tmp_path):
    path = write_csv(tmp_path / "two.csv", daily(1200), Gold=walk(1200), Silver=walk(1200, 1))
    data = loaded(prices=path)
    bars = open_bars(data.prices)
    assert bars.close.shape[0] == 2
    assert np.is_busday(bars.days.astype("datetime64[D]")).all()
    assert data.folds[0, 0] == day("2019-01-01") + 600
    assert len(data.folds) == 3
    assert np.array_equal(bars.high, np.maximum(bars.open, bars.close))


def test_a_long_file_gives_its_most_recent_folds(tmp_path):
    path = write_csv(tmp_path / "long.csv", daily(2500), close=walk(2500))
    data = loaded(prices=path)
    assert data.folds[0, 0] == day("2019-01-01") + 2500 - 731
    assert len(data.folds) == 4


def test_a_missing_price_is_the_last_one_before_it(tmp_path):
    prices = walk(1000)
    holes: list[object] = list(prices)
    holes[2] = holes[300] = holes[301] = ""
    late: list[object] = [""] * 4 + prices[4:]
    path = write_csv(tmp_path / "holes.csv", daily(1000), a=holes, b=late)
    bars = open_bars(loaded(prices=path, history=100).prices)
    assert bars.days[0] == day("2019-01-07")
    filled = prices[:300] + [prices[299]] * 2 + prices[302:]
    assert bars.close[0].tolist() == [filled[int(when) - day("2019-01-01")] for when in bars.days]


def test_a_file_that_is_too_short_says_what_it_lacks(tmp_path):
    path = write_csv(tmp_path / "short.csv", daily(500), close=walk(500))
    with pytest.raises(RequestError, match="no fold fits"):
        loaded(prices=path)
    assert len(loaded(prices=path, history=100).folds) == 2
    sparse = write_csv(tmp_path / "sparse.csv", daily(2000)[::28], close=walk(2000)[::28])
    with pytest.raises(FileProblem, match=r"sparse.csv: has \d+ weekdays before the first fold .* at least 50"):
        loaded(prices=sparse, history=100)
