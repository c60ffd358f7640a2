"""What disturbed a sweep, in a few sentences."""

from collections import defaultdict
from collections.abc import Iterator

from engine.analyse.ledger import Ledger

MOST = 8
"""Sentences; a sweep on a busy machine would have hundreds."""


def disturbances(ledger: Ledger) -> tuple[str, ...]:
    """Return which blocks something else disturbed, why, and what became of their measurements."""
    sentences = list(_sentences(ledger))
    rest = len(sentences) - MOST
    return (*sentences[:MOST], f"and {rest} more blocks were disturbed") if rest > 1 else tuple(sentences)


def _sentences(ledger: Ledger) -> Iterator[str]:
    again: dict[int, list[str]] = defaultdict(list)
    spoilt: dict[int, list[str]] = defaultdict(list)
    for plan in range(len(ledger.started.plans)):
        for block, sample in ledger.repeated[plan]:
            again[block] += sample.noise.reasons if sample.noise else ()
        for block, sample in ledger.samples[plan].items():
            if sample.noise and not sample.undisturbed:
                spoilt[block] += sample.noise.reasons
    for block in sorted(again.keys() | spoilt.keys()):
        reasons = again[block] or spoilt[block]
        repeated = f"{_times(len(again[block]))} measured again" if again[block] else ""
        left = f"{_times(len(spoilt[block]))} left out" if spoilt[block] else ""
        yield f"block {block + 1}: {reasons[0]}; {' and '.join(part for part in (repeated, left) if part)}"


def _times(count: int) -> str:
    return f"{count} measurement{'' if count == 1 else 's'}"
