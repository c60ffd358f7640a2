"""A report in other formats: what each file holds, and that it is what its readers expect."""

import csv
import io
import json
from contextlib import nullcontext
from pathlib import Path
from statistics import median, stdev

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import engine.exports
from engine.errors import RequestError, UnknownName
from engine.exports import EXPORTS, TUNED, export_for, find_export
from engine.exports.base import plan_name
from engine.exports.github_action import GITHUB_ACTION
from engine.exports.markdown import escape
from engine.exports.pytest_benchmark import PYTEST_BENCHMARK, statistics_of
from engine.production import load_config
from engine.report import Measurement, Noise, SweepReport, TrialReport
from tests.builders import SOME_PLANS, a_plan, a_report
from tests.cli.test_compare import write
from workbench.cli import main

MEASURED = len(SOME_PLANS) - 1
"""The last of the plans of a_report is unavailable."""
SAMPLES = (
    Measurement(block=0, setup=0.1, first_run=1.2, steady=(1.0, 1.1, 0.9), noise=Noise(stolen=0.25)),
    Measurement(block=1, setup=0.1, first_run=1.3, steady=(2.0,), noise=Noise(reasons=("stolen", "busy"))),
    Measurement(block=1, setup=0.1, first_run=1.2, steady=(1.0,)),
)


def sampled() -> SweepReport:
    """A report whose first plan has raw samples."""
    report = a_report()
    return replace(report, trials=(replace(report.trials[0], samples=SAMPLES), *report.trials[1:]))


def mixed() -> SweepReport:
    """A report of plans with settings of several types."""
    plans = (
        a_plan(settings={"layout": "dict", "n": 1}),
        a_plan("thread", 2, chunk_size=64, settings={"layout": "columns", "n": 0.5, "fast": True}),
    )
    return a_report(plans, (1.0, 2.0))


def rows_of(report):
    return list(csv.DictReader(io.StringIO(find_export("csv").render(report).decode())))


def table_of(report):
    return pq.read_table(pa.BufferReader(find_export("parquet").render(report)))


def test_every_file_of_the_folder_is_in_the_table():
    files = {path.stem for path in Path(engine.exports.__file__).parent.glob("*.py")} - {"__init__", "base"}
    assert files == {export.render.__module__.rsplit(".", 1)[-1] for export in EXPORTS}
    assert len({export.name for export in EXPORTS}) == len(EXPORTS)


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
@pytest.mark.parametrize("report", [a_report(), sampled(), mixed()])
def test_every_format_can_write_every_report(export, report):
    assert export.render(report)


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
def test_only_a_tuned_config_needs_a_recommendation(export):
    needed = pytest.raises(RequestError, match="recommends no plan") if export is TUNED else nullcontext()
    with needed:
        assert export.render(a_report(recommendation=None))


def test_tuned_is_the_config_that_production_loads_and_the_one_before_is_kept(tmp_path, capsys):
    report, out = write(tmp_path / "r.json", a_report()), tmp_path / "tuned.toml"
    out.write_text("of before")
    assert main(["export", report, "--out", str(out)]) == 0
    assert capsys.readouterr().err == f"wrote {out} (tuned); the file of before is kept as {out}.bak\n"
    assert Path(f"{out}.bak").read_text() == "of before"
    recommended = a_report().recommendation
    assert recommended
    assert load_config(out).plan == recommended.plan


def test_csv_has_a_row_for_each_plan_with_its_figures():
    rows = rows_of(a_report())
    assert len(rows) == len(SOME_PLANS)
    assert [row["mode"] for row in rows] == [plan.mode for plan in SOME_PLANS]
    assert float(rows[1]["seconds.median"]) == a_report().trials[1].seconds.median  # type: ignore[union-attr]
    assert (rows[-1]["status"], rows[-1]["seconds.median"]) == ("unavailable", "")
    assert [row["recommended"] for row in rows].count("True") == 1


def test_csv_has_a_column_for_each_setting():
    rows = rows_of(mixed())
    assert [row["setting.layout"] for row in rows] == ["dict", "columns"]
    assert [row["setting.fast"] for row in rows] == ["", "True"]


