from engine.analyse.ledger import Clockwork, Ledger
from engine.events import TrialFinished
from engine.report import Noise
from tests.builders import a_plan, a_sample, a_start


def typical_after(*noises):
    """What a ledger holds for typical of a plan that was measured under these, block after block."""
    ledger = Ledger(a_start((a_plan(),)))
    for block, noise in enumerate(noises):
        ledger.add(TrialFinished(block=block, plan=0, sample=a_sample(noise=noise)))
    return ledger.typical_noise(0)


def test_what_is_typical_of_a_plan_is_known_after_two_undisturbed_blocks():
    quiet = Noise(switches=10.0, pressure=0.1)
    assert typical_after() is None
    assert typical_after(quiet) is None
    assert typical_after(quiet, Noise(switches=30.0, pressure=0.3)) == Noise(switches=20.0, pressure=0.2)


def test_a_neighbour_that_stays_does_not_become_typical():
    beside = Noise(others=0.9, switches=500.0, reasons=("other processes kept 0.9 cores busy",))
    assert typical_after(beside, beside, beside) is None
    quiet = Noise(switches=10.0)
    assert typical_after(beside, quiet, beside, quiet) == quiet


def clockwork(blocks=3):
    plans = (a_plan(), a_plan("thread", 2), a_plan("thread", 2, "numpy"))
    return Clockwork(a_start(plans, blocks=blocks))


def test_nothing_is_known_at_first():
    assert clockwork().left([0, 1, 2]) is None


def test_an_unmeasured_plan_costs_what_its_kernel_cost_before():
    clock = clockwork(blocks=1)
    clock.spent(0, 2.0)
    assert clock.left([1]) == 2.0


def test_later_blocks_count_with_their_loading():
    clock = clockwork(blocks=3)
    for index in range(3):
        clock.spent(index, 1.0)
    clock.spent_elsewhere(0, 0.5)
    assert clock.left([2], [[0, 1, 2]] * 2) == 1.0 + 2 * (3.0 + 0.5)


def test_plans_that_failed_cost_nothing_more():
    clock = clockwork(blocks=2)
    for index in range(3):
        clock.spent(index, 1.0)
    assert clock.left([], [[0]]) == 1.0
