"""The doors for work of one's own: plain functions, and workloads that installed packages bring."""

import json
import os
import sys
import tomllib

import pytest

from engine.production import save_config
from tests.builders import a_report
from tests.cli.test_commands import workbench
from tests.workloads.test_functions import OFFERED
from workbench.cli import main

PLAIN = """
import numpy as np

def load():
    return {"prices": np.arange(100.0)}

TASKS = [(first, last) for first in range(5) for last in range(50, 60)]

def run_one(data, task):
    first, last = task
    return {"sum": float(data["prices"][first:last].sum()), "name": f"{first}-{last}"}
"""
FUNCTIONS = ("mine_plain.py:run_one", "--tasks", "mine_plain.py:TASKS", "--data", "mine_plain.py:load")
FEW = ("--full-grid", "--modes", "sequential,shared-memory", "--workers", "2", "--blocks", "1")


@pytest.fixture
def folder(tmp_path):
    """A folder with the user's file in a folder of its own."""
    (tmp_path / "mine_plain.py").write_text(PLAIN)
    (tmp_path / "elsewhere").mkdir()
    return tmp_path


def test_plain_functions_are_swept_saved_and_run_from_another_folder(folder, leftovers):
    done = workbench("sweep", *FUNCTIONS, *FEW, "--out", "r.json", "--save-config", "t.toml", cwd=folder)
    assert done.returncode == 0, done.stderr
    facts = json.loads((folder / "r.json").read_text())["workload"]
    assert facts["name"] == "mine_plain:run_one"
    assert (facts["tasks"], facts["size"]) == (50, "all")
    assert facts["tasks_reference"] == f"{folder}/mine_plain.py:TASKS"
    assert facts["data_reference"] == f"{folder}/mine_plain.py:load"
    table = tomllib.loads((folder / "t.toml").read_text())
    assert (table["tasks"], table["data"]) == (f"{folder}/mine_plain.py:TASKS", f"{folder}/mine_plain.py:load")
    ran = workbench("run", "--config", folder / "t.toml", "--out", "o.parquet", cwd=folder / "elsewhere")
    assert ran.returncode == 0, ran.stderr

    import pyarrow.parquet as pq

    rows = pq.read_table(folder / "elsewhere" / "o.parquet").to_pylist()
    assert rows[0]["result"] == {"sum": float(sum(range(50))), "name": "0-50"}
    assert len(rows) == 50


def test_a_profile_may_name_tasks_and_data(folder, leftovers):
    (folder / "p.toml").write_text(
        'workload = "mine_plain.py:run_one"\ntasks = "mine_plain.py:TASKS"\ndata = "mine_plain.py:load"\n'
        'blocks = 1\n[axes]\nmode = "sequential"\n'
    )
    done = workbench("sweep", "p.toml", "--json", "--record", "e.jsonl", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["workload"]["tasks"] == 50
    replayed = workbench("replay", "e.jsonl", "--plain", cwd=folder)
    assert "mine_plain:run_one" in replayed.stderr
    assert replayed.returncode == 0


def test_a_built_in_workload_is_saved_without_tasks_or_data(tmp_path):
    save_config(a_report(), tmp_path / "t.toml")
    assert not {"tasks", "data"} & set(tomllib.loads((tmp_path / "t.toml").read_text()))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mine_plain.py:run_one"], "run_one is a function: say what its tasks are, as in --tasks mine_plain.py:tasks"),
        ([*FUNCTIONS[:3]], "say with --data what its first argument is"),
        (["mine_plain.py:run_one", "--tasks", "TASKS"], "say where the tasks are defined, as in mybacktest.py:TASKS"),
        (["straddles", "--data", "mine_plain.py:load"], "straddles has tasks and data of its own"),
        ([*FUNCTIONS, "--size", "small"], "unknown size 'small'; did you mean 'all'"),
        ([*FUNCTIONS, "--set", "seed=1"], "mine_plain:run_one has no settings"),
    ],
)
def test_a_wrong_reference_is_one_message_and_exit_code_2(arguments, message, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert main(["sweep", *arguments]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""
    sys.modules.pop("mine_plain", None)


@pytest.fixture
def packages(tmp_path):
    """A folder with two installed packages, one of them broken."""
    (tmp_path / "offered_work.py").write_text(OFFERED)
    entries = {"acme-tests": "triple = offered_work:WORK", "acme-broken": "spoilt = broken_work:WORK"}
    for name, entry in {**entries, "acme-greedy": "straddles = offered_work:WORK"}.items():
        folder = tmp_path / f"{name.replace('-', '_')}-1.2.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        (folder / "entry_points.txt").write_text(f"[workbench.workloads]\n{entry}\n")
    return {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}


def test_installed_workloads_are_listed_and_swept_and_a_broken_one_is_named(packages, leftovers):
    listed = workbench("workloads", **packages)
    assert listed.returncode == 0
    assert "triple of acme-tests 1.2: triples" in listed.stdout
    assert "spoilt of acme-broken 1.2: not available: workload spoilt of the package acme-broken 1.2" in listed.stdout
    assert "straddles of acme-greedy 1.2: hidden by the workload above; name it as offered_work:WORK" in listed.stdout
    done = workbench("sweep", "triple", *FEW, "--json", **packages)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["workload"]["reference"] == "triple"
    assert {trial["status"] for trial in report["trials"]} == {"ok"}