def test_csv_quotes_text_from_outside():
    report = a_report()
    trial = replace(report.trials[0], verdict='slow, "very"\nslow')
    assert rows_of(replace(report, trials=(trial,)))[0]["verdict"] == 'slow, "very"\nslow'


def test_parquet_has_a_row_for_each_plan_and_measurement_with_the_raw_samples():
    rows = table_of(sampled()).to_pylist()
    first = [row for row in rows if (row["mode"], row["kernel"]) == ("sequential", "python")]
    assert [row["steady"] for row in first] == [[1.0, 1.1, 0.9], [2.0], [1.0]]
    assert [row["seconds"] for row in first] == [1.0, 2.0, 1.0]
    assert [row["counted"] for row in first] == [True, False, True]
    assert [row["noise.stolen"] for row in first] == [0.25, 0.0, None]
    assert first[1]["noise.reasons"] == ["stolen", "busy"]
    assert len(rows) == 3 + 3 * (MEASURED - 1)


def test_parquet_of_an_older_report_has_its_points_and_nulls_for_what_it_lacks():
    rows = table_of(a_report()).to_pylist()
    assert {(row["setup"], row["first_run"], row["noise.stolen"]) for row in rows} == {(None, None, None)}
    assert [row["seconds"] for row in rows[:3]] == list(a_report().trials[0].runs)


def test_parquet_columns_have_one_type_and_the_file_says_where_it_comes_from():
    table = table_of(mixed())
    assert table.schema.field("chunk_size").type == pa.string()
    assert table.schema.field("setting.n").type == pa.float64()
    assert table.schema.field("workers").type == pa.int64()
    facts = json.loads(table.schema.metadata[b"workbench"])
    assert facts["host"]["cpu"] == "Test CPU"
    assert facts["workload"]["name"] == "straddles"


def test_parquet_of_a_report_without_measurements_is_an_empty_table():
    table = table_of(a_report(trials=(TrialReport(plan=SOME_PLANS[0], status="failed"),)))
    assert table.num_rows == 0
    assert "seconds" in table.column_names


def test_markdown_is_a_table_with_the_recommended_plan_marked():
    lines = find_export("markdown").render(a_report()).decode().splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 2 + len(SOME_PLANS)
    assert len({line.count(" | ") for line in table}) == 1
    assert [line.startswith("| **→** |") for line in table].count(True) == 1
    assert "unavailable: no CUDA device here" in table[-1]


@pytest.mark.parametrize(
    "text", ["a|b", "`x`", "<script>", "[l](u)", "**b**", "a\nb", "back\\slash", "https://x.y", "# h", "~~s~~", "@me"]
)
def test_markdown_shows_text_from_outside_as_it_is(text):
    shown = escape(text)
    assert "\n" not in shown
    assert shown.replace("\\", "") == " ".join(text.split()).replace("\\", "")
    for sign in "|`<[*#~@":
        assert shown.count(sign) == shown.count("\\" + sign)


def test_pytest_benchmark_has_every_field_its_readers_use():
    document = json.loads(PYTEST_BENCHMARK.render(a_report()))
    assert document.keys() == {"machine_info", "commit_info", "benchmarks", "datetime", "version"}
    assert len(document["benchmarks"]) == MEASURED
    for found in document["benchmarks"]:
        assert {"name", "fullname", "group", "params", "param", "extra_info", "options", "stats"} == found.keys()
        assert found["stats"]["rounds"] == len(found["stats"]["data"]) == 3
    assert len({found["fullname"] for found in document["benchmarks"]}) == MEASURED
    assert document["benchmarks"][2]["params"]["mode"] == "thread"


def test_pytest_benchmarks_quartiles_and_outliers():
    found = statistics_of([1.0, 2.0, 3.0, 4.0, 5.0])  # 0.25 * 1 + 0.75 * 2, as pytest-benchmark has it
    assert (found["q1"], found["q3"], found["iqr"]) == (1.75, 4.25, 2.5)
    found = statistics_of([1.0, 1.1, 1.2, 1.1, 1.0, 9.0])
    assert (found["q1"], found["q3"]) == (1.0, 1.2)
    assert (found["iqr_outliers"], found["stddev_outliers"], found["outliers"]) == (1, 1, "1;1")
    assert (found["ld15iqr"], found["hd15iqr"], found["max"]) == (1.0, 1.2, 9.0)
    alone = statistics_of([2.0])
    assert (alone["stddev"], alone["iqr"], alone["ops"], alone["rounds"]) == (0.0, 0.0, 0.5, 1)


