"""Saving over a file keeps it; looking at what is there tells a tuned config from anything else."""

import os

import pytest
from msgspec.structs import replace

from engine.errors import FileProblem
from engine.files import replace_keeping
from engine.production import save_config
from engine.production.config import config_text
from engine.production.standing import look
from tests.builders import a_report
from workbench.commands.sweep import keep_plan


def test_a_file_that_is_overwritten_is_kept_beside_it(tmp_path):
    path = tmp_path / "tuned.toml"
    assert replace_keeping(path, b"one") is None
    assert replace_keeping(path, b"two") == tmp_path / "tuned.toml.bak"
    assert (path.read_bytes(), (tmp_path / "tuned.toml.bak").read_bytes()) == (b"two", b"one")
    assert replace_keeping(path, b"three") == tmp_path / "tuned.toml.bak"
    assert (tmp_path / "tuned.toml.bak").read_bytes() == b"two"
    assert len(list(tmp_path.iterdir())) == 2


def test_saving_the_same_again_does_not_lose_the_file_of_before(tmp_path):
    path = tmp_path / "tuned.toml"
    replace_keeping(path, b"one")
    replace_keeping(path, b"two")
    assert replace_keeping(path, b"two") is None
    assert (tmp_path / "tuned.toml.bak").read_bytes() == b"one"


def test_where_the_file_of_before_cannot_be_kept_nothing_is_overwritten(tmp_path):
    path = tmp_path / "tuned.toml"
    path.write_bytes(b"one")
    (tmp_path / "tuned.toml.bak").mkdir()
    with pytest.raises(FileProblem, match=r"tuned\.toml\.bak: cannot be written"):
        replace_keeping(path, b"two")
    assert path.read_bytes() == b"one"


@pytest.mark.parametrize("name", ["tuned.toml", "my plan.toml"])
def test_the_command_line_says_where_the_file_of_before_is(tmp_path, name):
    report, path = a_report(), tmp_path / name
    assert keep_plan(report, path) == f"saved the recommended plan to {path}"
    later = keep_plan(replace(report, created="2026-02-02"), path)
    assert later == f"saved the recommended plan to {path}; the file of before is kept as {path}.bak"
    assert look(tmp_path / f"{name}.bak").text == config_text(report)


def test_what_is_at_a_path_is_told_apart(tmp_path):
    path = tmp_path / "tuned.toml"
    assert not look(path).exists
    save_config(a_report(), path)
    assert (look(path).text, look(path).problem) == (config_text(a_report()), "")
    path.write_text("a = 1")
    assert "unknown key 'a'" in look(path).problem
    path.write_text("precious")
    assert "not valid TOML" in look(path).problem
    path.write_bytes(b"\xff" * 10)
    assert "cannot be read" in look(path).problem
    path.write_bytes(b"#" * 1_000_001)
    assert look(path).problem == "it is too big for one"
    assert look(tmp_path).problem == "it is no file"
    assert look(path / "below").exists is False


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert look(tmp_path / "pipe").problem == "it is no file"
