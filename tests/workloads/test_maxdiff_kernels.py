from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Lacking, RequestError
from engine.tune.space import check_settings
from engine.workloads.maxdiff import MAXDIFF, batched, numpy_kernel, python_kernel, torch_kernel
from engine.workloads.maxdiff.data import MaxdiffData
from engine.workloads.maxdiff.profit import profit as profit_of
from engine.workloads.maxdiff.result import COLUMNS, SEARCHES, column, quality
from engine.workloads.maxdiff.searches import mark_kept, searches

KERNELS = {"python": python_kernel, "numpy": numpy_kernel, "torch": torch_kernel}


@cache
def load(**changes) -> MaxdiffData:
    data: MaxdiffData = MAXDIFF.load("small", **check_settings(MAXDIFF, changes))
    for part in (data.moves, data.later):
        for values in vars(part).values():
            values.flags.writeable = False
    data.exact.flags.writeable = False
    return data


def results(kernel, data, tasks=None):
    if kernel == "torch":
        pytest.importorskip("torch")
    module = KERNELS[kernel]
    ready = module.prepare(data, "cpu")
    return module.evaluate(ready, MAXDIFF.tasks(data) if tasks is None else tasks)


def assert_same(left, right, tolerance=1e-12):
    np.testing.assert_allclose(left, right, rtol=tolerance, atol=tolerance)


GOLDEN_EXACT = (0.15659401183, 0.12264871493, 0.29860359099, 0.15803141447)
GOLDEN_BASELINE = (0.06428460, 0.05294473, 0.10793438, 0.07386487)


def test_the_specified_simulations_earn_the_specified_means():
    found = results("numpy", load(simulations=300, method="exact"))
    assert SEARCHES == (("MaxDiff", False), ("MaxDiff", True), ("AlwaysOn", False), ("AlwaysOn", True))
    assert column(found, "profit").mean(axis=0) == pytest.approx(GOLDEN_EXACT, abs=1e-11)
    assert column(found, "exact").mean(axis=0) == pytest.approx(GOLDEN_EXACT, abs=1e-11)
    assert column(found, "baseline").mean(axis=0) == pytest.approx(GOLDEN_BASELINE, abs=1e-8)


@pytest.mark.parametrize(
    ("maxfun", "tried", "profit", "uplift", "worst"),
    [(50, 55, 0.938, 0.894, 0.69), (100, 107, 0.961, 0.933, 0.76), (500, 508, 0.987, 0.978, 0.89)],
)
def test_direct_is_as_good_as_specified_and_overshoots_its_evaluations(maxfun, tried, profit, uplift, worst):
    data = searches(load(simulations=300, maxfun=maxfun))
    found = np.array([python_kernel.search_one(data, 0, group) for group in range(300)])
    exact = data.exact[:, 0, 0]
    baseline = column(results("numpy", load(simulations=300, method="exact")), "baseline")[:, 0]
    trades, policy = data.group(0), data.policies[0]
    earned = profit_of(np, trades, policy, found[:, 0, None], found[:, 1, None])
    assert earned.sum() / exact.sum() == pytest.approx(profit, abs=1e-3)
    assert (earned - baseline).sum() / (exact - baseline).sum() == pytest.approx(uplift, abs=1e-3)
    assert (earned / exact).min() == pytest.approx(worst, abs=1e-2)
    assert found[:, 2].mean() == pytest.approx(tried, abs=3)
    assert found[:, 2].min() >= maxfun


def test_the_grid_is_nearly_as_good_as_the_optimum():
    found = quality(results("numpy", load(simulations=300, method="grid")), slice(0, 1))
    assert found.profit == pytest.approx(0.987, abs=1e-3)
    assert found.worst == pytest.approx(0.94, abs=1e-2)


CASES = [
    {"method": "exact", "simulations": 12},
    {"method": "grid", "simulations": 12},
    {"method": "exact", "simulations": 12, "market": "crypto"},
    {"method": "grid", "simulations": 18, "sharing": 16},
    {"method": "grid", "simulations": 2, "rows": 252},
]


