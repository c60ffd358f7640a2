import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import FileProblem, RequestError, UnknownName
from engine.tune.space import check_settings
from engine.workloads.crossover import CROSSOVER, numpy_kernel
from engine.workloads.crossover.data import (
    Series,
    build,
    decimals_of,
    from_file,
    load,
    made_up,
    opens_of,
    ticks_of,
)
from engine.workloads.crossover.families import FAMILIES
from engine.workloads.crossover.python_kernel import backtest
from tests.workloads.crossings import COLUMN, data_of, known_bars, random_closes, series, tasks_for


def loaded(size="small", **changes):
    return load(size, **check_settings(CROSSOVER, changes))


def write_csv(path, **columns):
    days = np.arange(np.datetime64("2010-01-01"), np.datetime64("2010-01-01") + len(next(iter(columns.values()))))
    rows = [",".join(("date", *columns))]
    for day, *values in zip(days, *columns.values(), strict=True):
        rows.append(",".join([str(day), *("" if np.isnan(value) else repr(float(value)) for value in values)]))
    path.write_text("\n".join(rows) + "\n")
    return str(path)


# grids and tasks


def test_the_grids_are_those_of_the_origins():
    grid = FAMILIES["ema-rsi"].combinations
    assert len(grid) == 675
    assert len({tuple(row) for row in grid.tolist()}) == 675
    pairs = FAMILIES["sma"].combinations
    assert len(pairs) == 4851
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert pairs[0].tolist() == [2, 3]
    assert pairs[-1].tolist() == [99, 100]


@pytest.mark.parametrize(
    ("family", "size", "tasks"),
    [
        ("ema-rsi", "small", 675),
        ("ema-rsi", "medium", 3375),
        ("ema-rsi", "large", 10125),
        ("sma", "small", 4851),
        ("sma", "large", 72765),
    ],
)
def test_sizes_have_the_promised_tasks(family, size, tasks):
    data = loaded(size, family=family, bars=1500)
    assert len(CROSSOVER.tasks(data)) == tasks
    assert len(np.unique(CROSSOVER.tasks(data), axis=0)) == tasks
    assert len(data.windows) * len(FAMILIES[family].combinations) == tasks


def test_the_default_data_are_two_years_of_hours():
    data = loaded()
    assert (len(data.closes), data.bars_per_year, data.fill) == (17_532, 8_766, "next-open")
    assert data.windows[0].bars == 17_132
    assert len(loaded(family="sma").closes) == 2148


# prices


def test_made_up_prices_are_the_same_everywhere():
    """The digest changes only if the generator does; everything measured on it is then no longer comparable."""
    closes = made_up(1, 2000, 1)[0].closes
    assert hashlib.sha256(np.ascontiguousarray(closes, dtype="<f8").tobytes()).hexdigest() == DIGEST


DIGEST = "b4c48f17bee62e7ba2e4c41c7c14d91d12f7f0844e48da90b0cddedfd3e66fa4"


def test_made_up_symbols_depend_on_their_own_seed_alone():
    few, many = made_up(2, 500, 3), made_up(4, 500, 3)
    for one, other in zip(few, many, strict=False):
        np.testing.assert_array_equal(one.closes, other.closes)
    assert not np.array_equal(few[0].closes, few[1].closes)
    assert not np.array_equal(few[0].closes, made_up(1, 500, 4)[0].closes)


def test_made_up_prices_move_by_a_percent_and_are_in_cents():
    closes = made_up(1, 17_532, 1)[0].closes
    assert 0.0095 < np.diff(np.log(closes)).std() < 0.0105
    assert (np.round(closes, 2) == closes).all()
    assert closes.min() > 0


def test_a_bar_opens_where_the_one_before_closed():
    assert opens_of(np.array([3.0, 4.0, 5.0])).tolist() == [3.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("prices", "decimals"),
    [
        ([1.0, 2.0], 2),
        ([0.29, 1.13], 2),
        ([1.0845, 1.1], 4),
        ([0.00001234, 0.00001235], 8),
        ([1 / 3, 2 / 3], 8),
        ([100_000 / 3, 60_000.0], 6),
        ([1e8 / 3, 1e9], 2),
    ],
)
def test_the_tick_is_the_coarsest_that_represents_every_price(prices, decimals):
    assert decimals_of(np.array(prices)) == decimals


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=30), st.integers(2, 4))
def test_prices_become_their_whole_numbers_of_ticks(ticks, decimals):
    prices = np.array([tick / 10**decimals for tick in ticks])
    assert ticks_of(prices, decimals).tolist() == ticks


