"""The race: which plans to measure in the next block, when to stop, and how sure the winner is. It runs nothing itself.

Every block measures each plan still in the race once, so differences are taken within blocks, where a slow minute
cancels. After each block a plan leaves that is slower than the leader beyond doubt; the race is decided when no plan
that is left can be more than ``within`` faster than the leader. Both are judged by the same bounds.

The bounds are those of a paired t-test on logarithms whose variances are moderated: a plan's own few blocks are pooled
with those of all others as if it had been seen in six blocks more (Smyth, Linear models and empirical Bayes
methods, Statistical Applications in Genetics and Molecular Biology 3(1), 2004). Looking after every block would inflate
the error, so look k spends 1 / (k (k + 1)) of it, which adds up to all of it (alpha spending: Lan and DeMets,
Biometrika 70, 1983), shared between the plans that are left (Bonferroni).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf, log

import numpy as np
from scipy.special import stdtrit

from engine.measure.statistics import LIKE, FloatArray, additive_fit, scatter


@dataclass(frozen=True)
class Rules:
    """What the race is to find out, and how hard it may try."""

    within: float = 0.03
    """The winner is to be at most this share slower than any other plan."""
    confidence: float = 0.95
    least: int = 3
    """Blocks that the winner has to be measured in."""
    most: int = 20
    """Blocks after which the race ends undecided."""


@dataclass(frozen=True)
class Standing:
    """How the race stands."""

    leader: int
    within: float
    """It is at most this share slower than any other plan, at the confidence asked for; inf: nothing is known yet."""
    ties: tuple[int, ...] = ()
    """Plans that may be as fast, fastest first."""
    bounds: Mapping[int, float] = field(default_factory=dict)
    """The same as ``within`` for the leader and each tied plan."""
    blocks: int = 0
    """Blocks in which the leader was measured."""
    decided: bool = False


class Race:
    """Measurements so far; ``add`` a block at a time and ask what to do next."""

    def __init__(self, plans: int, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.racing: list[int] = list(range(plans))
        """Plans that may still win."""
        self.since = 0
        """The first block with all plans that race now in it; ``least`` and ``most`` count from here."""
        self._values: FloatArray = np.empty((plans, 0))
        """Logarithm of the seconds, [plans, blocks]; NaN: not measured in that block."""
        self._looks = 0

    @property
    def blocks(self) -> int:
        """Blocks so far."""
        return int(self._values.shape[1])

    def look(self, seconds: Mapping[int, float]) -> list[int]:
        """Take a block's undisturbed measurements and return the plans that leave, slower beyond doubt."""
        self.add(seconds)
        self._looks += 1
        return self._eliminate()

    def add(self, seconds: Mapping[int, float]) -> None:
        """Take a block's undisturbed measurements without a look at them."""
        column = np.full((len(self._values), 1), np.nan)
        for plan, value in seconds.items():
            column[plan] = log(value)
        self._values = np.hstack((self._values, column))

    def withdraw(self, plans: Iterable[int]) -> None:
        """Take plans out of the race that failed, were cut off or answer worse."""
        gone = set(plans)
        self.racing = [plan for plan in self.racing if plan not in gone]

    def next_block(self) -> list[int]:
        """Return the plans to measure next; none: the race is over."""
        return [] if self.blocks - self.since >= self.rules.most or self.standing().decided else list(self.racing)

    def standing(self) -> Standing:
        """Return leader, ties and what can be said of them."""
        if not self.racing or not self.blocks:
            return Standing(self.racing[0] if self.racing else 0, inf, decided=not self.racing)
        bounds, effects = self._bounds()
        worst = np.expm1(np.maximum(bounds.max(axis=1), 0.0))
        order = np.argsort(effects)
        leader, *ties = (self.racing[at] for at in order)
        measured = np.isfinite(self._values[leader])
        within = float(worst[order[0]])
        enough = measured[self.since :].sum() >= min(self.rules.least, self.rules.most)
        decided = within <= self.rules.within and bool(enough)
        by_plan = {self.racing[at]: float(worst[at]) for at in order}
        return Standing(leader, within, tuple(ties), by_plan, int(measured.sum()), decided)

    def _eliminate(self) -> list[int]:
        if len(self.racing) < 2:
            return []
        bounds, effects = self._bounds()
        leader = int(np.argmin(effects))
        # the leader is at most so much slower than the plan: less than nothing says that it is faster
        gone = [plan for at, plan in enumerate(self.racing) if at != leader and bounds[leader, at] < 0.0]
        self.withdraw(gone)
        return gone

    def _bounds(self) -> tuple[FloatArray, FloatArray]:
        """By how much at most each plan in the race is slower than each other one, [racing, racing] logarithms; and the
        effects of the plans, [racing]. Each bound is too low with the probability of error of this look."""
        effects, rest = additive_fit(self._values)
        known = scatter(self._values, rest)
        values, effects, rest = self._values[self.racing], effects[self.racing], rest[self.racing]
        there = np.isfinite(values).astype(np.float64)
        counts = there @ there.T  # blocks that two plans have in common
        squares, own = (rest**2).sum(axis=1), _own_freedom(self._values)[self.racing]
        pair_squares, pair_own = squares[:, None] + squares[None, :], own[:, None] + own[None, :]
        others = np.maximum(known.freedom - pair_own, 0.0)  # degrees of freedom that are not the pair's own
        lent = np.minimum(LIKE, others)
        borrowed = np.maximum(known.variance * known.freedom - pair_squares, 0.0) / np.maximum(others, 1.0)
        freedom = np.maximum(lent + pair_own, 1.0)
        pairs = 2.0 * (lent * borrowed + pair_squares) / freedom
        width = -stdtrit(freedom, self._error())
        with np.errstate(divide="ignore", invalid="ignore"):
            bounds = np.where(counts > 0, _differences(values, counts) + width * np.sqrt(pairs / counts), inf)
        np.fill_diagonal(bounds, 0.0)
        return bounds, effects

    def _error(self) -> float:
        """Return the probability of error that each comparison of this look may have."""
        share = self._looks * (self._looks + 1) if self._looks else 1  # one look at the end spends all of it
        return (1.0 - self.rules.confidence) / share / max(1, len(self.racing) - 1)


def _own_freedom(values: FloatArray) -> FloatArray:
    """Degrees of freedom of each plan's own residuals from a fit of plans and blocks, [plans]."""
    there = np.isfinite(values)
    kept = (there * (1.0 - 1.0 / np.maximum(there.sum(axis=0), 1))).sum(axis=1)
    own: FloatArray = kept * (1.0 - 1.0 / np.maximum(there.sum(axis=1), 1))
    return own


def _differences(values: FloatArray, counts: FloatArray) -> FloatArray:
    """Mean difference of each plan from each other over the blocks they have in common; NaN: there are none."""
    there = np.isfinite(values)
    sums = np.where(there, values, 0.0) @ there.T.astype(np.float64)
    differences: FloatArray = (sums - sums.T) / counts
    return differences
