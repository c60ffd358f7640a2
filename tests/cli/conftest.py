"""Commands in the process of the tests, where importing everything is paid for once."""

import pytest

from workbench.cli import main


@pytest.fixture
def said(capsys):
    """Runs a command; returns its exit code, output and words."""

    def run(*arguments):
        code = main([*map(str, arguments)])
        return code, *capsys.readouterr()

    return run
