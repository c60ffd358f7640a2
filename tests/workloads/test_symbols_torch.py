"""The shared model in torch: compiled where the machine can, and saying so where it cannot."""

import os
import subprocess
import sys
import sysconfig

import numpy as np
import pytest

from engine.workloads.symbols import torch_model
from engine.workloads.symbols.network import CONTEXT, infer, make_weights
from engine.workloads.symbols.torch_model import forward, tensors, why_eager
from tests.workloads.test_symbols_kernels import load, results

torch = pytest.importorskip("torch")

WEIGHTS = make_weights()


def a_batch(count):
    return np.random.default_rng(count).integers(-31, 32, (count, CONTEXT)).astype(np.float32)


@pytest.mark.parametrize("count", [1, 7, 280])
def test_the_model_infers_as_in_numpy_to_the_bit(count):
    with torch.inference_mode():
        forecasts = forward(torch.from_numpy(a_batch(count)), *tensors(WEIGHTS, "cpu")).numpy()
    assert forecasts.tobytes() == infer(WEIGHTS, a_batch(count)).tobytes()


@pytest.fixture
def no_compiler(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")


def test_without_a_compiler_the_model_runs_as_written_and_says_so(no_compiler):
    data = load(symbols=2, simulations=2, compiled="auto")
    (note,) = torch_model.notes({"compiled": "auto"})
    assert note.startswith("the model runs without torch.compile: there is no C++ compiler (no-such-compiler)")
    answers = results("torch-cpu", data)
    assert answers.tobytes() == results("python", data).tobytes()


def test_without_the_headers_of_python_it_cannot_compile_either(monkeypatch, tmp_path):
    monkeypatch.setenv("CXX", "true")  # any program that is there
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    assert "headers of Python" in (why_eager() or "")
    (tmp_path / "Python.h").touch()
    assert why_eager() is None


def test_who_asks_for_eager_hears_nothing(no_compiler):
    assert torch_model.notes({"compiled": "eager"}) == ()
    results("torch-cpu", load(symbols=1, simulations=1, compiled="eager"))


@pytest.fixture
def compilations(monkeypatch):
    """What was compiled so far; nothing but the tracing is done, so that it takes no time."""
    graphs: list[object] = []

    def backend(graph, examples):
        graphs.append(graph)
        return graph.forward

    compile_for_real = torch.compile
    monkeypatch.setattr(torch, "compile", lambda function: compile_for_real(function, backend=backend))
    monkeypatch.setattr(torch_model, "why_eager", lambda: None)
    return graphs


@pytest.mark.parametrize(("warm_up", "before", "after"), [("none", 0, 1), ("dummy", 1, 1), ("real", 1, 0)])
def test_only_a_warm_up_on_the_real_shape_leaves_the_first_run_nothing_to_compile(warm_up, before, after, compilations):
    data = load(symbols=2, simulations=2, compiled="auto", warm_up=warm_up)
    ready = torch_model.prepare(data, "cpu")
    assert len(compilations) == before
    ready.infer(a_batch(data.contexts))
    assert len(compilations) == before + after
    ready.infer(a_batch(data.contexts))
    assert len(compilations) == before + after


def test_a_later_set_up_in_the_same_process_is_as_cold_as_the_first(compilations):
    data = load(symbols=2, simulations=2, compiled="auto")
    for count in (1, 2, 3):
        torch_model.prepare(data, "cpu")
        assert len(compilations) == count


def test_another_number_of_threads_compiles_again(compilations):
    """Which is why set-up has to limit threads before it warms the model up."""
    data = load(symbols=2, simulations=2, compiled="auto")
    ready, before = torch_model.prepare(data, "cpu"), torch.get_num_threads()
    try:
        torch.set_num_threads(before + 1)
        ready.infer(a_batch(data.contexts))
    finally:
        torch.set_num_threads(before)
    assert len(compilations) == 2


def test_a_fork_of_a_process_that_used_torch_computes_with_one_thread(monkeypatch):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        torch_model.prepare(load(), "cpu")
        assert torch.get_num_threads() == 2
        monkeypatch.setattr(torch_model, "_used_in", [-1])  # another process
        torch_model.prepare(load(), "cpu")
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


COMPILE_FOR_REAL = """
import numpy as np
from tests.workloads.test_symbols_torch import a_batch, load
from engine.workloads.symbols import torch_model
small = {"symbols": 2, "simulations": 2}
eager, compiled = (torch_model.prepare(load(**small, compiled=how), "cpu") for how in ("eager", "auto"))
batch = a_batch(eager.data.contexts)
np.testing.assert_array_equal(compiled.infer(batch), eager.infer(batch))
"""


@pytest.mark.timeout(240)  # a compilation takes 10 s of an idle core
@pytest.mark.skipif(torch_model.why_eager() is not None, reason=f"torch.compile: {torch_model.why_eager()}")
def test_the_compiled_model_forecasts_what_the_eager_one_does(tmp_path):
    """With the real compiler, in a process of its own, since it leaves threads and handlers in the one it runs in."""
    ended = subprocess.run(
        [sys.executable, "-c", COMPILE_FOR_REAL],
        env=os.environ | {"TORCHINDUCTOR_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
