"""What a run on a device consists of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analyse.factors import factors_on_device, total
from engine.executor import Outcome, WorkerTime
from engine.measure.breakdown import break_down_run
from engine.measure.device import DeviceShares, covered, device_shares, shares_of
from engine.report import Breakdown

spans = st.lists(st.tuples(st.floats(0, 50), st.floats(0, 50)).map(lambda pair: (min(pair), max(pair))), max_size=8)


def test_kernels_that_overlap_count_once_and_copies_beside_them_cost_nothing():
    shares = shares_of([(0, 4), (2, 6)], [(5, 8), (9, 10)], 20.0)
    assert shares == DeviceShares(kernel=0.3, transfer=0.15, launch=0.55)


@given(spans, spans, st.floats(0, 200))
def test_shares_add_up_to_one(kernels, copies, whole):
    shares = shares_of(kernels, copies, whole)
    assert shares.kernel + shares.transfer + shares.launch == pytest.approx(1.0)
    assert min(shares.kernel, shares.transfer, shares.launch) >= -1e-9


@given(spans)
def test_no_more_is_covered_than_there_is(some):
    assert covered(some) <= sum(end - begun for begun, end in some) + 1e-9


def test_parts_of_a_run_on_a_device_add_up_to_it():
    outcome = Outcome([], (WorkerTime(wall=2.0, cpu=2.0, chunks=4),), 10)
    parts = break_down_run(2.5, outcome, device=DeviceShares(kernel=0.5, transfer=0.3, launch=0.2))
    assert (parts.compute, parts.transfer) == (1.0, 0.6)
    assert parts.dispatch == pytest.approx(0.9)


@given(*(st.floats(0.01, 10),) * 3)
def test_factors_multiply_to_the_part_of_the_run_in_which_the_device_computed(compute, transfer, dispatch):
    parts = Breakdown(compute=compute, transfer=transfer, dispatch=dispatch)
    factors = factors_on_device(parts)
    assert list(factors) == ["transfer", "launch", "kernel"]
    assert factors["transfer"] * factors["launch"] == pytest.approx(compute / total(parts))


@pytest.mark.filterwarnings("ignore")  # of torch's profiler, about itself
def test_the_profiler_tells_computing_from_waiting_for_python():
    torch = pytest.importorskip("torch")
    numbers = torch.ones(2_000_000)

    def heavy():
        for _ in range(20):
            numbers.sqrt()

    def chatty():
        for _ in range(20):
            torch.ones(1)
            sum(range(50_000))

    computing, waiting = device_shares(heavy, "cpu"), device_shares(chatty, "cpu")
    assert computing
    assert waiting
    assert computing.kernel > 0.5 > waiting.kernel
    assert waiting.launch > 0.5


def test_a_device_that_the_profiler_does_not_see_has_no_shares():
    pytest.importorskip("torch")
    assert device_shares(lambda: None, "mps") is None
