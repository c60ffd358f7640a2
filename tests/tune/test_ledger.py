from engine.analyse.ledger import Clockwork
from tests.builders import a_plan, a_start


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