# windows


def test_windows_share_the_bars_behind_the_first_lead_in():
    data = data_of(random_closes(1, 1000), "ema-rsi", windows=3)
    assert [(window.start, window.first, window.stop) for window in data.windows] == [
        (0, 400, 600),
        (200, 600, 800),
        (400, 800, 1000),
    ]


def test_windows_of_several_symbols_lie_end_to_end():
    data = build([series(random_closes(1, 300)), series(random_closes(2, 401), "b")], "sma", "next-open", 2)
    assert [(window.symbol, window.first, window.stop) for window in data.windows] == [
        ("a", 0, 150),
        ("a", 150, 300),
        ("b", 300, 500),
        ("b", 500, 701),
    ]
    assert data.opens[300] == data.closes[300]


def test_a_window_is_what_it_would_be_alone():
    closes = random_closes(6, 1200, 20)
    together = data_of(closes, "ema-rsi", windows=2)
    alone = data_of(closes[400:], "ema-rsi")
    prepared = numpy_kernel.prepare(together, "cpu")
    second = CROSSOVER.tasks(together)[675:]
    results = numpy_kernel.evaluate(prepared, second)
    expected = numpy_kernel.evaluate(numpy_kernel.prepare(alone, "cpu"), CROSSOVER.tasks(alone))
    np.testing.assert_array_equal(results, expected)


# files


def test_every_price_column_becomes_a_symbol_and_gaps_are_its_own(tmp_path):
    gold, iron = random_closes(1, 500), random_closes(2, 500)
    gold[[3, 40]] = np.nan
    path = write_csv(tmp_path / "p.csv", gold=gold, iron=iron)
    data = loaded(family="sma", prices=path)
    assert [(window.symbol, window.bars) for window in data.windows] == [("gold", 498), ("iron", 500)]
    assert data.bars_per_year == 252
    np.testing.assert_array_equal(data.closes[498:], iron)
    assert len(CROSSOVER.tasks(data)) == 2 * 4851
    one = loaded(family="sma", prices=path, columns="Iron")
    assert [window.symbol for window in one.windows] == ["iron"]


def test_a_file_gives_the_answers_of_its_prices(tmp_path):
    path = write_csv(tmp_path / "p.csv", close=known_bars())
    data = loaded(family="sma", fill="same-close", prices=path)
    grid = FAMILIES["sma"].combinations.tolist()
    task = CROSSOVER.tasks(data)[grid.index([5, 20]) : grid.index([5, 20]) + 1]
    results = numpy_kernel.evaluate(numpy_kernel.prepare(data, "cpu"), task)
    assert results[0, COLUMN["final_equity"]] == pytest.approx(988_254.1282, abs=5e-5)


def test_orders_fill_at_the_opens_of_a_file_that_has_them(tmp_path):
    closes = known_bars()
    opens = opens_of(closes) * 1.002
    bars = {"open": opens, "high": np.maximum(opens, closes), "low": np.minimum(opens, closes), "close": closes}
    data = loaded(family="sma", prices=write_csv(tmp_path / "gold.csv", **bars))
    np.testing.assert_array_equal(data.opens, opens)
    assert data.windows[0].symbol == "gold"
    task = tasks_for((5, 20))[0]
    orders = backtest(data, task).orders
    expected = backtest(data_of(closes), task).orders
    assert len(orders) == len(expected) > 100
    for order, other in zip(orders, expected, strict=True):
        assert (order.bar, order.units) == (other.bar, other.units)
        assert order.price == pytest.approx(1.002 * other.price)


