"""Every arm in a process of its own: first result from a cold start, comparison, then interleaved rounds."""

import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import numpy as np
from overhead_arms.remote import Remote, RemoteFailure

from engine.workloads.crossover.data import Series
from peers_arms import session
from peers_arms.arms import ARMS, Arm, Figures
from peers_arms.series import PAIRS

PATIENCE = 300.0
"""Seconds a call may take; vectorbt's first compilation takes up to a minute."""

SINGLE = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass
class Measured:
    """What was found, by arm."""

    pairs: dict[str, list[int]] = field(default_factory=dict)
    """Positions in PAIRS that the arm worked on."""
    figures: dict[str, Figures] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    """Of the whole sweep, by round."""
    cold: dict[str, list[float]] = field(default_factory=dict)
    """Seconds from starting a process to its first figures, compiled code cached on disk."""
    bare: dict[str, float] = field(default_factory=dict)
    """The same with nothing compiled yet."""
    memory: dict[str, int] = field(default_factory=dict)
    """Most bytes resident after the first sweep."""
    missing: dict[str, str] = field(default_factory=dict)

    def per_backtest(self, name: str) -> list[float]:
        """Return seconds per backtest, by round."""
        return [seconds / len(self.pairs[name]) for seconds in self.seconds.get(name, [])]

    def ratio(self, name: str, other: str) -> list[float]:
        """Return how many times longer a backtest of ``name`` takes than one of ``other``, by round."""
        return [mine / theirs for mine, theirs in zip(self.per_backtest(name), self.per_backtest(other), strict=False)]


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """Set variables for the processes started meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def measure(series: Series, rounds: int, starts: int, few: int) -> Measured:
    """Measure every arm that is installed; slow ones get ``few`` pairs, spread evenly."""
    measured = Measured()
    with environment(TQDM_DISABLE="1", **dict.fromkeys(SINGLE, "1")), ExitStack() as stack:
        opened: dict[str, Remote] = {}
        for arm in ARMS:
            if reason := arm.missing():
                measured.missing[arm.name] = reason
                continue
            measured.pairs[arm.name] = _pairs(arm, few)
            try:
                _start_bare(arm, series, measured)
                for _ in range(starts):
                    begun = time.perf_counter()
                    opened[arm.name] = stack.enter_context(Remote())
                    _start(opened[arm.name], arm, series, measured)
                    measured.cold.setdefault(arm.name, []).append(time.perf_counter() - begun)
            except RemoteFailure as failure:
                measured.missing[arm.name] = str(failure)
        _interleave(opened, rounds, measured)
    return measured


def _pairs(arm: Arm, few: int) -> list[int]:
    count = len(PAIRS)
    return np.linspace(0, count - 1, few).astype(int).tolist() if arm.few else list(range(count))


def _start_bare(arm: Arm, series: Series, measured: Measured) -> None:
    with tempfile.TemporaryDirectory() as folder, environment(NUMBA_CACHE_DIR=folder):
        begun = time.perf_counter()
        with Remote() as remote:
            remote.call(session.first_result, arm.name, series, measured.pairs[arm.name], patience=PATIENCE)
            measured.bare[arm.name] = time.perf_counter() - begun


def _start(remote: Remote, arm: Arm, series: Series, measured: Measured) -> None:
    """Take the first figures of a process."""
    name = arm.name
    measured.figures[name], measured.memory[name] = remote.call(
        session.first_result, name, series, measured.pairs[name], patience=PATIENCE
    )


def _interleave(opened: dict[str, Remote], rounds: int, measured: Measured) -> None:
    order = random.Random(1)
    for _ in range(rounds):
        names: Sequence[str] = order.sample(sorted(opened), len(opened))
        for name in names:
            seconds = opened[name].call(session.clock, patience=PATIENCE)
            measured.seconds.setdefault(name, []).append(seconds)
        print(".", end="", file=sys.stderr, flush=True)
