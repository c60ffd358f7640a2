"""Sweeps over price files: real history, and everything that can be wrong with a file."""

import json

import jsonschema
import pytest

from engine.errors import RequestError
from engine.loading import load
from engine.schemas import schema_of
from engine.tune.space import check_settings
from engine.workloads import resolve
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
    done = workbench("sweep", "straddles", "--prices", sp500, "--sample", "100", "--json", *FEW)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    jsonschema.validate(report, json.loads(schema_of("report")))
    assert report["workload"]["all_tasks"] > 900
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
def test_a_price_file_that_is_wrong_is_named_with_its_line(content, message, tmp_path):
    path = tmp_path / "prices.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RequestError, match=message):
        load_prices(path)


def test_an_unknown_price_column_is_answered_with_the_nearest(tmp_path):
    (tmp_path / "prices.csv").write_text(GOOD)
    with pytest.raises(RequestError, match="did you mean 'close'"):
        load_prices(tmp_path / "prices.csv", columns="clse")


def load_prices(path, **settings):
    workload = resolve("straddles")
    return load(workload, "small", check_settings(workload, {"prices": str(path), **settings}))


def test_a_sweep_over_a_wrong_price_file_is_one_message_and_exit_code_2(tmp_path, leftovers):
    (tmp_path / "prices.csv").write_text(GOOD + "soon,5\n")
    done = workbench("sweep", "straddles", "--prices", "prices.csv", "--json", *FEW, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("workbench: prices.csv:4: ")
    assert "Traceback" not in done.stderr
