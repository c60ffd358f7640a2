"""The files made from folded stacks: flame graph and speedscope."""

import json
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.hotspots.folded import MEASURING
from engine.hotspots.speedscope import SCHEMA, speedscope
from engine.hotspots.svg import WIDTH, flame_graph
from tests.hotspots.builders import stack

SVG = "{http://www.w3.org/2000/svg}"
captures = st.dictionaries(
    st.lists(st.text(min_size=1), min_size=1, max_size=6).map(tuple), st.integers(1, 1000), min_size=1, max_size=20
)


def frames(svg):
    return [one for one in ElementTree.fromstring(svg).iter(f"{SVG}g") if one.get("class") == "f"]


@given(captures, st.text())
def test_any_name_makes_a_well_formed_flame_graph_inside_its_width(stacks, title):
    for frame in frames(flame_graph(stacks, title)):
        rect = frame.find(f"{SVG}rect")
        assert rect is not None
        left, width = float(rect.get("x", "")), float(rect.get("width", ""))
        assert left >= 0
        assert left + width <= WIDTH + 0.02


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a & b", "[/dim]", "\x1b[31m", "'\"]]>", "\ud800"])
def test_hostile_names_are_text(name):
    svg = flame_graph({(name, "end"): 1}, name)
    assert "<script>alert" not in svg
    assert svg.count("<script>") == 1
    assert svg.encode()
    names = [frame.get("data-name") for frame in frames(svg)]
    assert names == ["all", name.replace("\x1b", "\ufffd").replace("\ud800", "\ufffd"), "end"]


def test_each_frame_says_its_samples_and_nothing_is_loaded_from_elsewhere():
    svg = flame_graph({stack("main", "f"): 30, stack("main", "g"): 10}, "capture")
    titles = [frame.findtext(f"{SVG}title") for frame in frames(svg)]
    assert "f (kernel.py:2): 30 samples, 75.0%" in titles
    assert svg.replace("http://www.w3.org/2000/svg", "").count("http") == 0


def test_frames_narrower_than_a_thousandth_are_left_out_and_text_is_cut():
    svg = flame_graph({stack("x" * 300): 9999, stack("rare"): 1}, "y" * 200)
    assert "rare" not in svg
    _, wide = frames(svg)
    assert "y" * 200 not in (ElementTree.fromstring(svg).findtext(f"{SVG}text") or "")
    text = wide.findtext(f"{SVG}text") or ""
    assert text.endswith("…")
    assert len(text) < WIDTH / 6.5


def test_the_engine_is_grey_and_the_workload_coloured():
    drawn = frames(flame_graph({(MEASURING, *stack("work_under_capture", "run_chunk", "kernel")): 1}, "capture"))
    colours = [(one.find(f"{SVG}rect")).get("fill") for one in drawn]
    grey = [colour[1:3] == colour[3:5] == colour[5:7] for colour in colours]
    assert grey == [True, True, True, True, False]


def test_a_stack_deeper_than_pythons_recursion_limit_is_drawn():
    deep = tuple(f"f (x.py:{line})" for line in range(3000))
    assert len(frames(flame_graph({deep: 1}, "deep"))) == 3001


@given(captures, st.sampled_from([25, 100]))
def test_speedscope_weights_are_seconds(stacks, rate):
    try:
        document = json.loads(speedscope(stacks, "capture", rate))
    except UnicodeEncodeError:
        pytest.fail("a name broke the file")
    (profile,) = document["profiles"]
    assert document["$schema"] == SCHEMA
    assert (profile["type"], profile["unit"], profile["startValue"]) == ("sampled", "seconds", 0)
    assert profile["endValue"] == pytest.approx(sum(stacks.values()) / rate)
    assert sum(profile["weights"]) == pytest.approx(profile["endValue"])
    assert len(profile["samples"]) == len(profile["weights"]) == len(stacks)
    assert {index for sample in profile["samples"] for index in sample} == set(range(len(document["shared"]["frames"])))


def test_speedscope_frames_hold_file_and_line():
    document = json.loads(speedscope({(MEASURING, "f (x.py:3)"): 1}, "capture", 100))
    assert document["shared"]["frames"] == [{"name": MEASURING}, {"name": "f", "file": "x.py", "line": 3}]
