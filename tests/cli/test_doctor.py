"""``workbench doctor``: text, JSON and screen tell the same."""

import json
import subprocess
import sys
from importlib import metadata

import msgspec
import pytest

from engine import gpus
from engine.hotspots.access import may_sample
from engine.modes import MODES
from engine.modes.gpu_batch import GpuBatch
from engine.modes.thread import Thread
from tests.cli.test_commands import workbench
from tests.machines import a_machine
from workbench.commands import doctor
from workbench.words.machine import Cores, Machine, Tracing, fact_lines, facts, mode_lines, mode_rows
from workbench.words.numbers import ASCII


@pytest.fixture(scope="module")
def told() -> Machine:
    done = workbench("doctor", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return msgspec.json.decode(done.stdout, type=Machine, strict=True)


def flat(text: str) -> str:
    return "".join(text.split())


def test_json_is_one_document_with_every_mode(told):
    assert [mode.name for mode in told.modes] == [mode.name for mode in MODES]
    assert "logical cores" in told.host.conditions
    assert told.cores.usable >= 1
    assert told.libraries
    assert told.memory.available <= told.memory.total
    assert told.gpus or told.no_gpu


def test_text_tells_what_the_json_does(told):
    said = flat(workbench("doctor", COLUMNS="90").stdout)
    steady = [value for label, value in facts(told) if label not in ("memory", "/dev/shm")]
    for value in (*steady, *(text for _, lines in mode_rows(told) for text in lines)):
        assert flat(value) in said


def test_every_limit_has_a_way_to_lift_it(told):
    for mode in told.modes:
        assert bool(mode.limit) == bool(mode.lift)
        assert mode.available or mode.limit


def test_every_fact_of_the_document_is_in_the_words():
    machine = a_machine(cores=Cores(usable=3, physical=17, logical=34, affinity=5, quota=2.5))
    words = flat(" ".join([*fact_lines(machine, 200), *mode_lines(machine, 200)]))
    document = json.loads(msgspec.json.encode(machine))
    for name in ("host", "cores", "python", "modes", "libraries", "flamegraph"):
        for leaf in leaves(document[name]):
            assert flat(leaf) in words, (name, leaf)


def leaves(value, skip=("physical_cores", "usable_cores", "memory_bytes", "gpus", "schema", "python")):
    """Texts and numbers of a document, apart from what is said in other words: the host's own figures, yes and no."""
    if isinstance(value, dict):
        return [leaf for key, each in value.items() if key not in skip for leaf in leaves(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each)]
    return [] if isinstance(value, bool) or value is None else [str(value)]


@pytest.mark.parametrize("width", [24, 36, 60, 76, 156])
def test_lines_fit_the_width_and_the_signs(width):
    for lines in (fact_lines(a_machine(), width, ASCII), mode_lines(a_machine(), width, ASCII)):
        assert max(map(len, lines)) <= width
        assert all(line.isascii() for line in lines)


def test_a_mode_that_cannot_run_is_told_by_sign_and_word():
    rows = dict(mode_rows(a_machine()))
    assert rows["✓ sequential"] == ["available"]
    assert rows["○ gpu-batch"] == ["not available: torch is not installed", "to lift it: pip install 'workbench[gpu]'"]


@pytest.mark.parametrize(
    ("tracing", "words"),
    [
        (Tracing(scope="1", allowed=True), "a child can be sampled (scope 1: children only, which is enough)"),
        (Tracing(scope="3", allowed=False), "a child cannot be sampled (scope 3: nobody, until the next boot)"),
        (Tracing(), "not tried (no Yama)"),
    ],
)
def test_ptrace_is_told_in_words(tracing, words):
    assert dict(facts(a_machine(tracing=tracing)))["ptrace"] == words


def test_a_refused_ptrace_names_the_way_out(monkeypatch):
    state = doctor._flamegraph(Tracing(scope="2", allowed=False))
    assert not state.available
    assert state.lift


def test_a_child_can_be_sampled_or_not_and_nothing_is_left(leftovers):
    assert may_sample() in (True, False, None)


def test_a_python_without_a_gil_does_not_limit_threads(monkeypatch):
    assert Thread.limit()
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    assert Thread.limit() is None


@pytest.fixture
def root(tmp_path):
    """A machine with a driver and a card."""
    card = tmp_path / gpus.DRIVER / "gpus/0000:01:00.0"
    card.mkdir(parents=True)
    (card / "information").write_text("Model: \t NVIDIA H100\nIRQ: 1\n")
    return tmp_path


def test_gpus_are_named_or_it_is_said_why_there_is_none(root, tmp_path_factory):
    assert gpus.names(root) == ("NVIDIA H100",)
    assert gpus.why_none(root, "linux") == ""
    bare = tmp_path_factory.mktemp("bare")
    assert "no NVIDIA driver is loaded" in gpus.why_none(bare, "linux")
    (bare / gpus.DRIVER).mkdir(parents=True)
    assert gpus.why_none(bare, "linux") == "the NVIDIA driver sees no GPU"
    assert gpus.why_none(bare, "darwin", "x86_64") == "this Mac has no Apple chip"
    assert gpus.why_none(bare, "darwin", "arm64") == ""
    (bare / "dev/dxg").mkdir(parents=True)
    assert gpus.why_none(bare, "linux") == ""
    assert gpus.elsewhere(bare, "linux") == "that of Windows, through WSL"


def test_a_torch_for_the_cpu_beside_a_gpu_is_named(monkeypatch):
    monkeypatch.setattr(GpuBatch, "unavailable", classmethod(lambda cls: None))
    monkeypatch.setattr(gpus, "why_none", lambda: "")
    monkeypatch.setattr(gpus, "names", lambda: ("NVIDIA H100",))
    monkeypatch.setattr(metadata, "version", lambda name: "2.6.0+cpu")
    limit = GpuBatch.limit()
    assert limit
    assert limit.sentence == "torch 2.6.0+cpu was built for the CPU alone"
    monkeypatch.setattr(metadata, "version", lambda name: "2.6.0+cu126")
    assert GpuBatch.limit() is None


def test_the_screens_that_read_the_machine_load_no_numpy():
    code = (
        "import sys, workbench.tui.screens.machine, workbench.tui.screens.history;"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'numpy', 'scipy', 'torch', 'pyarrow'}))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
