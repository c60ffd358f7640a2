"""Do the arms compute the same? Every difference is named, with whether an exact tie explains it."""

import msgspec
import numpy as np

from peers_arms.arms import ARMS, OWN, Arm
from peers_arms.rounds import Measured
from peers_arms.series import PAIRS, crossing_last, tied

TOLERANCE = 1e-9
"""Largest relative difference of final equities that are the same."""


Pair = tuple[int, int]


class Difference(msgspec.Struct, frozen=True):
    """A pair that ends elsewhere."""

    fast: int
    slow: int
    difference: float
    """Final equity of the arm less ours."""


class Agreement(msgspec.Struct, frozen=True):
    """How the results of an arm compare with ours."""

    pairs: int
    ties: list[Difference]
    """Pairs that differ and whose averages are exactly equal on some bar."""
    last_bar: list[Difference]
    """Pairs that differ and cross on the last bar, where the arm fills no order."""
    unexplained: list[Difference]
    """Pairs that differ without such a reason."""
    entries_differ: int
    """Pairs that end alike with another number of entries; not judged where the arm does not count an open one."""

    def line(self, name: str) -> str:
        """Return it in words."""
        return (
            f"{name}: {self.pairs:,} pairs compared; {len(self.unexplained)} differ without a reason, "
            f"{self.entries_differ} in entries alone, {_listed(self.ties)} with ties, "
            f"{_listed(self.last_bar)} with a cross on the last bar, whose order it does not fill"
        )


def _listed(differences: list[Difference]) -> str:
    """How many, and which."""
    each = ", ".join(f"({each.fast}, {each.slow}) {each.difference:+.2f}" for each in differences)
    return f"{len(differences)} ({each})" if each else "0"


def agreements(measured: Measured, closes: np.ndarray) -> dict[str, Agreement]:
    """Return the comparison of every arm that has results with ours."""
    ties, last = tied(closes), crossing_last(closes)
    return {
        arm.name: _agreement(measured, arm, ties, set() if arm.fills_last else last)
        for arm in ARMS
        if arm.name != OWN and {arm.name, OWN} <= measured.figures.keys()
    }


def _agreement(measured: Measured, arm: Arm, ties: set[Pair], last: set[Pair]) -> Agreement:
    pairs = measured.pairs[arm.name]
    (equity, entries), (own_equity, own_entries) = (
        measured.figures[arm.name],
        (figures[pairs] for figures in measured.figures[OWN]),
    )
    differs = np.abs(equity - own_equity) > TOLERANCE * own_equity
    reasons: dict[str, list[Difference]] = {"ties": [], "last_bar": [], "unexplained": []}
    for at in np.flatnonzero(differs):
        pair = PAIRS[pairs[at]]
        reason = "ties" if pair in ties else "last_bar" if pair in last else "unexplained"
        reasons[reason].append(Difference(*pair, round(float(equity[at] - own_equity[at]), 4)))
    other = int(((entries != own_entries) & ~differs).sum()) if arm.counts_open else 0
    return Agreement(pairs=len(pairs), entries_differ=other, **reasons)
