"""How long the standard pool ships data, from when each copy was pickled and when it was unpickled."""

import pytest

from engine.modes.process import seconds_of_shipping

START, DUMP, LOAD = 0.2, 0.4, 0.3


def one_after_the_other(workers):
    """Dumps and loads of copies that no pipe holds: the parent waits until each is taken."""
    at, dumps, loads = 0.0, [], []
    for _ in range(workers):
        dumps.append((at, at + DUMP))
        loads.append((at + DUMP + START, at + DUMP + START + LOAD))
        at = loads[-1][1]
    return dumps, loads


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_all_workers_but_the_last_start_one_after_the_other_because_of_the_data(workers):
    dumps, loads = one_after_the_other(workers)
    assert seconds_of_shipping(dumps, loads) == pytest.approx(workers * (DUMP + LOAD) + (workers - 1) * START)


def test_data_that_a_pipe_holds_keeps_no_worker_from_starting():
    dumps = [(0.0, 0.001), (0.002, 0.003)]
    loads = [(START, START + 0.001), (START, START + 0.001)]
    assert seconds_of_shipping(dumps, loads) == pytest.approx(0.004)


def test_nothing_is_shipped_with_fork():
    assert seconds_of_shipping([], []) == 0.0
