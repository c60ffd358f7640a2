"""The manual page."""

import shutil
import subprocess

import click
import pytest

from tests.cli.test_completion import ALL
from workbench.cli import main
from workbench.settings import FIELDS, variable_of


@pytest.fixture
def page(capsys):
    assert main(["man"]) == 0
    return capsys.readouterr().out


def test_the_manual_has_every_command_option_and_setting_and_the_exit_codes(page):
    plain = page.replace("\\-", "-")
    for name, command in ALL.items():
        assert f'.SS "workbench {name}' in plain
        for option in command.params:
            assert not isinstance(option, click.Option) or option.opts[0] in plain
    for name in FIELDS:
        assert variable_of(name) in plain
    assert "13 no baseline" in plain
    assert plain.startswith('.TH WORKBENCH 1 ""')


def test_the_manual_is_ascii(page):
    assert page.isascii()


@pytest.mark.skipif(not shutil.which("groff"), reason="no groff")
def test_the_manual_is_valid_roff(page):
    command = ["groff", "-man", "-Tascii", "-ww", "-z"]
    done = subprocess.run(command, input=page, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
