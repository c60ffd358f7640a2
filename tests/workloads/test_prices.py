import hashlib
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import FileProblem, UnknownName
from engine.workloads.prices import business_days, read, read_bars, realised_vol, synthetic


def write(path, text):
    path.write_text(text)
    return str(path)


def test_a_close_column_is_preferred_and_rows_are_sorted(tmp_path):
    path = write(
        tmp_path / "p.csv", "Date,Open,Close,Volume\n2020-01-03,9,11.5,7\n2020-01-02,9,10.25,7\n\n2020-01-06,9,,7\n"
    )
    found = read(path)
    assert found.names == ("Close",)
    assert [str(day) for day in found.days.astype("datetime64[D]")] == ["2020-01-02", "2020-01-03", "2020-01-06"]
    np.testing.assert_array_equal(found.values, [[10.25, 11.5, np.nan]])


def test_without_a_close_every_numeric_column_but_volume_counts(tmp_path):
    found = read(write(tmp_path / "p.csv", "day;name;a;B;VOLUME\n2020-01-02 09:30;x;;2;5\n2020-01-03;x;1.5;n/a;5\n"))
    assert found.names == ("a", "B")
    np.testing.assert_array_equal(found.values, [[np.nan, 1.5], [2.0, np.nan]])


def test_columns_can_be_named_whatever_their_case(tmp_path):
    path = write(tmp_path / "p.csv", "date,open,close\n2020-01-02,1,2\n")
    assert read(path, "CLOSE, Open").names == ("close", "open")
    with pytest.raises(UnknownName, match="unknown column 'opne'; did you mean 'open'"):
        read(path, "opne")


def test_parquet_gives_what_csv_gives(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    days = [date(2020, 1, 2), date(2020, 1, 3)]
    for name, column in (("date", days), ("when", days), ("date", ["2020-01-02", "2020-01-03"])):
        pq.write_table(pa.table({name: column, "gold": [1.5, None], "n": ["x", "y"]}), tmp_path / "p.parquet")
        found = read(str(tmp_path / "p.parquet"))
        assert found.names == ("gold",)
        np.testing.assert_array_equal(found.values, [[1.5, np.nan]])


def test_a_frame_written_by_pandas_can_be_read(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": [1.0, 2.0]}, index=pandas.date_range("2020-01-02", periods=2))
    frame.to_csv(tmp_path / "p.csv")
    frame.to_parquet(tmp_path / "p.parquet")
    assert (
        read(str(tmp_path / "p.csv")).days.tolist() == read(str(tmp_path / "p.parquet")).days.tolist() == [18263, 18264]
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "p.csv: is empty"),
        ("\n \n", "p.csv: is empty"),
        ("date,close\n", "p.csv: has a header and no rows"),
        ("close,open\n1,2\n", "p.csv: has no date column; it has close, open"),
        (
            "date,close\n2020-01-02,1\n02/01/2020,1\n",
            r"p.csv:3: column 'date': '02/01/2020' is not a date; write YYYY-MM-DD",
        ),
        ("date,close\n2020-01-02,1\n\n2020-01-03,abc\n", "p.csv:4: column 'close': 'abc' is not a number"),
        ("date,close\n2020-01-02,0\n", "p.csv:2: column 'close': a price must be a positive number, got 0"),
        ("date,close\n2020-01-02,-1.5\n", "p.csv:2: .* got -1.5"),
        ("date,close\n2020-01-02,inf\n", "p.csv:2: .* got inf"),
        (
            "date,close\n2020-01-03,1\n2020-01-02,1\n2020-01-03,2\n",
            "p.csv:4: column 'date': 2020-01-03 again, as on line 2",
        ),
        ("date,close\n2020-01-02,1,9\n", "p.csv:2: has 3 cells, the header has 2"),
        ("date,Close,close\n2020-01-02,1,9\n", "has two columns called 'close'"),
        ("date,name\n2020-01-02,x\n", "has no numeric price column; it has date, name"),
        ("date,a\n2020-01-02,1\n2020-01-03,x\n", "p.csv:3: column 'a': 'x' is not a number"),
        ('date,a\n2020-01-02,"1\n', "p.csv"),
    ],
)
def test_a_wrong_csv_is_refused_with_the_place_and_the_reason(tmp_path, text, problem):
    with pytest.raises(FileProblem, match=problem):
        read(write(tmp_path / "p.csv", text))


def test_a_file_that_is_neither_is_refused(tmp_path):
    with pytest.raises(FileProblem, match="no such file"):
        read(str(tmp_path / "missing.csv"))
    with pytest.raises(FileProblem, match="cannot be read"):
        read(str(tmp_path))
    (tmp_path / "p").write_bytes(b"\x00\x01\x02")
    with pytest.raises(FileProblem, match="is neither CSV nor Parquet"):
        read(str(tmp_path / "p"))
    (tmp_path / "p").write_bytes(b"date,close\n\xff\xfe\n")
    with pytest.raises(FileProblem, match="neither Parquet nor CSV in UTF-8"):
        read(str(tmp_path / "p"))
    (tmp_path / "p").write_bytes(b"PAR1 cut short")
    with pytest.raises(FileProblem, match="not a readable Parquet file"):
        read(str(tmp_path / "p"))


