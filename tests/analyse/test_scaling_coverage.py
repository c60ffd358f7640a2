"""The intervals hold the truth as often as they should, in a few simulations; benchmarks/scaling.py does many."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
CASES = ("typical", "typical, growing noise", "peak at 22, to 32")
SIMULATIONS = 25


@pytest.fixture(scope="module")
def tallies():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        import scaling
    return [scaling.simulate(case, SIMULATIONS) for case in scaling.CASES if case.name in CASES]


@pytest.mark.parametrize("what", ["contention", "coherency", "speedup × 2", "speedup × 4", "shown × 2"])
def test_the_intervals_hold_the_truth(tallies, what):
    held = [each for tally in tallies for each in tally.held[what]]
    assert len(held) >= 60
    assert sum(held) / len(held) >= 0.90


def test_a_peak_is_seldom_wrong(tallies):
    held = [each for tally in tallies for each in tally.held.get("peak", [])]
    assert len(held) >= SIMULATIONS
    assert sum(held) / len(held) >= 0.90
