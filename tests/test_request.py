import pytest

from engine.errors import RequestError
from engine.request import load_profile, with_axes

GOOD = """workload = "straddles"
size = "small"
blocks = 2

[axes]
mode = ["sequential", "process"]
workers = "auto"
chunk_size = [1, "auto"]

[settings]
layout = "dict"
"""


def profile(tmp_path, text):
    path = tmp_path / "p.toml"
    path.write_text(text)
    return path


def test_a_profile_becomes_a_request(tmp_path):
    request = load_profile(profile(tmp_path, GOOD))
    assert request.axes == {"mode": ("sequential", "process"), "workers": ("auto",), "chunk_size": (1, "auto")}
    assert request.settings == {"layout": ("dict",)}
    assert request.blocks == 2


def test_flags_replace_the_axes_of_a_profile_and_keep_the_rest(tmp_path):
    request = with_axes(load_profile(profile(tmp_path, GOOD)), {"mode": ("thread",)}, {"seed": (3,)})
    assert request.axes["mode"] == ("thread",)
    assert request.axes["workers"] == ("auto",)
    assert request.settings == {"layout": ("dict",), "seed": (3,)}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("size =", "sise =", "p.toml:2: unknown key 'sise'; did you mean 'size'"),
        ("blocks = 2", 'blocks = "two"', "p.toml:3: blocks: Expected `int`, got `str`"),
        ("blocks = 2", "blocks = 0", "p.toml:3: blocks: Expected `int` >= 1"),
        ("mode =", "modes =", "p.toml:6: unknown knob 'modes'; did you mean 'mode'"),
        ('workers = "auto"', "workers = [2, 0]", "p.toml:7: workers must be at least 1, got 0"),
        ('workers = "auto"', 'workers = ["many"]', "p.toml:7: expected a whole number, got 'many'"),
        ('workers = "auto"', "workers = []", "p.toml:7: workers has no values"),
        ('[1, "auto"]', "[1, 2.5]", "p.toml:8: expected a whole number or auto, got 2.5"),
        ("[settings]", "[settings", "p.toml:10: not valid TOML"),
        ('workload = "straddles"', "", "missing required field `workload`"),
        ("[axes]", "axes = 3\n[other]", "p.toml"),
        ('layout = "dict"', "layout = {a = 1}", "p.toml"),
    ],
)
def test_what_is_wrong_in_a_profile_is_named_with_its_line(tmp_path, old, new, message):
    path = profile(tmp_path, GOOD.replace(old, new))
    with pytest.raises(RequestError) as caught:
        load_profile(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_profile_that_cannot_be_read_is_a_message(tmp_path, content):
    path = tmp_path / "p.toml"
    path.write_bytes(content) if content else path.mkdir()
    with pytest.raises(RequestError, match="cannot be read"):
        load_profile(path)
