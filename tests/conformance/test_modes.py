"""Every mode computes the same as the sequential one, whatever the chunk size, the workers and the start method."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from engine.modes import MODES, find_mode
from engine.plan import Plan
from engine.workloads import resolve
from tests.jobs import a_job, execute

CASES: dict[str, dict[str, Any]] = {
    "fixed_cost": {"tasks": 37, "work": 20, "data_bytes": 4000},
    "straddles": {"entries": 60_000, "layout": "columns"},
    "straddles dict": {"entries": 60_000, "layout": "dict"},
    "straddles lookup": {"entries": 60_000, "layout": "lookup"},
    "maxdiff direct": {"simulations": 18, "method": "direct", "maxfun": 30},
    "maxdiff exact": {"simulations": 18, "method": "exact"},
    "maxdiff shared": {"simulations": 18, "method": "grid", "sharing": 16},
    "symbols": {"symbols": 9, "simulations": 2, "compiled": "eager"},
    "walkforward": {"assets": 2, "step": 230, "history": 400, "refit_days": 1},
    "crossover": {"bars": 700},
    "crossover sma": {"family": "sma", "bars": 300},
}
SOME = 90
"""Tasks of a long workload that conformance needs."""


@cache
def job_of(case, kernel):
    job = a_job(case.split()[0], kernel, **CASES[case])
    return type(job)(job.kernel, job.data, job.tasks[:SOME], job.result)


@cache
def reference(case, kernel):
    return execute(job_of(case, kernel), "sequential")


def combinations():
    for case, settings in CASES.items():
        workload = resolve(case.split()[0])
        for name, kernel in workload.kernels.items():
            for mode in MODES:
                if mode.on_device == kernel.device and not kernel.misfit(settings):
                    yield case, name, mode.name


@pytest.mark.parametrize(("case", "kernel", "mode"), list(combinations()))
@pytest.mark.parametrize("chunk_size", [1, 7, 1000, "auto"])
def test_results_do_not_depend_on_mode_or_chunk_size(case, kernel, mode, chunk_size):
    if why := find_mode(mode).unavailable():
        pytest.skip(why)
    workload = resolve(case.split()[0])
    for module in workload.kernels[kernel].needs:
        pytest.importorskip(module)
    naive = reference(case, workload.naive)
    # what another test did in threads of torch is no state for a worker to begin with
    start = "forkserver" if "torch" in workload.kernels[kernel].needs else "fork"
    results = execute(job_of(case, kernel), mode, chunk_size=chunk_size, workers=2, start_method=start)
    np.testing.assert_allclose(results, naive, rtol=workload.tolerance, atol=workload.tolerance, equal_nan=True)
    if not workload.kernels[kernel].device:
        assert np.array_equal(results, reference(case, kernel), equal_nan=results.dtype.kind == "f")


@pytest.mark.parametrize("mode", ["process", "shared-memory"])
@pytest.mark.parametrize("start_method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("workers", [1, 3])
def test_every_start_method_gives_the_same(mode, start_method, workers):
    job = job_of("fixed_cost", "python")
    results = execute(job, mode, start_method=start_method, workers=workers)
    assert np.array_equal(results, reference("fixed_cost", "python"))


@pytest.mark.parametrize("mode", [mode for mode in MODES if not mode.on_device], ids=lambda mode: mode.name)
def test_a_pool_can_be_used_again(mode):
    job = job_of("fixed_cost", "numpy")
    with mode(job, Plan(mode=mode.name, workers=2, start_method="fork")) as executor:
        first = executor.run().results.copy()
        assert np.array_equal(first, executor.run().results)


@pytest.mark.parametrize("mode", [mode for mode in MODES if not mode.on_device], ids=lambda mode: mode.name)
def test_data_is_never_written_to(mode):
    job = job_of("straddles", "numpy")
    before = job.data.prices.copy() if hasattr(job.data, "prices") and hasattr(job.data.prices, "copy") else None
    execute(job, mode.name, workers=2, start_method="fork")
    assert before is None or np.array_equal(before, job.data.prices, equal_nan=True)


@pytest.mark.parametrize("mode", [mode for mode in MODES if not mode.on_device], ids=lambda mode: mode.name)
def test_every_task_is_computed_once_and_busy_time_is_reported(mode):
    job = job_of("fixed_cost", "python")
    with mode(job, Plan(mode=mode.name, workers=2, chunk_size=5, start_method="fork")) as executor:
        outcome = executor.run()
    assert len(outcome.results) == 37
    assert outcome.chunk_size == 5
    assert sum(worker.chunks for worker in outcome.workers) == 8
    assert all(worker.wall >= 0 for worker in outcome.workers)
    assert sum(worker.wall for worker in outcome.workers) > 0


@pytest.mark.parametrize("mode", ["sequential", "thread", "process"])
def test_a_shorter_run_is_cut_like_a_job_of_so_many_tasks(mode):
    """Else a quarter of the tasks would be a quarter of the chunks, too few to even out among many workers."""
    whole = job_of("straddles", "python")
    short = type(whole)(whole.kernel, whole.data, whole.tasks[:20], whole.result)
    chunks = []
    for job, tasks in ((whole, 20), (short, None)):
        with find_mode(mode)(job, Plan(mode=mode, workers=2, start_method="fork")) as executor:
            outcome = executor.run(tasks)
            chunks.append(sum(worker.chunks for worker in outcome.workers))
            assert np.array_equal(outcome.results[:20], reference("straddles", "python")[:20], equal_nan=True)
    assert chunks[0] == chunks[1]
