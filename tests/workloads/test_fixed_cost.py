import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.workloads.fixed_cost import FIXED_COST, answer
from engine.workloads.fixed_cost import FIXED_COST as W


def load(size="small", **changes):
    settings = {knob.name: knob.default for knob in W.knobs} | {"work": 5, "data_bytes": 1000} | changes
    return W.load(size, **settings)


def results(name, data, tasks=None):
    kernel = W.kernels[name]
    for module in kernel.needs:
        pytest.importorskip(module)
    prepared = kernel.prepare(data, "cpu") if kernel.prepare else data
    return [int(value) for value in kernel.function(prepared, W.tasks(data) if tasks is None else tasks)]


@pytest.mark.parametrize("kernel", list(W.kernels))
@pytest.mark.parametrize("payload", ["array", "objects"])
@pytest.mark.parametrize("work", [0, 1, 1000])
def test_every_kernel_gives_the_known_answer(kernel, payload, work):
    data = load(tasks=20, work=work, payload=payload)
    assert results(kernel, data) == [answer(data, index) for index in range(20)]


@given(st.integers(0, 300), st.integers(0, 10**6))
def test_the_closed_form_is_the_generator(work, index):
    data = load(work=work)
    assert results("python", data, [index]) == [answer(data, index)]


@pytest.mark.parametrize("kernel", list(W.kernels))
def test_the_task_that_is_to_fail_raises_and_no_other(kernel):
    data = load(tasks=10, fail_at=7)
    assert len(results(kernel, data, np.arange(7))) == 7
    with pytest.raises(ValueError, match="task 7 was asked to fail"):
        results(kernel, data)


def test_sizes_give_the_number_of_tasks_unless_the_knob_does():
    assert [len(W.tasks(load(size))) for size in W.sizes] == [1_000, 10_000, 100_000]
    assert len(W.tasks(load(tasks=3))) == 3


def test_payloads_have_about_the_size_asked_for():
    assert load(data_bytes=8_000).payload.nbytes == 8_000
    pickled = len(pickle.dumps(load(data_bytes=1_000_000, payload="objects")))
    assert 200_000 < pickled < 1_000_000
    assert len(load(data_bytes=0).payload) == 1


def test_both_payloads_give_the_same_answers_where_they_have_as_many_entries():
    assert results("python", load(tasks=5, data_bytes=8 * 4)) == results(
        "python", load(tasks=5, data_bytes=200 * 4, payload="objects")
    )


def test_a_result_is_one_whole_number():
    spec = FIXED_COST.result({})
    assert spec is not None
    assert (spec.dtype, spec.shape) == ("int64", ())