@pytest.mark.parametrize("kernel", ["numpy", "torch"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_batched_kernels_agree_with_the_naive_one(kernel, case):
    data = load(**case)
    assert_same(results("python", data), results(kernel, data))


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10**6), case=st.sampled_from([("exact", 1), ("grid", 1), ("grid", 16)]))
def test_kernels_agree_whatever_the_days(seed, case):
    method, sharing = case
    settings = check_settings(MAXDIFF, {"simulations": 3, "method": method, "sharing": sharing, "seed": seed})
    data = MAXDIFF.load("small", **settings)
    assert_same(results("python", data), results("numpy", data))


@settings(deadline=None, max_examples=12)
@given(
    start=st.integers(0, 40),
    count=st.integers(1, 30),
    case=st.sampled_from([("exact", 1), ("grid", 1), ("grid", 16)]),
)
def test_numbers_do_not_depend_on_the_chunk_size(start, count, case):
    method, sharing = case
    data = load(simulations=90, method=method, sharing=sharing)
    ready = numpy_kernel.prepare(data, "cpu")
    tasks = MAXDIFF.tasks(data)[start : start + count]
    whole = numpy_kernel.evaluate(ready, tasks).tobytes()
    for size in (1, 7, 64):
        parts = [numpy_kernel.evaluate(ready, tasks[at : at + size]) for at in range(0, len(tasks), size)]
        assert np.concatenate(parts).tobytes() == whole


@pytest.mark.parametrize(
    "case", [{"maxfun": 40, "simulations": 6}, {"method": "grid", "simulations": 18, "sharing": 16}], ids=str
)
def test_the_naive_kernel_does_not_depend_on_the_chunk_size_either(case):
    data = load(**case)
    whole = results("python", data)
    parts = [results("python", data, [task]) for task in range(len(whole))]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_kernels_take_tasks_as_a_list_and_no_tasks_at_all():
    data = load(simulations=12, method="exact")
    for kernel in KERNELS:
        assert_same(results(kernel, data, [3, 1]), results("numpy", data)[[3, 1]])
        assert results(kernel, data, MAXDIFF.tasks(data)[:0]).shape == (0, 4, len(COLUMNS))


# what holds for every method


@cache
def by_method(name):
    cases: dict[str, tuple[str, dict[str, Any]]] = {
        "direct": ("python", {"maxfun": 60}),
        "grid": ("numpy", {"method": "grid"}),
        "exact": ("numpy", {"method": "exact"}),
    }
    kernel, changes = cases[name]
    return results(kernel, load(simulations=30, **changes))


@pytest.mark.parametrize("method", ["direct", "grid", "exact"])
def test_a_method_earns_at_least_the_baseline_and_at_most_the_optimum(method):
    found = by_method(method)
    profit, baseline, exact = (column(found, name) for name in ("profit", "baseline", "exact"))
    assert (profit <= exact + 1e-6).all()
    assert (profit >= baseline).all()
    none = profit == baseline
    assert (column(found, "h")[none] == 0).all()
    assert (column(found, "l")[none] == 0).all()


def test_the_exact_method_finds_what_its_yardstick_says():
    found = by_method("exact")
    assert_same(column(found, "profit"), column(found, "exact"))
    assert_same(column(found, "out_of_sample"), column(found, "exact_out_of_sample"))
    assert MAXDIFF.score is not None
    assert MAXDIFF.score(found) == pytest.approx(1.0, abs=1e-12)
    assert quality(found).uplift == quality(found).worst == pytest.approx(1.0)


def test_methods_differ_in_quality_and_in_evaluations():
    scores = [quality(by_method(name)).profit for name in ("direct", "grid", "exact")]
    assert scores == sorted(scores)
    assert len(set(scores)) == 3
    assert set(column(by_method("grid"), "evaluations").ravel()) == {33**2 + 17**2 + 9**2}
    assert set(column(by_method("exact"), "evaluations").ravel()) == {31**2}
    assert column(by_method("direct"), "evaluations").min() >= 60


