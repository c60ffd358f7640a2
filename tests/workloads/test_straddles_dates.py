from datetime import date

import pytest

from engine.workloads.straddles.assets import (
    Asset,
    Hedge,
    Vol,
    future_ticker,
    hedge_tickers,
    override_table,
    split_ticker,
)
from engine.workloads.straddles.assets import vol_ticker as vol_of
from engine.workloads.straddles.calendar import anchor_day, day_texts, days_between_months, month_number, month_starts
from engine.workloads.straddles.python_kernel import straddle_table
from engine.workloads.straddles.schedule import asset_hash, components
from tests.workloads.markets import weekday_market

INDEX = Hedge("nonfut", ticker="I")
VOL = Vol("BBG", "I", "NEAR", "FAR")


@pytest.mark.parametrize(
    ("code", "value", "month", "expected"),
    [
        ("F", "3", (2024, 1), date(2024, 1, 19)),
        ("F", "3", (2008, 3), date(2008, 3, 21)),
        ("F", "3", (2019, 4), date(2019, 4, 19)),
        ("F", "3", (2027, 6), date(2027, 6, 18)),
        ("F", "5", (2024, 1), None),
        ("F", "5", (2024, 3), date(2024, 3, 29)),
        ("R", "1", (2024, 2), date(2024, 2, 1)),
        ("W", "4", (2024, 2), date(2024, 2, 28)),
        ("BD", "1", (2024, 6), date(2024, 6, 3)),
        ("BD", "23", (2024, 2), None),
        ("F", "0", (2024, 1), None),
        ("F", "", (2024, 1), None),
        ("LB", "1", (2024, 1), None),
    ],
)
def test_the_anchor_is_the_nth_weekday_or_business_day(code, value, month, expected):
    assert anchor_day(code, value, *month) == expected


def marked(component: str, holidays: tuple[str, ...] = (), month: tuple[int, int] = (2020, 2)) -> dict[str, str]:
    """Date by action for one straddle on prices for every weekday."""
    from tests.workloads import markets

    markets.SCHEDULES["one"] = (component,)
    data = weekday_market(Asset("I", VOL, INDEX, "one"), holidays)
    table = straddle_table(data, ("I", *month, 0))
    action = table.columns.index("action")
    return {row[action]: row[2] for row in table.rows if row[action] != "-"}


@pytest.mark.parametrize(
    ("delay", "expected"),
    [
        (0, "2020-01-17"),  # the third Friday itself
        (10, "2020-01-27"),  # a Monday
        (1, "2020-01-20"),  # a Saturday, so the Monday after it
        (14, "2020-01-31"),
        (20, "2020-01-31"),  # past the month: its last good day
    ],
)
def test_the_entry_is_the_first_good_day_from_the_target_or_the_last_of_the_month(delay, expected):
    assert marked(f"N{delay}_F3_100")["ntry"] == expected


def test_an_entry_with_no_good_day_left_in_the_month_falls_back_to_the_last_one():
    assert marked("N14_F3_100", holidays=("2020-01-31", "2020-01-30"))["ntry"] == "2020-01-29"


def test_an_expiry_on_a_holiday_rolls_forward():
    assert marked("N0_F3_100")["xpry"] == "2020-02-21"
    assert marked("N0_F3_100", holidays=("2020-02-21",))["xpry"] == "2020-02-24"


def test_an_expiry_never_leaves_its_month():
    last_week = tuple(f"2020-02-{day}" for day in range(21, 29))
    assert "xpry" not in marked("N0_F3_100", holidays=last_week)


def test_far_straddles_are_entered_two_months_before_they_expire():
    assert marked("F10_F3_100", month=(2020, 3)) == {"ntry": "2020-01-27", "xpry": "2020-03-20"}


def test_letters_stand_for_days_that_depend_on_the_asset():
    assert asset_hash("LA Comdty") == int("0x" + __import__("hashlib").md5(b"LA Comdty").hexdigest()[:8], 16) % 10**6
    first = asset_hash("LA Comdty") % 5 + 1
    days = [part.xprv for part in components("LA Comdty", ("N0_BDa_25", "N0_BDb_25", "N0_BDc_25", "N0_BDd_25"))]
    assert days == [str(first + 4 * step) for step in range(4)]


def test_a_component_writes_its_straddle():
    near, _, far, _ = components(
        "LA Comdty", ("N0_OVERRIDE_33.3", "N5_OVERRIDE_33.3", "F10_OVERRIDE_12.5", "F15_F3_12.5")
    )
    assert near.straddle(2024, 1) == "|2023-12|2024-01|N|0|OVERRIDE||33.3|"
    assert far.straddle(2024, 1) == "|2023-11|2024-01|F|10|OVERRIDE||12.5|"


def test_days_run_from_the_first_of_the_entry_month_to_the_last_of_the_expiry_month():
    days = days_between_months("2023-12", "2024-02")
    assert (days[0], days[-1], len(days)) == (date(2023, 12, 1), date(2024, 2, 29), 91)


def test_month_starts_and_day_texts_agree_with_the_calendar():
    starts = month_starts(month_number(2024, 2), 2)
    assert day_texts(int(starts[0]), int(starts[1] - starts[0]))[-1] == "2024-02-29"


def test_a_contract_letter_before_the_options_own_is_a_contract_of_next_year():
    oil = Hedge("fut", code="CL", months="GHJKMNQUVXZF")
    assert future_ticker(oil, "", 2024, 6) == "CLN2024 Comdty"
    assert future_ticker(oil, "", 2024, 12) == "CLF2025 Comdty"
    assert future_ticker(Hedge("fut", code="CL", year_offset=1), "R", 2024, 1) == "CLRF2025 Comdty"


@pytest.mark.parametrize(("month", "expected"), [((2023, 5), "OLD"), ((2023, 6), "NEW"), ((2024, 1), "NEW")])
def test_a_split_ticker_changes_in_its_month(month, expected):
    assert split_ticker("OLD:2023-06:NEW", *month) == expected


def test_every_kind_of_asset_names_its_tickers():
    credit = Asset("c", Vol("CV", near="X.VOL", far="NONE"), Hedge("cds", ticker="C", ticker1="R"))
    swap = Asset("s", Vol("BBG_LMEVOL"), Hedge("calc", code="USD", tenor="10"))
    assert vol_of(credit, "N", 2024, 1) == ("X.VOL", "none")
    assert vol_of(credit, "F", 2024, 1) is None
    assert hedge_tickers(credit, 2024, 1) == [("hedge", "C", "PX_LAST"), ("hedge1", "R", "PX_LAST")]
    assert [name for _, name, _ in hedge_tickers(swap, 2024, 1)] == [
        "USD_fsw0m_10", "USD_fsw6m_10", "USD_pva0m_10", "USD_pva6m_10",
    ]  # fmt: skip


def test_override_expiries_are_wednesdays_but_for_holidays():
    table = override_table(["LA Comdty", "S005 Index"], month_number(2001, 1), month_number(2024, 12))
    assert len(table) == 2 * 288
    days = [date.fromisoformat(day) for day in table.values()]
    assert {day.weekday() for day in days if day.day != 2} == {2}
    assert table["LA Comdty|2024-01"] == "2024-01-03"
    assert table["LA Comdty|2014-01"] == "2014-01-02"
