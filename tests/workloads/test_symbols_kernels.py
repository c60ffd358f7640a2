from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Lacking
from engine.workloads.symbols import SYMBOLS, cpu_kernels, torch_kernel
from engine.workloads.symbols.cpu_kernels import Ready, warmed_up
from engine.workloads.symbols.network import CONTEXT, HORIZON, Float32Array, infer
from engine.workloads.symbols.result import COLUMNS, ranking, summarise
from engine.workloads.symbols.scoring import VARIANTS


def load(size="small", **changes):
    chosen = {"symbols": 4, "simulations": 5, "compiled": "eager"} | changes
    return SYMBOLS.load(size, **({knob.name: knob.default for knob in SYMBOLS.knobs} | chosen))


def results(name, data, tasks=None):
    kernel = SYMBOLS.kernels[name]
    for module in kernel.needs:
        pytest.importorskip(module)
    assert kernel.prepare is not None
    return kernel.function(kernel.prepare(data, "cpu"), SYMBOLS.tasks(data) if tasks is None else tasks)


@pytest.mark.parametrize("kernel", list(SYMBOLS.kernels))
def test_every_kernel_gives_the_naive_ones_answers(kernel):
    data = load()
    expected = results("python", data)
    assert expected.shape == (4, 8)
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(results(kernel, data), expected, rtol=0, atol=1e-13)
    if not SYMBOLS.kernels[kernel].device:
        assert results(kernel, data).tobytes() == expected.tobytes()


@pytest.mark.parametrize("kernel", list(SYMBOLS.kernels))
def test_the_forecasts_of_every_kernel_are_the_same_to_the_bit(kernel):
    data = load(seed=9)
    error = COLUMNS.index("forecast_error")
    assert results(kernel, data)[:, error].tobytes() == results("python", data)[:, error].tobytes()


@settings(deadline=None, max_examples=6)
@given(seed=st.integers(0, 10**6), simulations=st.integers(1, 4))
def test_the_numpy_kernel_agrees_whatever_the_prices(seed, simulations):
    data = load(symbols=2, simulations=simulations, seed=seed)
    assert results("numpy", data).tobytes() == results("python", data).tobytes()


@pytest.mark.parametrize("kernel", [name for name, kernel in SYMBOLS.kernels.items() if not kernel.device])
@pytest.mark.parametrize("size", [1, 3])
def test_answers_do_not_depend_on_the_chunk_size(kernel, size):
    data = load(symbols=5, simulations=3)
    parts = [results(kernel, data, SYMBOLS.tasks(data)[at : at + size]) for at in range(0, 5, size)]
    assert np.concatenate(parts).tobytes() == results(kernel, data).tobytes()


@pytest.mark.parametrize("kernel", ["numpy", "torch-cpu"])
@pytest.mark.parametrize("contexts", [1, 3, 20, 64])
def test_answers_do_not_depend_on_how_many_contexts_share_an_inference(kernel, contexts):
    data = load(symbols=2)
    assert results(kernel, replace(data, contexts=contexts)).tobytes() == results("python", data).tobytes()


@pytest.mark.parametrize("kernel", list(SYMBOLS.kernels))
@pytest.mark.parametrize("warm_up", ["none", "dummy", "real"])
def test_warming_up_changes_no_answer(kernel, warm_up):
    data = load(symbols=2, simulations=2)
    assert results(kernel, replace(data, warm_up=warm_up)).tobytes() == results(kernel, data).tobytes()


class Spy:
    """A forecaster that remembers the shapes it was given."""

    def __init__(self, data):
        self.data = data
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, batch: Float32Array) -> Float32Array:
        self.shapes.append(batch.shape)
        return infer(self.data.weights, batch)


@pytest.mark.parametrize(("warm_up", "shapes"), [("none", []), ("dummy", [(1, CONTEXT)]), ("real", [(20, CONTEXT)])])
def test_set_up_infers_the_shape_that_was_asked_for(warm_up, shapes):
    data = load(warm_up=warm_up)
    spy = Spy(data)
    warmed_up(Ready(data, spy), data.contexts)
    assert spy.shapes == shapes


@pytest.mark.parametrize("contexts", [0, 3, 64])
def test_a_run_infers_no_other_shape_than_the_real_warm_up(contexts):
    data = load(contexts=contexts)
    spy = Spy(data)
    cpu_kernels.evaluate(warmed_up(Ready(data, spy), data.contexts), [0, 1])
    assert set(spy.shapes) == {(data.contexts, CONTEXT)}
    naive = Spy(data)
    cpu_kernels.evaluate_python(warmed_up(Ready(data, naive), 1), [0])
    assert naive.shapes == [(1, CONTEXT)] * (1 + 4 * 5)


