"""The benchmark of the workload: what it claims of what it measured."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    import walkforward

    return walkforward


def measured(benchmark, gain):
    """Made-up times: numpy 100 times faster than python, two workers ``gain`` times, CSV twice as slow as memory."""
    found = benchmark.Measured(decoding=dict.fromkeys(benchmark.FORMATS, 0.001))
    for arm in benchmark.ARMS:
        seconds = 1.0 if arm.kernel == "numpy" else 100.0
        seconds *= 2.0 if arm.prices_format == "csv" else 1.0
        seconds /= 1.0 if arm.mode == "sequential" else gain
        found.seconds[arm] = [seconds, 3 * seconds, 2 * seconds]
    for ceilings in found.ceiling.values():
        ceilings += [2.0, 2.0, 1.0]
    return found


@pytest.mark.parametrize(("gain", "holds"), [(1.9, True), (1.7, False)])
def test_two_workers_are_judged_against_the_ceiling_of_their_round(benchmark, gain, holds):
    claims = {each.name: each for each in benchmark.claims_of(measured(benchmark, gain), "medium", 13)}
    parts = [each for name, each in claims.items() if "part of the ceiling" in name]
    assert len(parts) == 6
    assert {each.holds for each in parts} == {holds}
    assert parts[0].value == pytest.approx(gain / 2)


def test_kernels_and_formats_are_claimed_as_paired_ratios(benchmark):
    claims = {each.name: each for each in benchmark.claims_of(measured(benchmark, 2.0), "medium", 13)}
    assert claims["medium: numpy kernel against the naive one, one core"].value == 100.0
    assert claims["medium: numpy kernel, CSV against memory"].value == 2.0
    assert claims["medium: decoding CSV in every fold, part of the naive run"].value == pytest.approx(0.013 / 200)
    assert claims["largest difference between any two plans' results"].holds


def test_arms_whose_results_differ_are_not_timed(benchmark, monkeypatch):
    few = [benchmark.FAST, benchmark.READING[0]]
    monkeypatch.setattr(benchmark, "ARMS", few)
    monkeypatch.setattr(benchmark, "FORMATS", ("memory", "arrow"))
    monkeypatch.setattr(benchmark, "NAIVE", benchmark.FAST)
    monkeypatch.setattr(benchmark, "difference", lambda reference, results: 1e-6)
    with pytest.raises(SystemExit, match="differ from the naive kernel's by 1e-06"):
        benchmark.measure("small")
