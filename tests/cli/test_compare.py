"""The gate as a user meets it: exit codes, tables, the baseline of a sweep."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest
from msgspec.structs import replace

from engine.host import describe_host
from engine.report import SweepReport
from engine.schemas import schema_of
from tests.analyse.test_compare import after, before
from tests.builders import a_host
from tests.cli.test_commands import FEW, workbench
from workbench.cli import main
from workbench.commands.compare import SUMMARY, comparison_lines, parse_limit


@pytest.fixture(autouse=True)
def no_summary(monkeypatch):
    """These tests may themselves run where GitHub wants a summary."""
    monkeypatch.delenv(SUMMARY, raising=False)


def write(path: Path, report: SweepReport) -> str:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    return str(path)


@pytest.fixture
def files(tmp_path):
    """A function that writes two reports and returns their paths."""

    def written(*reports):
        return [write(tmp_path / f"{index}.json", report) for index, report in enumerate(reports)]

    return written


@pytest.mark.parametrize(
    ("newer", "code", "word"),
    [
        (after(), 0, "same"),
        (after([0.9]), 0, "faster"),
        (after([1.06]), 10, "slower"),
        (after(noise=0.08), 11, "ambiguous"),
        (after(machine=1.2), 12, "contaminated"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_verdict_has_its_exit_code(newer, code, word, files, capsys):
    assert main(["compare", *files(before(), newer)]) == code
    said = capsys.readouterr()
    assert said.out.startswith(f"{word}: ")
    assert said.err == ""


def test_a_missing_baseline_exits_13_and_says_how_to_make_one(tmp_path, capsys):
    newer = write(tmp_path / "b.json", after())
    missing = str(tmp_path / "a.json")
    assert main(["compare", missing, newer]) == 13
    said = capsys.readouterr()
    assert f"no baseline: there is no {missing}; `workbench sweep --out {missing}` makes one" in said.err
    assert said.out == ""


def test_json_is_one_document_of_the_published_schema(files, capsys):
    assert main(["compare", *files(before(), after([1.06])), "--json", "--fail-slower", "4%"]) == 10
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, json.loads(schema_of("comparison")))
    assert (document["verdict"], document["exit_code"], document["threshold"]) == ("slower", 10, 0.04)


def test_markdown_goes_to_standard_output_and_is_appended_to_githubs_summary(files, capsys, tmp_path, monkeypatch):
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv(SUMMARY, str(summary))
    assert main(["compare", *files(before(), after([1.06])), "--markdown"]) == 10
    printed = capsys.readouterr().out
    assert printed.startswith("### straddles small: slower\n")
    assert "| plan | before | after | change | 95% interval | verdict | why |" in printed
    assert "| **slower** | " in printed
    assert summary.read_text() == f"before\n{printed}\n"


def test_a_summary_that_cannot_be_written_changes_nothing_else(files, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv(SUMMARY, str(tmp_path))
    assert main(["compare", *files(before(), after())]) == 0
    assert f"{SUMMARY}: {tmp_path}: Is a directory" in capsys.readouterr().err


def test_the_table_names_every_plan_and_the_sentence_of_each_that_changed():
    from engine.analyse.comparing import compare

    lines = comparison_lines(compare(before(), after([1.06])), 200)
    assert lines[0].startswith("slower: 1 of 8 plans compared, limit 5%; first of all process, python:")
    table = [line for line in lines if line.startswith("process") and line.endswith(("same", "slower"))]
    assert len(table) == 8
    assert lines[-1].startswith("process, python: ")
    assert lines[-1].endswith("(clear-slowdown)")


@pytest.mark.parametrize("width", [20, 40, 80])
def test_sentences_fit_the_width(width):
    from engine.analyse.comparing import compare

    found = comparison_lines(compare(before(), after([1.06] * 2)), width)
    table = range(found.index(""), len(found) - found[::-1].index(""))
    assert all(len(line) <= width for number, line in enumerate(found) if number not in table)


@pytest.mark.parametrize(
    ("text", "share"), [("5%", 0.05), ("5", 0.05), (" 2.5 %", 0.025), (None, 0.05), ("0.1%", 0.001)]
)
def test_limits_are_percentages(text, share):
    assert parse_limit(text) == pytest.approx(share)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fail-slower", "much"], "--fail-slower: expected a percentage from 0.1% to below 100%, such as 5%"),
        (["--fail-slower", "0.05"], "expected a percentage"),
        (["--fail-slower", "-5%"], "expected a percentage"),
        (["--fail-slower", "nan"], "expected a percentage"),
        (["--markdown", "--json"], "--markdown and --json: one of the two"),
    ],
)
def test_wrong_options_are_one_message_and_exit_code_2(arguments, message, files, capsys):
    assert main(["compare", *files(before(), after()), *arguments]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{\n\n  oops}", "b.json:3: not valid JSON"),
        ("[]", "b.json: not a report of a sweep: it has no schema number"),
        ('{"event": 1}', "b.json: not a report of a sweep: it has no schema number"),
        ('{\n"a": 1,\n"schema": 2}', "b.json:3: schema 2 is not 1; measure again"),
        ('{"schema": 1}', "b.json: Object missing required field `workbench`"),
        ('{\n"schema": 1,\n"workbench": 3}', "b.json:3: workbench: Expected `str`, got `int`"),
        ("\udcff", "b.json:1: not valid JSON"),
    ],
)
def test_a_broken_report_is_named_with_its_line_and_what_is_wrong(content, message, tmp_path, capsys):
    path = tmp_path / "b.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert main(["compare", write(tmp_path / "a.json", before()), str(path)]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""


def test_a_run_that_took_no_time_is_refused(tmp_path, capsys):
    broken = before()
    broken = replace(broken, trials=(replace(broken.trials[0], runs=(0.0,)), *broken.trials[1:]))
    assert main(["compare", write(tmp_path / "a.json", before()), write(tmp_path / "b.json", broken)]) == 2
    assert "trials[0]: a run that took no time" in capsys.readouterr().err


def test_a_missing_second_report_is_a_wrong_request(tmp_path, capsys):
    assert main(["compare", write(tmp_path / "a.json", before()), str(tmp_path / "b.json")]) == 2
    assert "b.json: cannot be read: No such file or directory" in capsys.readouterr().err


def test_reports_of_other_hosts_are_compared_only_when_forced(files, capsys):
    reports = files(before(), replace(after(), host=a_host(fingerprint="other")))
    assert main(["compare", *reports]) == 2
    assert "host fingerprint: 0123456789abcdef before, other after" in capsys.readouterr().err
    assert main(["compare", *reports, "--force"]) == 0
    assert "compared all the same: host fingerprint" in capsys.readouterr().out


GRID = [*FEW, "--full-grid", "--accept-noise", "--no-history"]


def test_the_first_sweep_has_no_baseline_and_the_second_is_compared_with_it(tmp_path, leftovers):
    first = workbench("sweep", *GRID, "--baseline", "main.json", "--out", "main.json", "--json", cwd=tmp_path)
    assert first.returncode == 13, first.stderr
    assert "there is no baseline main.json yet; the exit code will be 13" in first.stderr
    assert "no baseline" in first.stderr.splitlines()[-1]
    assert json.loads(first.stdout) == json.loads((tmp_path / "main.json").read_text())
    second = workbench("sweep", *GRID, "--baseline", "main.json", cwd=tmp_path)
    assert second.returncode == 11, second.stderr  # one block is never enough
    assert "ambiguous: " in second.stdout
    assert "too-few-blocks" in second.stdout


def test_a_slowdown_shows_in_the_exit_code_of_the_sweep(tmp_path, leftovers):
    work = ["fixed_cost", "--set", "tasks=20", "--modes", "sequential,thread", "--workers", "2", "--kernel", "python"]
    grid = [*work, "--blocks", "3", "--full-grid", "--accept-noise", "--no-history", "--set", "work=400"]
    done = workbench("sweep", *grid, "--out", "now.json", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "now.json").read_text())
    for trial in report["trials"][1:]:  # the baseline of ages ago, when this plan took a hundredth
        for sample in trial["samples"]:
            sample["steady"] = [seconds / 100 for seconds in sample["steady"]]
    (tmp_path / "then.json").write_text(json.dumps(report))
    slower = workbench("sweep", *grid, "--baseline", "then.json", "--json", cwd=tmp_path)
    assert slower.returncode in (10, 11), slower.stderr
    assert json.loads(slower.stdout)["trials"]
    assert "times as long" in slower.stderr


@pytest.mark.parametrize(
    ("changes", "arguments", "message"),
    [
        ({"host": a_host(fingerprint="elsewhere")}, [], "host cpu: Test CPU before"),
        ({}, [], "workload: straddles before, fixed_cost now"),
        ({}, ["--fail-slower", "x"], "--fail-slower: expected a percentage"),
    ],
)
def test_a_baseline_of_something_else_is_refused_before_anything_runs(changes, arguments, message, tmp_path, capsys):
    path = write(tmp_path / "main.json", before(**({"host": describe_host()} | changes)))
    assert main(["sweep", "fixed_cost", "--baseline", path, *arguments]) == 2
    assert message in capsys.readouterr().err


def test_fail_slower_without_a_baseline_is_refused(capsys):
    assert main(["sweep", "fixed_cost", "--fail-slower", "5%"]) == 2
    assert "--fail-slower needs --baseline FILE" in capsys.readouterr().err


@pytest.fixture
def history(tmp_path, monkeypatch):
    """A history with the two sweeps."""
    from engine.history import open_history, store

    monkeypatch.setenv("WORKBENCH_HISTORY", str(tmp_path / "h.sqlite3"))
    monkeypatch.setattr(store, "checkout_of", lambda reference: None)
    opened = open_history()
    for report in (before(), after([1.06])):
        opened.add(report)
    return opened


def test_sweeps_of_the_history_are_compared_as_their_files_would_be(history, files, capsys):
    assert main(["compare", "history:1", "history:2"]) == 10
    said = capsys.readouterr().out
    first, second = files(before(), after([1.06]))
    assert main(["compare", first, "history:2"]) == 10
    assert main(["compare", "history:1", second]) == 10
    assert capsys.readouterr().out == said * 2


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["history:1", "history:9"], "history: there is no sweep 9; the nearest: 2, 1"),
        (["history:9", "history:1"], "history: there is no sweep 9; the nearest: 2, 1"),
        (["history:1", "history:x"], "history:x: expected history: and the id of a sweep; `workbench history` lists"),
        (["history:", "history:1"], "history:: expected history: and the id of a sweep"),
    ],
)
def test_a_sweep_that_the_history_does_not_have_is_a_wrong_request(names, message, history, capsys):
    assert main(["compare", *names]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""


def test_a_damaged_report_in_the_history_is_named(history, capsys):
    import sqlite3
    import zlib
    from contextlib import closing

    with closing(sqlite3.connect(history.path)) as db:
        db.execute("UPDATE sweeps SET report = ? WHERE id = 2", (zlib.compress(b'{"schema": 2}'),))
        db.commit()
    assert main(["compare", "history:1", "history:2"]) == 2
    assert "history:2: schema 2 is not 1; measure again" in capsys.readouterr().err


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_the_table_gives_way_in_the_interval_and_the_plans_name(width):
    from engine.analyse.comparing import compare

    lines = comparison_lines(compare(before(), after([1.06])), width)
    table = lines[lines.index("") + 1 :][:9]
    assert max(map(len, table)) <= max(width, 48)
    assert all(line.endswith(("same", "slower")) for line in table[1:])
