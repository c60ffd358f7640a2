"""The examples of docs/examples run, and compute what they say."""

import importlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.test_commands import workbench

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
FUNCTIONS = ("run_one", "tasks", "load")
NEEDS = {"with_backtesting": "backtesting", "with_vectorbt": "vectorbt"}


@pytest.fixture
def example(monkeypatch):
    """Return a function that imports an example."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return importlib.import_module


def skip_without(name):
    library = NEEDS.get(name)
    if library and not importlib.util.find_spec(library):
        pytest.skip(f"{library} is not installed")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_every_command_of_an_example_names_what_is_there(path):
    commands = [line.split() for line in path.read_text().splitlines() if line.startswith("workbench ")]
    assert [words[1] for words in commands] == ["check", "sweep"]
    for words in commands:
        for reference in (word for word in words if ".py:" in word):
            file, _, name = reference.partition(":")
            assert file == path.name
            assert f"\n{name} =" in path.read_text() or f"\ndef {name}(" in path.read_text()


@pytest.mark.parametrize("name", ["plain_functions", "two_kernels", "with_backtesting"])
def test_an_example_passes_its_own_check(name, leftovers):
    skip_without(name)
    text = (EXAMPLES / f"{name}.py").read_text()
    words = next(line for line in text.splitlines() if line.startswith("workbench check")).split()
    done = workbench(*words[1:], "--json", cwd=EXAMPLES)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["findings"] == []
    assert {"thread", "process", "shared-memory"} <= set(report["passed"])


def test_the_two_kernels_compute_the_same(example):
    module = example("two_kernels")
    closes = module.load("small")
    chunk = module.tasks(closes)[::7]
    assert module.evaluate_numpy(closes, chunk) == pytest.approx(module.evaluate_python(closes, chunk), rel=1e-12)


def test_the_plain_functions_compute_what_a_table_would(example):
    module = example("plain_functions")
    data = module.load()
    days = range(79, len(data["close"]) - 1)
    close = data["close"]
    expected = np.prod(
        [close[d + 1] / close[d] for d in days if close[d - 4 : d + 1].mean() > close[d - 79 : d + 1].mean()]
    )
    assert module.run_one(data, (5, 80)) == pytest.approx(expected)


def printed_by(code):
    """What code prints in a process of its own, since libraries leave threads and warnings behind."""
    done = subprocess.run([sys.executable, "-c", code], cwd=EXAMPLES, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_strategy_of_backtesting_trades():
    skip_without("with_backtesting")
    code = "import with_backtesting as e; print(e.run_one(e.load(), (5, 30))['trades'])"
    assert float(printed_by(code)[0]) > 0


def test_the_chunks_of_the_vectorbt_sweep_do_not_matter():
    skip_without("with_vectorbt")
    code = "from with_vectorbt import *; d = load('small'); t = tasks(d)[:3]; print(*map(float, evaluate(d, t)))"
    numbers = printed_by(f"{code}; print(*(float(evaluate(d, [task])[0]) for task in t))")
    assert numbers[:3] == numbers[3:]
    assert len(set(numbers)) == 3


def teardown_module():
    for name in (path.stem for path in EXAMPLES.glob("*.py")):
        sys.modules.pop(name, None)
