"""What a shell offers, how soon, and that every command explains itself."""

import os
import shutil
import subprocess
import sys

import click
import pytest
from click.shell_completion import BashComplete

from engine.modes import MODES
from engine.workloads import WORKLOADS
from workbench.cli import main, workbench
from workbench.names import mode_names, names_in, workload_names

LIGHT = [
    ("", "sw"),
    ("sweep", "--mo"),
    ("history trend", "--"),
    ("check", "--"),
    ("scaling", "--"),
    ("what-if", "--"),
    ("flamegraph", "--"),
    ("sweep", "st"),
    ("sweep --modes", "shared"),
    ("config", ""),
]


def offered(line, incomplete=""):
    """Return what is offered behind the words of a line as type and value."""
    found = BashComplete(workbench, {}, "workbench", "_WORKBENCH_COMPLETE").get_completions(line.split(), incomplete)
    return [(each.type, each.value) for each in found]


def words(line, incomplete=""):
    return [value for kind, value in offered(line, incomplete) if kind == "plain"]


def commands(group=workbench, path=()):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = {" ".join(path): command for path, command in commands()}


def test_names_are_read_from_source_as_they_are_in_the_tables():
    assert names_in("engine.workloads", "WORKLOADS") == tuple(workload.name for workload in WORKLOADS)
    assert mode_names() == tuple(mode.name for mode in MODES)
    assert set(workload_names()) >= {workload.name for workload in WORKLOADS}


def test_workloads_of_installed_packages_are_offered(tmp_path, monkeypatch):
    folder = tmp_path / "acme-1.2.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.2\n")
    (folder / "entry_points.txt").write_text("[workbench.workloads]\ntriple = acme:WORK\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert words("sweep", "tri") == ["triple"]


def test_a_table_that_cannot_be_read_offers_nothing():
    assert names_in("engine.workloads", "NO_SUCH_TABLE") == ()
    assert names_in("engine.no_such_package", "TABLE") == ()


@pytest.mark.parametrize(
    ("line", "incomplete", "expected"),
    [
        ("", "sw", ["sweep"]),
        ("", "--ver", ["--version"]),
        ("config", "s", ["schema", "show"]),
        ("config schema", "se", ["settings"]),
        ("sweep", "--modes", ["--modes"]),
        ("sweep", "str", ["straddles"]),
        ("sweep --modes", "", [mode.name for mode in MODES]),
        ("sweep --modes", "sequential,s", ["sequential,shared-memory"]),
        ("sweep straddles --workers", "", ["auto", "io"]),
        ("flamegraph straddles --mode", "th", ["thread"]),
        ("sweep straddles --start-method", "f", ["fork", "forkserver"]),
        ("sweep straddles --size", "m", ["medium"]),
        ("sweep straddles --goal", "", ["job", "steady"]),
        ("history trend", "walk", ["walkforward"]),
        ("history --workload", "max", ["maxdiff"]),
        ("completion", "", ["bash", "zsh", "fish"]),
    ],
)
def test_commands_flags_and_names_are_offered(line, incomplete, expected):
    assert words(line, incomplete) == expected


@pytest.mark.parametrize("line", ["swep", "history shwo"])
def test_a_misspelt_command_is_no_error_while_the_line_is_typed(line):
    assert words(line) == words(line.rpartition(" ")[0])


def test_profiles_and_files_beside_them_are_targets(tmp_path, monkeypatch):
    (tmp_path / "profiles").mkdir()
    for name in ("profiles/nightly.toml", "mine.py", "notes.txt"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    assert words("sweep", "pro") == ["profiles/nightly.toml"]
    assert words("check", "mi") == ["mine.py"]
    assert offered("sweep", "no") == [("file", "no")]


@pytest.mark.parametrize(
    "line",
    ["run --config", "run --out", "sweep straddles --prices", "replay", "compare", "export", "config show", "what-if"],
)
def test_files_are_left_to_the_shell(line):
    assert offered(line, "x") == [("file", "x")]


def test_completing_loads_neither_numpy_nor_textual():
    code = (
        "import sys; from click.shell_completion import BashComplete; from workbench.cli import workbench\n"
        f"for line, last in {LIGHT!r}:\n"
        "    assert BashComplete(workbench, {}, 'workbench', '').get_completions(line.split(), last), line\n"
        "print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "scipy", "textual", "torch"} & set(loaded)


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_bash_completes_with_the_script(tmp_path):
    program = tmp_path / "workbench"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m workbench "$@"\n')
    program.chmod(0o755)
    script = (
        'eval "$(workbench completion bash)"; complete -p workbench\n'
        "COMP_WORDS=(workbench sweep --modes thr) COMP_CWORD=3; _workbench_completion workbench; echo ${COMPREPLY[@]}"
    )
    environment = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "thread", done.stderr
    assert "_workbench_completion" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(("shell", "mark"), [("zsh", "compdef"), ("fish", "complete --no-files --command workbench")])
def test_other_shells_have_a_script(shell, mark, capsys):
    assert main(["completion", shell]) == 0
    assert mark in capsys.readouterr().out


def test_a_shell_that_is_not_known_is_a_usage_error(capsys):
    assert main(["completion", "tcsh"]) == 2
    assert "'bash', 'zsh', 'fish'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ALL)
def test_the_help_of_every_command_is_full(name):
    command = ALL[name]
    assert command.help
    assert f"workbench {name}" in command.help, "an example"
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.opts
