"""The hottest functions as a table: aligned, as wide as asked, the end of a long path kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.hotspots import HotFunction
from workbench.words.numbers import ASCII, UNICODE
from workbench.words.spots import spot_lines


def a_function(name="price", file="straddles.py", line=12, own=0.61, total=0.934):
    return HotFunction(name=name, file=file, line=line, self_share=own, total_share=total)


LONG = a_function("price_every_straddle_of_a_day", "a/folder/of/a/package/engine/pricing.py", 1234, 0.004, 1.0)


def test_names_and_places_stand_below_each_other():
    assert spot_lines([a_function(), a_function("numpy", "", 0, 0.1, 0.1), LONG], 120) == [
        "  self  total  function",
        "   61%    93%  price                          straddles.py:12",
        "   10%    10%  numpy",
        "  0.4%   100%  price_every_straddle_of_a_day  a/folder/of/a/package/engine/pricing.py:1234",
    ]


def test_of_a_long_path_the_end_is_kept_and_both_have_half():
    [_, line] = spot_lines([LONG], 80)
    assert line == "  0.4%   100%  price_every_straddle_of_a_day  …/a/package/engine/pricing.py:1234"
    [_, line] = spot_lines([LONG], 60)
    assert line == "  0.4%   100%  price_every_straddle_o…  …ine/pricing.py:1234"


def test_where_there_is_no_room_only_names_are_told():
    assert spot_lines([LONG], 40)[1] == "  0.4%   100%  price_every_straddle_of_…"


@given(
    st.lists(st.tuples(st.text(max_size=60), st.text(max_size=60), st.integers(0, 9999)), max_size=5),
    st.integers(20, 200),
    st.sampled_from([UNICODE, ASCII]),
)
def test_no_line_is_wider_than_asked_or_leaves_the_signs(functions, width, signs):
    lines = spot_lines([a_function(*one) for one in functions], width, signs)
    assert all(len(line) <= max(width, len(lines[0])) for line in lines)
    assert not signs.ascii_only or all(line.isascii() for line in lines)


@pytest.mark.parametrize("width", [20, 80])
def test_nothing_sampled_leaves_the_header(width):
    assert spot_lines([], width) == ["  self  total  function"]
