"""What the documents say is so."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from engine.analyse.comparing import NO_BASELINE
from engine.modes import MODES
from engine.request import load_profile
from engine.tune.space import expand
from workbench.cli import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
COMMAND_LINES = [
    line.removeprefix("$ ").split("  #")[0].strip()
    for kind, text in BLOCKS
    if kind == "console"
    for line in text.splitlines()
    if line.startswith("$ ")
]
QUICK = ["--full-grid", "--set", "entries=60000", "--blocks", "1", "--modes", "sequential", "--kernel", "numpy"]


def run(command, folder):
    words = [sys.executable, "-m", "workbench", *shlex.split(command)[1:]]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


@pytest.fixture
def folder(tmp_path):
    """A folder with the files that the README's commands name."""
    for kind, text in BLOCKS:
        if kind == "python" and text.startswith("# mybacktest.py"):
            (tmp_path / "mybacktest.py").write_text(text)
    days = [f"20{17 + m // 12:02d}-{m % 12 + 1:02d}-{d:02d}" for m in range(24) for d in range(1, 28)]
    (tmp_path / "prices.csv").write_text(
        "date,close\n" + "".join(f"{day},{100 + i % 9}\n" for i, day in enumerate(days))
    )
    (tmp_path / "profiles").symlink_to(ROOT / "profiles")
    return tmp_path


def quick(command):
    """The same command over a small part of the work, without its redirection."""
    words = shlex.split(command.split(">")[0])
    extra = ["--full-grid", "--blocks", "1"] if "mybacktest" in command else QUICK
    sample = [] if "--sample" in words else ["--sample", "64"]  # the baseline takes 1.6 s for all 2,304 tasks
    return shlex.join([*words, *extra, *sample])


@pytest.mark.parametrize("command", [line for line in COMMAND_LINES if line.startswith("workbench sweep")])
def test_every_sweep_of_the_readme_runs(command, folder):
    if "--continue" in command:
        recording = next(line for line in COMMAND_LINES if "--record" in line)
        assert run(quick(recording), folder).returncode == 0
    done = run(quick(command), folder)
    assert done.returncode == (NO_BASELINE if "--baseline" in command else 0), done.stderr


@pytest.mark.parametrize("command", [line for line in COMMAND_LINES if line.startswith("workbench check")])
def test_the_readmes_backtest_passes_its_check(command, folder):
    done = run(command, folder)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_tuned_config_goes_the_readmes_way_into_production(folder):
    assert run(quick("workbench sweep straddles --save-config tuned.toml"), folder).returncode == 0
    assert run("workbench run --config tuned.toml --out results.parquet", folder).returncode == 0
    script = next(text for kind, text in BLOCKS if kind == "python" and "load_config" in text)
    (folder / "production.py").write_text(script)
    done = subprocess.run([sys.executable, "production.py"], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_readmes_pool_runs(folder):
    script = next(text for kind, text in BLOCKS if kind == "python" and text.startswith("# nightly.py"))
    (folder / "nightly.py").write_text(script)
    done = subprocess.run([sys.executable, "nightly.py"], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("from 12000 tasks, 0 failed\n")


def test_the_readmes_commands_exist():
    for line in COMMAND_LINES:
        words = shlex.split(line)
        if words[0] == "make":
            assert f"{words[1]}:" in (ROOT / "Makefile").read_text()
        elif words[0] == "workbench" and len(words) > 1:
            assert words[1] in COMMANDS


def test_the_two_commands_stand_first():
    assert COMMAND_LINES[:2] == ["make demo", "make test"]


def test_every_mode_has_its_row_in_the_readme():
    for mode in MODES:
        assert f"| `{mode.name}` | {mode.summary} |" in README


def test_files_and_pictures_the_documents_point_to_exist():
    for document in (ROOT / "README.md", ROOT / "docs" / "design.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text()):
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("path", sorted((ROOT / "profiles").glob("*.toml")), ids=lambda path: path.name)
def test_every_profile_is_a_request_with_plans(path):
    assert len(expand(load_profile(path)).plans) > 2


def test_every_dependency_has_its_reason_in_the_design():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    design = (ROOT / "docs" / "design.md").read_text()
    for requirement in project["dependencies"]:
        assert re.split(r"[^\w-]", requirement)[0] in design


def test_the_readmes_table_is_that_of_the_committed_results():
    done = subprocess.run([sys.executable, "benchmarks/readme.py", "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0