def test_a_wrong_parquet_cell_is_named_by_row(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"date": [date(2020, 1, 2), None], "gold": [1.5, 2.0]}), tmp_path / "p")
    with pytest.raises(FileProblem, match="row 2, column 'date': 'None' is not a date"):
        read(str(tmp_path / "p"))


def test_too_few_prices_are_refused(tmp_path):
    path = write(tmp_path / "p.csv", "date,close\n2020-01-02,1\n2020-01-03,\n")
    assert read(path, need=1).values.shape == (1, 2)
    with pytest.raises(FileProblem, match="column 'close' has 1 prices, at least 2 are needed"):
        read(path, need=2)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_file_makes_reading_fail_in_another_way(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "p"
    path.write_bytes(content)
    with pytest.raises(FileProblem):
        read(str(path), need=50)


# other files

LONG = "date,ticker,close\n2020-01-03,B,4\n2020-01-02,A,1\n2020-01-03,A,2\n2020-01-06,B,5\n"


def test_a_long_file_has_a_row_per_instrument_and_day(tmp_path):
    found = read(write(tmp_path / "p.csv", LONG))
    assert found.names == ("A", "B")
    assert [str(day) for day in found.days.astype("datetime64[D]")] == ["2020-01-02", "2020-01-03", "2020-01-06"]
    np.testing.assert_array_equal(found.values, [[1, 2, np.nan], [np.nan, 4, 5]])


def test_a_day_that_an_instrument_has_twice_is_an_error(tmp_path):
    path = write(tmp_path / "p.csv", LONG + "2020-01-02,A,7\n")
    with pytest.raises(FileProblem, match=r":6: column 'date': 2020-01-02 again, as on line 3; A has one row per day"):
        read(path)


def test_a_long_file_with_several_prices_wants_one_of_them(tmp_path):
    path = write(tmp_path / "p.csv", "date,ticker,bid,ask\n2020-01-03,B,4,5\n2020-01-02,A,1,2\n")
    with pytest.raises(FileProblem, match="a row for each 'ticker' and day, so name one price column of bid, ask"):
        read(path)
    np.testing.assert_array_equal(read(path, "ask").values, [[2, np.nan], [np.nan, 5]])


def test_a_long_file_says_which_instrument_has_too_few_prices(tmp_path):
    with pytest.raises(FileProblem, match="'A' has 2 prices, at least 3 are needed"):
        read(write(tmp_path / "p.csv", LONG), need=3)


def test_feather_and_compressed_csv_give_what_csv_gives(tmp_path):
    import gzip

    import pyarrow as pa
    from pyarrow import feather

    days = [date(2020, 1, 2), date(2020, 1, 3)]
    feather.write_feather(pa.table({"date": days, "gold": [1.5, None]}), str(tmp_path / "p.feather"))
    (tmp_path / "p.csv.gz").write_bytes(gzip.compress(b"date,gold\n2020-01-02,1.5\n2020-01-03,\n"))
    for name in ("p.feather", "p.csv.gz"):
        found = read(str(tmp_path / name))
        assert found.names == ("gold",)
        np.testing.assert_array_equal(found.values, [[1.5, np.nan]])


@pytest.mark.parametrize(
    ("start", "problem"),
    [(b"PAR1", "not a readable Parquet"), (b"ARROW1", "not a readable Feather"), (b"\x1f\x8b", "not a readable gzip")],
)
def test_a_file_that_is_cut_off_is_told_by_its_kind(tmp_path, start, problem):
    (tmp_path / "p").write_bytes(start + b"xyz")
    with pytest.raises(FileProblem, match=problem):
        read(str(tmp_path / "p"))


def test_series_of_the_arch_package_have_names():
    pytest.importorskip("arch")
    found = read("arch:sp500")
    assert found.values.shape == (1, 5031)
    assert found.names == ("Close",)
    with pytest.raises(UnknownName, match="unknown series 'sp50'; did you mean 'sp500'"):
        read("arch:sp50")


def test_bars_come_from_wide_and_long_files(tmp_path):
    header = "date,open,high,low,close,volume"
    wide = read_bars(write(tmp_path / "gold.csv", f"{header}\n2020-01-02,1,3,1,2,100\n2020-01-03,2,2,2,2,0\n"))
    assert wide.names == ("gold",)
    np.testing.assert_array_equal(wide.values, [[[1, 3, 1, 2, 100], [2, 2, 2, 2, 0]]])
    long = read_bars(write(tmp_path / "l.csv", f"symbol,{header}\nB,2020-01-02,1,3,1,2,9\nA,2020-01-03,2,2,2,2,0\n"))
    assert long.names == ("A", "B")
    assert np.isnan(long.values[0, 0]).all()
    np.testing.assert_array_equal(long.values[1, 0], [1, 3, 1, 2, 9])


def test_what_a_bar_lacks_follows_from_its_closes(tmp_path):
    found = read_bars(write(tmp_path / "p.csv", "date,close\n2020-01-02,4\n2020-01-03,\n2020-01-06,5\n2020-01-07,3\n"))
    nothing = [np.nan] * 5
    np.testing.assert_array_equal(found.values[0], [[4, 4, 4, 4, 0], nothing, [4, 5, 4, 5, 0], [5, 5, 3, 3, 0]])


@pytest.mark.parametrize(
    ("bar", "problem"),
    [
        ("5,6,4,7,1", "column 'high': the high is not the highest of its bar: open 5, high 6, low 4, close 7"),
        ("5,6,5.5,6,1", "column 'low': the low is not the lowest of its bar"),
        ("5,6,4,6,-1", "column 'volume': must be a number from 0 on, got -1"),
        ("0,6,4,6,1", "column 'open': a price must be a positive number, got 0"),
    ],
)
def test_a_bar_that_cannot_be_is_named_by_line_and_column(tmp_path, bar, problem):
    path = write(tmp_path / "p.csv", f"date,open,high,low,close,volume\n2020-01-02,{bar}\n")
    with pytest.raises(FileProblem, match=f":2: {problem}"):
        read_bars(path)


@pytest.mark.parametrize("columns", ["", "a, b"])
def test_without_a_close_every_price_column_holds_the_closes_of_an_instrument(tmp_path, columns):
    found = read_bars(write(tmp_path / "p.csv", "date,a,b\n2020-01-02,1,7\n2020-01-03,2,6\n"), columns)
    assert found.names == ("a", "b")
    np.testing.assert_array_equal(found.values[1], [[7, 7, 7, 7, 0], [7, 7, 6, 6, 0]])


# made-up prices

DAYS = business_days(date(2015, 1, 1), date(2019, 12, 31))


def test_business_days_leave_out_weekends_new_year_and_christmas():
    days = {str(day) for day in DAYS.astype("datetime64[D]")}
    assert {"2015-01-01", "2018-12-25", "2019-06-01"} & days == set()
    assert {"2015-01-02", "2018-12-24", "2018-12-26", "2019-12-31"} <= days


def test_synthetic_prices_are_the_same_everywhere():
    """The digest changes only if the generator does; everything measured on it is then no longer comparable."""
    found = synthetic(["a", "b", "c"], DAYS, seed=1, missing=0.01)
    assert hashlib.sha256(np.ascontiguousarray(found.values, dtype="<f8").tobytes()).hexdigest() == DIGEST


DIGEST = "66c66e5ce397a9b71e5660935b35973d3c58c0f6a9960c04617de85039e4d4b3"


def test_a_column_depends_on_its_own_seed_alone():
    few, many = synthetic(["a", "b"], DAYS, seed=7), synthetic(["a", "b", "c", "d"], DAYS, seed=7)
    np.testing.assert_array_equal(few.values, many.values[:2])
    assert not np.array_equal(few.values, synthetic(["a", "b"], DAYS, seed=8).values)


def test_synthetic_prices_look_like_prices():
    values = synthetic([f"c{k}" for k in range(20)], DAYS, seed=3, missing=0.01).values
    assert 0.005 < np.isnan(values).mean() < 0.015
    assert np.nanmin(values) > 0.5
    assert (np.nan_to_num(values) == np.round(np.nan_to_num(values), 2)).all()
    vols = [realised_vol(row, 63) for row in values]
    assert all(np.nanmax(vol) > 2 * np.nanmin(vol) for vol in vols)  # calm and stormy times
    returns = np.diff(np.log(synthetic(["a"], DAYS, seed=3).values[0]))
    assert np.abs(returns).max() > 6 * np.median(np.abs(returns))  # jumps


def test_no_columns_are_fine():
    assert synthetic([], DAYS, seed=1).values.shape == (0, len(DAYS))


@given(st.integers(0, 1000), st.integers(2, 60))
def test_realised_vol_is_the_standard_deviation_of_the_last_returns(seed, window):
    rng = np.random.default_rng(seed)
    prices = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, 120)))
    prices[rng.random(120) < 0.1] = np.nan
    found = realised_vol(prices, window)
    present = prices[~np.isnan(prices)]
    returns = np.diff(np.log(present))
    expected = [
        100 * np.sqrt(252) * np.std(returns[end - window : end], ddof=1) for end in range(window, len(returns) + 1)
    ]
    seen = found[~np.isnan(prices)]
    assert np.isnan(seen[:window]).all()
    np.testing.assert_allclose(seen[window:], expected, atol=2e-6)
    assert np.isnan(found[np.isnan(prices)]).all()


def test_constant_prices_have_no_vol_and_short_histories_none_at_all():
    assert realised_vol(np.full(30, 5.0), 21)[21:].tolist() == [0.0] * 9
    assert np.isnan(realised_vol(np.full(21, 5.0), 21)).all()