def test_the_model_is_shared_and_not_copied():
    data = load()
    for prepare in (cpu_kernels.prepare_python, cpu_kernels.prepare_numpy):
        ready = prepare(data, "cpu")
        assert ready.data is data
        assert ready.infer(np.zeros((2, CONTEXT), np.float32)).shape == (2, HORIZON)


@pytest.mark.parametrize("kernel", list(SYMBOLS.kernels))
def test_no_kernel_writes_into_the_data_or_the_model(kernel):
    data = load(symbols=2, simulations=2)
    for array in (data.ohlc, *vars(data.weights).values()):
        array.flags.writeable = False
    before = data.ohlc.tobytes()
    tasks = np.arange(2)
    tasks.flags.writeable = False
    results(kernel, data, tasks)
    assert data.ohlc.tobytes() == before


@pytest.mark.parametrize("kernel", list(SYMBOLS.kernels))
def test_kernels_take_tasks_as_a_list_and_no_tasks_at_all(kernel):
    data = load(simulations=2)
    assert results(kernel, data, [3, 1]).tobytes() == results(kernel, data)[[3, 1]].tobytes()
    assert results(kernel, data, np.arange(0)).shape == (0, 8)


def test_the_torch_kernel_names_what_a_device_lacks():
    pytest.importorskip("torch")
    with pytest.raises(Lacking, match="double precision"):
        torch_kernel.prepare(load(), "mps")


def test_the_torch_kernel_agrees_on_a_gpu():
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    data = load("medium")
    there = torch_kernel.evaluate(torch_kernel.prepare(data, "cuda"), SYMBOLS.tasks(data))
    np.testing.assert_allclose(there, results("numpy", data), rtol=0, atol=1e-12)


def test_a_result_is_eight_numbers():
    spec = SYMBOLS.result({})
    assert spec is not None
    assert (spec.dtype, spec.shape) == ("float64", (len(COLUMNS),)) == ("float64", (8,))


def test_a_symbol_is_summarised_by_its_best_variant():
    profits = np.array([[0.1, 0.4, 0.2, 0.3], [0.3, 0.2, 0.2, 0.3]])
    actual = np.zeros((2, 4, 7))
    best, score, *means, error, simulations = summarise(profits, actual, actual + 0.25)
    assert COLUMNS[1:3] == ("score", "maxdiff")
    assert VARIANTS[int(best)] == "maxdiff_eod"  # always_on_eod earns as much and comes later
    assert score == pytest.approx(0.3, abs=1e-15)
    np.testing.assert_allclose(means, [0.2, 0.3, 0.2, 0.3], atol=1e-15)
    assert (error, simulations) == (0.25, 2)


def with_scores(*scores):
    table = np.zeros((len(scores), 8))
    table[:, 1] = scores
    return table


def test_symbols_rank_by_score_and_ties_by_name():
    assert ranking(with_scores(0.1, 0.3, 0.2, 0.3)).tolist() == [4, 1, 3, 2]


@given(scores=st.lists(st.floats(-1, 1), min_size=1, max_size=40))
def test_ranks_are_a_permutation_and_descend_with_the_score(scores):
    ranks = ranking(with_scores(*scores))
    assert sorted(ranks) == list(range(1, len(scores) + 1))
    ranked = [score for _, score in sorted(zip(ranks, scores, strict=True))]
    assert ranked == sorted(scores, reverse=True)


def test_the_score_is_the_mean_of_the_ten_best():
    assert SYMBOLS.score is not None
    assert SYMBOLS.score(with_scores(*range(30))) == pytest.approx(np.mean(range(20, 30)))
    assert SYMBOLS.score(with_scores(0.2, 0.4)) == pytest.approx(0.3)


def test_the_score_is_that_of_the_best_variant():
    data = load(symbols=6)
    table = results("numpy", data)
    assert (table[:, 1] == table[:, 2:6].max(axis=1)).all()
    assert (table[:, 0] == table[:, 2:6].argmax(axis=1)).all()


def test_the_built_in_market_keeps_its_answers():
    """Golden values of the small size: they change only if a formula, the weights or the made-up prices change."""
    table = results("numpy", load(symbols=0, simulations=0))
    assert table.shape == (6, 8)
    assert ranking(table).tolist() == GOLDEN_RANKS
    np.testing.assert_allclose(table[:, 1], GOLDEN_SCORES, rtol=0, atol=1e-9)
    assert table[:, COLUMNS.index("forecast_error")].mean() == pytest.approx(GOLDEN_ERROR, abs=1e-9)


GOLDEN_RANKS = [2, 1, 4, 6, 3, 5]
GOLDEN_SCORES = [
    0.10479961603488867,
    0.1320239316330124,
    0.09301407656773612,
    0.08551435060703302,
    0.09816646860933524,
    0.0897080990528215,
]
GOLDEN_ERROR = 0.013011259160378852
