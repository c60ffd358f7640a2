"""Workers killed at random moments: nothing is lost, nothing comes twice, nothing is wrong.

The long form is ``make soak``; it prints what a kill costs.
"""

import itertools
import statistics
import time

import numpy as np
import pytest

import engine
from engine.pool.starting import START_METHODS
from engine.workload import ResultSpec
from tests.faults.pools import History, Killer

SHAPE = (19, 5)
FORMS = {"slots": ResultSpec("float64", SHAPE), "pipe": None}
TASKS = range(200)
WAYS = list(itertools.product(FORMS, ["auto", 1, 20]))


def table(task):
    """A table that only this task can have made, in about 0.5 ms."""
    chance = np.random.default_rng(task)
    total = np.zeros(SHAPE)
    for _ in range(100):
        total += chance.random(SHAPE)
    return total


@pytest.fixture(scope="module")
def expected():
    return History(table, TASKS)


class Passes:
    """Passes over the same tasks, each checked against the sequential one."""

    def __init__(self, pool, expected, form, chunk_size):
        self._pool, self._expected = pool, expected
        self._options = {"result": FORMS[form], "chunk_size": chunk_size, "on_error": engine.retry(50)}

    def one(self, note=iter):
        """Make one pass; return its seconds. ``note``: what looks on."""
        begun = time.monotonic()
        self._expected.again().watch(note(self._pool.unordered(table, TASKS, **self._options)))
        return time.monotonic() - begun

    def killing(self, seed, kills):
        """Make passes until so many workers have been killed; return the seconds of each."""
        seconds = []
        with Killer(self._pool, seed, kills) as killer:
            while killer.busy:
                seconds.append(self.one(killer.note))
        return seconds


@pytest.mark.timeout(60)
@pytest.mark.parametrize("method", START_METHODS)
def test_workers_killed_at_random_cost_no_result(method, expected):
    kills = {"forkserver": 5, "spawn": 1, "fork": 2}[method]
    with engine.pool(2, start_method=method) as pool:
        for seed, (form, chunk_size) in enumerate(WAYS):
            Passes(pool, expected, form, chunk_size).killing(seed, kills)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("form", "chunk_size"), WAYS)
@pytest.mark.parametrize(("method", "kills"), [("forkserver", 300), ("fork", 70), ("spawn", 20)])
def test_thousands_of_kills_cost_no_result(method, kills, form, chunk_size, expected, capsys):
    with engine.pool(2, start_method=method) as pool:
        passes = Passes(pool, expected, form, chunk_size)
        usual = statistics.median(passes.one() for _ in range(5))
        seconds = passes.killing(seed_of(method, form, chunk_size), kills)
    cost = (sum(seconds) - usual * len(seconds)) / kills
    with capsys.disabled():
        print(f"\n{method}, {form}, chunks of {chunk_size}: {kills} kills, {cost * 1e3:.1f} ms each", flush=True)


def seed_of(*names):
    return sum(map(ord, "".join(map(str, names))))
