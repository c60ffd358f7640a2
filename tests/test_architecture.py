"""Limits of size and direction that reviews forget."""

import ast
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from engine.modes import MODES
from engine.plan import Plan, start_method_of
from engine.workloads import WORKLOADS

ROOT = Path(__file__).parents[1]
PACKAGES = ("engine", "workbench")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LONGEST = 400
"""Lines of a module."""


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def lines(node):
    assert node.end_lineno
    return node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_functions_and_classes_stay_small(path):
    text = path.read_text()
    tree = ast.parse(text)
    assert len(text.splitlines()) <= LONGEST
    for node in functions(tree):
        assert lines(node) <= 50, node.name
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        assert len([a for a in arguments if a.arg not in ("self", "cls")]) <= 6, node.name
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            assert lines(node) <= 200, node.name


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_of_tests_stay_short(path):
    assert len(path.read_text().splitlines()) <= LONGEST


def test_there_is_no_import_cycle():
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True)
    finished: set[str] = set()

    def visit(module, path):
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module not in finished:
            for other in sorted(graph.find_modules_directly_imported_by(module)):
                visit(other, [*path, module])
            finished.add(module)

    for module in sorted(graph.modules):
        visit(module, [])


def imported_by(statement):
    code = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_importing_the_engine_loads_no_terminal_library_and_no_numpy():
    assert not imported_by("import engine") & {"textual", "rich", "click", "numpy", "torch", "workbench"}


def test_a_sweep_starts_without_what_it_needs_only_at_its_end():
    assert not {"scipy.stats", "scipy.optimize", "pyarrow", "torch"} & imported_by("import engine.tune.serve")


def test_the_whole_engine_loads_no_terminal_library():
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in MODULES if path.stem != "__main__"]
    everything = ", ".join(name.removesuffix(".__init__") for name in names if name.startswith("engine"))
    assert not imported_by(f"import {everything}") & {"textual", "textual_plot", "rich", "click", "torch"}


@pytest.mark.parametrize("arguments", [["--help"], ["sweep", "--help"], ["--version"], ["modes"], ["config", "show"]])
def test_headless_commands_do_not_load_textual(arguments):
    assert "textual" not in imported_by(f"from workbench.cli import main; main({arguments!r})")


def test_a_headless_sweep_does_not_load_textual():
    few = "['sweep', 'fixed_cost', '--set', 'tasks=9', '--blocks', '1', '--modes', 'sequential', '--kernel', 'python']"
    assert "textual" not in imported_by(f"from workbench.cli import main; main({few})")


def test_every_mode_file_is_in_the_table():
    files = {path.stem for path in (ROOT / "engine" / "modes").glob("*.py")} - {"__init__", "base"}
    assert files == {mode.__module__.rsplit(".", 1)[-1] for mode in MODES}


def test_every_name_is_used_once():
    for table in (MODES, WORKLOADS):
        names = [entry.name for entry in table]
        assert len(names) == len(set(names))


def test_the_first_kernel_of_a_workload_needs_nothing_extra():
    for workload in WORKLOADS:
        assert not workload.kernels[workload.naive].needs
        assert not workload.kernels[workload.naive].device


def test_nothing_points_at_the_machine_it_was_written_on():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.split("\0"):
        if name and (ROOT / name).suffix in {".py", ".md", ".toml", ".txt", ".json", ".jsonl", ".yml", ".svg"}:
            text = (ROOT / name).read_text()
            assert str(ROOT) not in text, name
            assert str(Path.home()) + "/" not in text, name


def test_a_start_method_is_shown_for_exactly_the_modes_that_honour_it():
    for mode in MODES:
        assert bool(start_method_of(Plan(mode=mode.name))) == ("start_method" in mode.honours)