@given(st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=40))
def test_statistics_keep_their_order_and_agree_with_the_standard_library(points):
    found = statistics_of(points)
    slack = 1e-9 * max(points)
    assert found["min"] <= found["q1"] + slack
    assert found["q1"] <= found["median"] + slack
    assert found["median"] <= found["q3"] + slack
    assert found["q3"] <= found["max"] + slack
    assert found["min"] <= found["ld15iqr"] <= found["hd15iqr"] <= found["max"]
    assert found["stddev"] == pytest.approx(stdev(points), abs=slack)
    assert found["median"] == median(points)
    if len(points) % 2 == 0:
        assert found["q1"] == median(sorted(points)[: len(points) // 2])


def test_github_action_benchmark_has_stable_names_and_smaller_is_better_seconds():
    entries = json.loads(GITHUB_ACTION.render(sampled()))
    assert len(entries) == MEASURED
    for entry in entries:
        assert entry.keys() == {"name", "unit", "value", "range", "extra"}
        assert entry["unit"] == "s"
        assert entry["range"].startswith("± ")
    assert entries[0]["name"] == "straddles small: sequential, python"
    few = replace(a_report(), trials=a_report().trials[:2])
    assert [entry["name"] for entry in json.loads(GITHUB_ACTION.render(few))] == [e["name"] for e in entries[:2]]


def test_names_tell_every_plan_from_every_other():
    plans = [*SOME_PLANS, a_plan("gpu-batch", 1, "torch", device="cuda"), a_plan("process", 4, start_method="spawn")]
    plans += [a_plan(chunk_size=3), a_plan(threads_per_worker=2), a_plan(settings={"a": 1}), a_plan(settings={"a": 2})]
    assert len({plan_name(plan) for plan in plans}) == len(plans)


def test_an_unknown_format_names_the_nearest():
    with pytest.raises(UnknownName, match="unknown format 'parket'; did you mean 'parquet'"):
        find_export("parket")


@pytest.mark.parametrize(("name", "format"), [("a.csv", "csv"), ("b.Parquet", "parquet"), ("c.md", "markdown")])
def test_the_ending_says_the_format_where_it_can(name, format):
    assert export_for(Path(name)).name == format


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x.json", "may be several formats; say with --format which: pytest-benchmark, github-action-benchmark"),
        ("x.xlsx", "no format has the ending '.xlsx'; say with --format which: csv, parquet"),
    ],
)
def test_an_ending_that_does_not_say_it_is_refused_with_the_choices(name, message):
    with pytest.raises(RequestError, match=message):
        export_for(Path(name))


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
def test_the_command_writes_every_format(export, tmp_path, capsys):
    report, out = write(tmp_path / "r.json", sampled()), tmp_path / "out.file"
    assert main(["export", report, "--format", export.name, "--out", str(out)]) == 0
    assert out.read_bytes() == export.render(sampled())
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"wrote {out} ({export.name})\n")


def test_the_command_prints_text_formats_without_a_file(tmp_path, capsys):
    assert main(["export", write(tmp_path / "r.json", a_report()), "--format", "csv"]) == 0
    assert capsys.readouterr().out.startswith("mode,workers,")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say with --format which: csv, parquet, markdown, pytest-benchmark, github-action-benchmark"),
        (["--format", "markdwon"], "unknown format 'markdwon'; did you mean 'markdown'"),
        (["--format", "parquet"], "parquet is no text; name a file with --out"),
        (["--out", "no/such/x.csv"], "--out: there is no folder no/such"),
        (["--out", "x.json"], "may be several formats"),
    ],
)
def test_wrong_requests_are_one_message_and_exit_code_2(arguments, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "r.json", a_report())
    assert main(["export", "r.json", *arguments]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]
