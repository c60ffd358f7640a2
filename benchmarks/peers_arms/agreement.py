"""Do the arms compute the same? Every difference is named, with whether an exact tie explains it."""

import msgspec
import numpy as np

from peers_arms.arms import ARMS, OWN
from peers_arms.rounds import Measured
from peers_arms.series import PAIRS, tied

TOLERANCE = 1e-9
"""Largest relative difference of final equities that are the same."""


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
    unexplained: list[Difference]
    """Pairs that differ without such a bar."""
    entries_differ: int
    """Pairs that end alike with another number of entries; not judged where the arm does not count an open one."""

    def line(self, name: str) -> str:
        """Return it in words."""
        listed = ", ".join(f"({each.fast}, {each.slow}) {each.difference:+.2f}" for each in self.ties)
        words = f"{name}: {self.pairs:,} pairs compared; {len(self.unexplained)} differ without a tie"
        return (
            f"{words}, {self.entries_differ} in entries alone, {len(self.ties)} with ties{': ' * bool(listed)}{listed}"
        )


def agreements(measured: Measured, closes: np.ndarray) -> dict[str, Agreement]:
    """Return the comparison of every arm that has results with ours."""
    ties = tied(closes)
    return {
        arm.name: _agreement(measured, arm.name, arm.counts_open, ties)
        for arm in ARMS
        if arm.name != OWN and {arm.name, OWN} <= measured.figures.keys()
    }


def _agreement(measured: Measured, name: str, counts_open: bool, ties: set[tuple[int, int]]) -> Agreement:
    pairs = measured.pairs[name]
    (equity, entries), (own_equity, own_entries) = (
        measured.figures[name],
        (figures[pairs] for figures in measured.figures[OWN]),
    )
    differs = np.abs(equity - own_equity) > TOLERANCE * own_equity
    differing = [
        Difference(*PAIRS[pairs[at]], round(float(equity[at] - own_equity[at]), 4)) for at in np.flatnonzero(differs)
    ]
    with_ties = [each for each in differing if (each.fast, each.slow) in ties]
    without = [each for each in differing if (each.fast, each.slow) not in ties]
    other = int(((entries != own_entries) & ~differs).sum()) if counts_open else 0
    return Agreement(len(pairs), with_ties, without, other)
