"""Races over spaces whose truth is known, made up or recorded, so that a change of strategy is judged in seconds and
without hardware."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import log
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.executor import Seconds
from engine.report import SweepReport
from engine.tune.race import Race, Rules, Standing

FloatArray = NDArray[np.float64]

FULL_GRID = 10
"""Blocks of the full interleaved grid that the cost of a race is compared with."""


class Space(Protocol):
    """Plans that can be measured again and again."""

    @property
    def truth(self) -> FloatArray:
        """What each plan takes, without noise; [plans] seconds."""

    def block(self, number: int, rng: np.random.Generator) -> FloatArray:
        """Measure every plan once, in one block; [plans] seconds. Blocks may be asked for in order only."""


@dataclass(frozen=True)
class Noise:
    """What a shared machine does to measurements; shares of the time."""

    between: float = 0.02
    """Standard deviation between two processes of one plan, on average; plans differ in it by a factor of two."""
    within: float = 0.01
    """Standard deviation within a process."""
    drift: float = 0.03
    """Standard deviation of the slow part that all plans of a block share."""
    spikes: float = 0.01
    """Probability that a measurement is disturbed, by 10 to 60 %."""


@dataclass(frozen=True)
class MadeUp:
    """A space after the picture of a real one: modes × workers × chunk sizes × threads, with noise."""

    seconds: FloatArray
    noise: Noise
    spread: FloatArray
    """Noise of each plan, as a multiple of the average."""

    @property
    def truth(self) -> FloatArray:
        """What each plan takes."""
        return self.seconds

    def block(self, number: int, rng: np.random.Generator) -> FloatArray:
        """Measure every plan once."""
        noise, count = self.noise, len(self.seconds)
        shared = rng.normal(0.0, noise.drift) + np.linspace(-0.5, 0.5, count)[rng.permutation(count)] * noise.drift / 3
        own = rng.normal(0.0, 1.0, count) * self.spread * np.hypot(noise.between, noise.within / 2)
        spikes = (rng.random(count) < noise.spikes) * rng.uniform(0.1, 0.6, count)
        return np.asarray(self.seconds * np.exp(shared + own) * (1.0 + spikes))


def made_up(plans: int, seed: int, noise: Noise | None = None, near: float = 0.0) -> MadeUp:
    """Return a space of so many plans; ``near``: share of the plans that come within 2 % of the best.

    A plan takes (serial part + parallel part / workers) × contention + a cost per chunk + imbalance of the last chunks,
    and its mode a constant; modes differ in all of them, as measured on the built-in workloads.
    """
    rng = np.random.default_rng([seed, plans])
    seconds = np.array(list(_grid(plans, rng)))
    close = rng.random(plans) < near
    seconds[close] = seconds.min() * (1.0 + rng.uniform(0.0, 0.02, int(close.sum())))
    spread = np.exp(rng.normal(0.0, 0.35, plans))
    return MadeUp(seconds, noise or Noise(), spread)


def _grid(plans: int, rng: np.random.Generator) -> Iterator[Seconds]:
    work = float(np.exp(rng.uniform(log(0.2), log(5.0))))
    tasks = float(np.exp(rng.uniform(log(500), log(50_000))))
    modes, kernels = 4, 2 if plans <= 24 else 4
    points = list(product(range(modes), range(kernels), (1, 2, 4, 8, 16), (1, 4, 16, 64, 256, 1024)))
    chosen = rng.choice(len(points), plans, replace=False)
    start = np.exp(rng.uniform(log(0.001), log(2.0), modes))
    per_chunk = np.exp(rng.uniform(log(2e-6), log(2e-3), modes))
    serial, coherency = rng.uniform(0.0, 0.3, modes), rng.uniform(0.0, 0.01, modes)
    speed = np.exp(rng.uniform(log(1.0), log(20.0), kernels))
    for mode, kernel, workers, chunk in (points[at] for at in chosen):
        compute = work / speed[kernel] * (serial[mode] + (1 - serial[mode]) / workers)
        contention = 1.0 + coherency[mode] * workers * (workers - 1)
        dispatch = per_chunk[mode] * tasks / chunk
        tail = work / speed[kernel] * min(1.0, chunk / tasks)
        yield float(start[mode] * (1 + 0.1 * workers) + compute * contention + dispatch + tail)


@dataclass(frozen=True)
class Recorded:
    """The undisturbed measurements of a sweep's report, block after block; more blocks than there are draw again."""

    seconds: FloatArray
    """[plans, blocks]"""

    @property
    def truth(self) -> FloatArray:
        """Geometric mean over all blocks, the best that is known."""
        return np.asarray(np.exp(np.log(self.seconds).mean(axis=1)))

    def block(self, number: int, rng: np.random.Generator) -> FloatArray:
        """Return a recorded block: pairs stay together."""
        return np.asarray(self.seconds[:, rng.integers(self.seconds.shape[1])])