def test_a_bar_without_an_open_fills_at_the_close_before(tmp_path):
    closes = random_closes(1, 500)
    opens = opens_of(closes) + 0.5
    opens[[0, 7, 300]] = np.nan
    closes[[6, 40]] = np.nan
    data = loaded(family="sma", prices=write_csv(tmp_path / "p.csv", open=opens, close=closes))
    kept = np.isfinite(closes)
    opens[[0, 7, 300]] = closes[[0, 5, 299]]
    np.testing.assert_array_equal(data.closes, closes[kept])
    np.testing.assert_array_equal(data.opens, opens[kept])


def test_a_column_that_is_named_is_read_without_its_bars(tmp_path):
    closes = random_closes(1, 500)
    path = write_csv(tmp_path / "p.csv", open=closes + 0.5, close=closes)
    named = loaded(family="sma", prices=path, columns="close")
    assert named.windows[0].symbol == "close"
    np.testing.assert_array_equal(named.opens, opens_of(closes))


def test_every_symbol_of_a_long_file_has_its_own_opens(tmp_path):
    closes = random_closes(1, 300)
    days = np.arange(np.datetime64("2010-01-01"), np.datetime64("2010-01-01") + len(closes))
    rows = ["date,ticker,open,close"]
    for day, close in zip(days, closes.tolist(), strict=True):
        rows += [f"{day},B,{close + 1!r},{close!r}", f"{day},A,{close + 2!r},{close!r}"]
    (tmp_path / "p.csv").write_text("\n".join(rows) + "\n")
    data = loaded(family="sma", prices=str(tmp_path / "p.csv"))
    assert [window.symbol for window in data.windows] == ["A", "B"]
    np.testing.assert_array_equal(data.opens, np.concatenate((closes + 2, closes + 1)))


def test_a_series_of_the_arch_package_has_its_opens():
    pytest.importorskip("arch")
    data = loaded(prices="arch:sp500")
    assert (data.opens[1:] != data.closes[:-1]).mean() > 0.1


@pytest.mark.parametrize(
    ("family", "size", "need"), [("ema-rsi", "small", 424), ("sma", "small", 102), ("ema-rsi", "large", 472)]
)
def test_too_few_bars_are_refused(tmp_path, family, size, need):
    path = write_csv(tmp_path / "p.csv", close=random_closes(1, need - 1))
    with pytest.raises(FileProblem, match=f"'p' has {need - 1} prices, at least {need} are needed"):
        loaded(size, family=family, prices=path)
    with pytest.raises(RequestError, match=rf"window\(s\) of {family} need at least {need} bars, got {need - 1}"):
        loaded(size, family=family, bars=need - 1)
    results = numpy_kernel.evaluate(
        numpy_kernel.prepare(data := loaded(size, family=family, bars=need), "cpu"), CROSSOVER.tasks(data)[::500]
    )
    assert np.isfinite(results[:, COLUMN["final_equity"]]).all()


def test_a_price_too_high_to_count_is_refused(tmp_path):
    path = write_csv(tmp_path / "p.csv", dear=np.full(200, 1e10))
    with pytest.raises(FileProblem, match="'dear': a price of 1e\\+10 is too high"):
        from_file(path, "", 1)


def test_a_wrong_file_column_family_or_fill_is_named(tmp_path):
    with pytest.raises(FileProblem, match="no such file"):
        loaded(prices=str(tmp_path / "none.csv"))
    path = write_csv(tmp_path / "p.csv", close=random_closes(1, 500))
    with pytest.raises(UnknownName, match="unknown column 'clos'; did you mean 'close'"):
        loaded(prices=path, columns="clos")
    with pytest.raises(UnknownName, match="unknown family 'smaa'; did you mean 'sma'"):
        loaded(family="smaa")
    with pytest.raises(UnknownName, match="unknown fill 'next-close'"):
        loaded(fill="next-close")


def test_a_flat_price_trades_nothing():
    flat = Series("flat", np.full(600, 5.0), np.full(600, 5.0))
    for family in FAMILIES:
        data = build([flat], family, "next-open")
        results = numpy_kernel.evaluate(numpy_kernel.prepare(data, "cpu"), CROSSOVER.tasks(data)[::50])
        assert (results[:, COLUMN["entries"]] == 0).all()
        assert (results[:, COLUMN["return"]] == 0).all()
