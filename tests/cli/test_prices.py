"""Sweeps over price files: real history, and everything that can be wrong with a file."""

import json

import jsonschema
import pytest

from engine.schemas import schema_of
from tests.cli.test_commands import workbench

FEW = [
    "--full-grid",
    "--modes",
    "sequential,shared-memory",
    "--workers",
    "2",
    "--blocks",
    "1",
    "--start-method",
    "fork",
]


@pytest.fixture(scope="module")
def sp500(tmp_path_factory):
    """Twenty years of the S&P 500 with all the columns the history has."""
    from arch.data import sp500

    path = tmp_path_factory.mktemp("prices") / "sp500.csv"
    sp500.load().to_csv(path)
    return path


def test_a_sweep_over_the_real_sp500_is_one_valid_document(sp500, leftovers):
    done = workbench("sweep", "straddles", "--prices", sp500, "--json", *FEW)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    jsonschema.validate(report, json.loads(schema_of("report")))
    assert report["workload"]["tasks"] > 900
    assert {trial["status"] for trial in report["trials"]} == {"ok"}
    assert all(trial["max_error"] <= 1e-9 for trial in report["trials"])
    assert len({round(trial["score"], 9) for trial in report["trials"]}) == 1


GOOD = "date,close\n2020-01-02,100.0\n2020-01-03,101.0\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        ("", "prices.csv"),
        ("when,close\n2020-01-02,100\n", "has no date column; it has when, close"),
        ("date\n2020-01-02\n", "prices.csv"),
        (GOOD + "2020-01-04,abc\n", "prices.csv:4"),
        (GOOD + "2020-01-04,-5\n", "prices.csv:4"),
        (GOOD + "2020-01-03,5\n", "prices.csv:4"),
        (GOOD + "soon,5\n", "prices.csv:4"),
        (GOOD + "2020-01-04\n", "prices.csv:4"),
        (GOOD, "prices.csv"),
        ("\x00\x01\x02", "prices.csv"),
    ],
)
def test_a_price_file_that_is_wrong_is_named_with_its_line(content, message, tmp_path, leftovers):
    if content is not None:
        (tmp_path / "prices.csv").write_text(content)
    done = workbench("sweep", "straddles", "--prices", "prices.csv", "--json", *FEW, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr.lower() or message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_unknown_price_column_is_answered_with_the_nearest(tmp_path, leftovers):
    (tmp_path / "prices.csv").write_text(GOOD)
    done = workbench("sweep", "straddles", "--prices", "prices.csv", "--set", "columns=clse", *FEW, cwd=tmp_path)
    assert done.returncode == 2
    assert "did you mean 'close'" in done.stderr