def recorded(report: SweepReport) -> Recorded:
    """Return the space of the plans that a full grid measured in every block, by the seconds of a steady run."""
    runs = [trial.runs for trial in report.trials if trial.status == "ok"]
    blocks = max(map(len, runs), default=0)
    return Recorded(np.array([each for each in runs if len(each) == blocks]))


@dataclass(frozen=True)
class Replay:
    """How a race over a space went."""

    standing: Standing
    cost: Seconds
    """Seconds measured."""
    full_cost: Seconds
    """Seconds of the full grid."""
    best: int
    """The plan that is really the fastest."""
    regret: float
    """How much slower the leader really is than that, as a share."""
    curve: Sequence[tuple[Seconds, float]] = field(default_factory=tuple)
    """Share of the full grid's cost, and fraction of the optimum that the leader reached by then."""

    @property
    def true(self) -> bool:
        """Whether what was certified holds; an undecided race certifies what it reached."""
        return self.regret <= self.standing.within + 1e-12

    @property
    def found(self) -> bool:
        """Whether the best plan is the leader or a listed tie."""
        return self.best == self.standing.leader or self.best in self.standing.ties


def replay(space: Space, rules: Rules, seed: int, cap: float = 0.0) -> Replay:
    """Race over a space. ``cap``: in the first block a plan is cut off at so many times the fastest; 0: never."""
    rng = np.random.default_rng([seed, 7])
    truth = space.truth
    race, cost, curve = Race(len(truth), rules), 0.0, []
    full = float(truth.sum()) * FULL_GRID
    while todo := race.next_block():
        seconds = space.block(race.blocks, rng)
        spent, cut = _spent(seconds, todo, cap if race.blocks == 0 else 0.0)
        if not race.blocks:  # on the way through the first block the fastest so far leads
            curve += [
                (sum(spent[: at + 1]) / full, _reached(truth, seconds, todo[: at + 1])) for at in range(len(todo))
            ]
        cost += sum(spent)
        race.withdraw(cut)
        race.look({plan: float(seconds[plan]) for plan in todo if plan not in cut})
        curve.append((cost / full, float(truth.min() / truth[race.standing().leader])))
    standing, best = race.standing(), int(np.argmin(truth))
    regret = float(truth[standing.leader] / truth[best] - 1.0)
    return Replay(standing, cost, full, best, regret, tuple(curve))


def _reached(truth: FloatArray, seconds: FloatArray, seen: Sequence[int]) -> float:
    """Fraction of the optimum that the plan which looks fastest among those seen really reaches."""
    return float(truth.min() / truth[min(seen, key=lambda plan: float(seconds[plan]))])


def _spent(seconds: FloatArray, todo: Sequence[int], cap: float) -> tuple[list[float], set[int]]:
    """Seconds that each plan of a block takes, and the plans that were cut off in it."""
    spent, cut, fastest = [], set(), float("inf")
    for plan in todo:
        limit = cap * fastest if cap and fastest < float("inf") else float("inf")
        spent.append(min(float(seconds[plan]), limit))
        if seconds[plan] > limit:
            cut.add(plan)
        fastest = min(fastest, float(seconds[plan]))
    return spent, cut