def test_reported_is_the_houses_figure():
    found = by_method("grid")
    expected = column(found, "baseline") + 0.3 * column(found, "profit")
    assert_same(column(found, "reported"), expected, 1e-15)


def test_the_better_close_policy_of_each_strategy_is_kept():
    made = np.zeros((3, 4, len(COLUMNS)))
    column(made, "profit")[:] = np.array([[1, 2, 2, 1], [1, 1, 0, 0], [1, 1 + 1e-14, -2, -1]])
    assert column(mark_kept(made), "kept").tolist() == [[0, 1, 1, 0], [1, 0, 1, 0], [1, 0, 0, 1]]
    found = by_method("grid")
    kept, profit = (column(found, name).reshape(-1, 2, 2) for name in ("kept", "profit"))
    np.testing.assert_allclose((profit * kept).sum(axis=2), profit.max(axis=2), atol=1e-12)


def test_out_of_sample_days_are_those_of_the_next_seed():
    data = load(simulations=20)
    assert np.array_equal(data.later.close, load(simulations=20, seed=2).moves.close)
    found = results("numpy", load(simulations=20, method="exact"))
    assert not np.array_equal(column(found, "profit"), column(found, "out_of_sample"))


def test_sharing_one_pair_loses_quality_that_more_evaluations_do_not_bring_back():
    alone = quality(by_method("exact"))
    shared = quality(results("numpy", load(simulations=30, method="exact", sharing=16)))
    assert shared.profit < 0.9 * alone.profit
    found = column(results("numpy", load(simulations=18, method="grid", sharing=16)), "h")
    assert (found[:16] == found[0]).all()
    assert (found[16:] == found[16]).all()


def test_at_252_days_the_optimum_is_still_the_best():
    data = load(simulations=1, rows=252, maxfun=100)
    found = results("python", data)
    profit, exact = column(found, "profit"), column(found, "exact")
    assert (profit <= exact + 1e-6).all()
    assert (profit > 0.9 * exact).all()


def test_nothing_to_earn_is_no_score():
    nothing = np.zeros((3, 4, len(COLUMNS)))
    assert np.isnan(quality(nothing).profit)
    assert np.isnan(quality(nothing).worst)


def test_sizes_give_the_number_of_simulations_unless_the_knob_does():
    defaults = check_settings(MAXDIFF, {})
    assert [len(MAXDIFF.tasks(MAXDIFF.load(size, **defaults))) for size in MAXDIFF.sizes] == [50, 350, 2100]
    assert len(MAXDIFF.tasks(load(simulations=3))) == 3
    spec = MAXDIFF.result(defaults)
    assert spec is not None
    assert spec.shape == results("numpy", load(simulations=3, method="exact")).shape[1:]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "exat"}, "unknown method 'exat'; did you mean 'exact'"),
        ({"maxfun": 0}, "maxfun must be at least 1, got 0"),
        ({"rows": 30}, "unknown rows '30'"),
        ({"sharing": 4}, "unknown sharing '4'"),
        ({"market": "equities"}, "unknown market 'equities'; did you mean 'equity'"),
        ({"simulations": -1}, "simulations must be at least 0"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(changes, message):
    with pytest.raises(RequestError, match=message):
        check_settings(MAXDIFF, changes)


def test_the_torch_kernel_names_what_a_device_lacks():
    pytest.importorskip("torch")
    with pytest.raises(Lacking, match="double precision"):
        torch_kernel.prepare(load(simulations=3), "mps")


def test_the_torch_kernel_agrees_on_cuda():
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    for method in ("exact", "grid"):
        data = load(simulations=90, method=method)
        ready = torch_kernel.prepare(data, "cuda")
        assert_same(torch_kernel.evaluate(ready, MAXDIFF.tasks(data)), results("numpy", data))


def test_the_blocks_of_a_search_change_nothing():
    data = searches(load(simulations=90, method="exact"))
    one, many = (batched.evaluate(np, data, range(90), memory) for memory in (1, 1 << 26))
    assert one.tobytes() == many.tobytes()
