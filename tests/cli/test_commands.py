"""The command line as a user meets it: in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from engine.schemas import KINDS, schema_of

SMALL = [
    "fixed_cost",
    "--set",
    "tasks=60",
    "--set",
    "work=20",
    "--blocks",
    "1",
    "--full-grid",
    "--start-method",
    "fork",
]
FEW = [*SMALL, "--modes", "sequential,thread,shared-memory", "--kernel", "python", "--workers", "2"]
SCHEMAS = Path(__file__).parents[2] / "engine" / "schemas"


def workbench(*arguments, cwd=None, **environment):
    command = [sys.executable, "-m", "workbench", *map(str, arguments)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_json_is_one_valid_document_on_standard_output(leftovers):
    done = workbench("sweep", *FEW, "--json")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads((SCHEMAS / "report.schema.json").read_text()))
    assert {trial["status"] for trial in document["trials"]} == {"ok"}
    assert "sweep of fixed_cost small: 3 plans" in done.stderr


def test_a_sweep_writes_report_config_and_recording_and_each_can_be_used(tmp_path, leftovers):
    done = workbench("sweep", *FEW, "--out", "r.json", "--save-config", "t.toml", "--record", "r.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Use " in done.stdout
    jsonschema.validate(json.loads((tmp_path / "r.json").read_text()), json.loads(schema_of("report")))
    assert workbench("config", "validate", "t.toml", cwd=tmp_path).stdout == "t.toml: a valid tuned config\n"
    assert "here it runs:" in workbench("config", "show", "t.toml", cwd=tmp_path).stdout
    ran = workbench("run", "--config", "t.toml", "--out", "results.parquet", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "results.parquet").stat().st_size > 100
    replayed = workbench("replay", "r.jsonl", "--plain", cwd=tmp_path)
    assert replayed.returncode == 0
    assert "Use " in replayed.stdout
    events = jsonschema.Draft202012Validator(json.loads(schema_of("event")))
    for line in (tmp_path / "r.jsonl").read_text().splitlines():
        events.validate(json.loads(line))


@pytest.mark.parametrize("name", KINDS)
def test_the_published_schemas_are_those_of_the_types(name):
    assert (SCHEMAS / f"{name}.schema.json").read_text() == schema_of(name) + "\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["swep"], "unknown command 'swep'; did you mean 'sweep'"),
        (["sweep"], "name a workload"),
        (["sweep", "stradles"], "unknown workload 'stradles'; did you mean 'straddles'"),
        (["sweep", "fixed_cost", "--modes", "proces"], "--modes: unknown mode 'proces'; did you mean 'process'"),
        (["sweep", "fixed_cost", "--workers", "0"], "--workers: workers must be at least 1, got 0"),
        (["sweep", "fixed_cost", "--workers", "-2"], "--workers: workers must be at least 1, got -2"),
        (["sweep", "fixed_cost", "--workers", "2,x"], "--workers: expected a whole number, got 'x'"),
        (["sweep", "fixed_cost", "--kernel", "nunpy"], "--kernel: unknown kernel 'nunpy'; did you mean 'numpy'"),
        (["sweep", "fixed_cost", "--chunk-size", "0"], "--chunk-size: chunk_size must be at least 1, got 0"),
        (["sweep", "fixed_cost", "--set", "wrok=1"], "--set wrok: unknown knob 'wrok'; did you mean 'work'"),
        (["sweep", "fixed_cost", "--set", "work"], "--set work: expected KNOB=VALUE"),
        (["sweep", "fixed_cost", "--size", "tiny"], "unknown size 'tiny'"),
        (["sweep", "fixed_cost", "--prices", "x.csv"], "--prices: fixed_cost reads no prices"),
        (["sweep", "fixed_cost", "--budget", "soon"], "--budget: expected seconds"),
        (["sweep", "fixed_cost", "--out", "no/such/r.json"], "--out: there is no folder"),
        (["sweep", "fixed_cost", "--save-config", "."], "--save-config: . is a folder"),
        (["sweep", "nofile.toml"], "nofile.toml: cannot be read"),
        (["sweep", "nofile.py:WORKLOAD"], "nofile.py"),
        (["run", "--config", "nofile.toml"], "nofile.toml: cannot be read"),
        (["run", "--config", "nofile.toml", "--out", "x.csv"], "the format is chosen by the ending"),
        (["run"], "Missing option '--config'"),
        (["replay", "nofile.jsonl"], "nofile.jsonl: cannot be read"),
        (["flamegraph", "fixed_cost", "--mode", "proces"], "unknown mode 'proces'"),
        (["flamegraph", "fixed_cost", "--set", "work=1,2"], "one value is needed"),
        ([], "no terminal to draw on"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(arguments, message, tmp_path, said, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = said(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_a_message_is_all_that_a_process_leaves(tmp_path, leftovers):
    done = workbench("sweep", "stradles", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'straddles'" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_task_that_raises_is_named_and_the_exit_code_is_4(leftovers):
    done = workbench("sweep", *SMALL, "--set", "fail_at=5", "--modes", "sequential", "--kernel", "python")
    assert done.returncode == 4
    assert "task 5 (" in done.stderr
    assert "fixed_cost.py:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_workload_file_that_fails_to_import_is_named_with_its_line(tmp_path):
    (tmp_path / "mine_broken.py").write_text("import os\n\nimport not_installed_anywhere\n")
    done = workbench("sweep", "mine_broken.py:WORKLOAD", cwd=tmp_path)
    assert done.returncode == 2
    assert "mine_broken.py:3" in done.stderr
    assert "not_installed_anywhere" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_what_was_measured_and_exits_130(number, tmp_path, leftovers):
    command = [
        sys.executable,
        "-m",
        "workbench",
        "sweep",
        *FEW,
        "--blocks",
        "500",
        "--json",
        "--out",
        tmp_path / "r.json",
        "--record",
        tmp_path / "r.jsonl",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        for line in process.stderr:
            if line.startswith("block 1 of 500 finished"):
                break
        process.send_signal(number)
        output = process.stdout.read()
        last = process.stderr.read().splitlines()[-1]
    assert process.returncode == 130
    assert last.startswith("it goes on with: workbench sweep fixed_cost ")
    assert last.endswith(f" --continue {tmp_path / 'r.jsonl'} --record {tmp_path / 'r.jsonl'}")
    document = json.loads(output)
    assert document["complete"] is False
    assert document["recommendation"]
    assert json.loads((tmp_path / "r.json").read_text()) == document


def test_help_teaches_every_command():
    overview = workbench("--help").stdout
    from workbench.cli import COMMANDS

    for name in COMMANDS:
        assert name in overview
        assert workbench(name, "--help").returncode == 0
    assert "Exit codes" in overview


@pytest.mark.parametrize("command", [["workloads"], ["modes"], ["doctor"], ["--version"]])
def test_lists_are_printed(command):
    done = workbench(*command)
    assert done.returncode == 0
    assert done.stdout
