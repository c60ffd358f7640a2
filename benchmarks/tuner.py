"""Is the tuner right, how soon, and at what cost? Races over made-up spaces whose truth is known.

    python benchmarks/tuner.py [--quick] [--json] [--out FILE] [--recorded REPORT ...]

A space is modes × workers × chunk sizes × kernels, with drift, noise between processes, spikes and, in half of them,
near ties; plans differ in how noisy they are. A race is compared with the full grid of ten interleaved blocks. The
certificate ("at most 3 % from the best, 95 %") has to be true, the best plan has to win or be a listed tie, and the
cost counts the first block, in which slow plans are cut off at 30 times the fastest. ``--recorded`` takes reports of
``workbench sweep --full-grid`` as further spaces. No hardware is measured. ``--quick``: a twentieth of the spaces.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean

import msgspec
import numpy as np
from overhead_arms.report import Claim, Table, claim, claim_line, table_lines

from engine.report import SweepReport
from engine.tune.blocks import CAP
from engine.tune.race import Rules
from engine.tune.replay import Noise, Replay, Space, made_up, recorded, replay

SPACES = 100
"""Of each size and kind."""

QUIET, LOUD = Noise(), Noise(between=0.05, within=0.02, drift=0.08, spikes=0.02)
"""A shared machine on a good day and on a bad one."""

KINDS: dict[str, tuple[int, float, Noise]] = {
    "24 plans": (24, 0.0, QUIET),
    "24 plans, near ties": (24, 0.05, QUIET),
    "120 plans": (120, 0.0, QUIET),
    "120 plans, near ties": (120, 0.05, QUIET),
    "176 plans": (176, 0.0, QUIET),
    "176 plans, near ties": (176, 0.05, QUIET),
    "120 plans, loud": (120, 0.0, LOUD),
}
"""Plans, share of near ties, noise."""

SHARES = (0.01, 0.02, 0.03, 0.05, 0.075, 0.10, 0.15, 0.20)
"""Of the full grid's cost, at which the curve is read."""

Replays = dict[str, list[Replay]]


def races(count: int, reports: Sequence[Path]) -> Replays:
    """Race over so many spaces of each kind, and over recorded ones."""
    found: Replays = defaultdict(list)
    for name, (plans, near, noise) in KINDS.items():
        for seed in range(count):
            found[name].append(_race(made_up(plans, seed, noise, near), seed))
    for path in reports:
        space = recorded(msgspec.json.decode(path.read_bytes(), type=SweepReport))
        found[f"recorded: {path.stem}"] += [_race(space, seed) for seed in range(max(1, count // 5))]
    return found


def _race(space: Space, seed: int) -> Replay:
    return replay(space, Rules(), seed, CAP)


def claims_of(found: Replays) -> Iterator[Claim]:
    """Yield the agreed figures, over all spaces."""
    every = [each for replays in found.values() for each in replays]
    large = [each for name, replays in found.items() if name.startswith(("120", "176")) for each in replays]
    yield claim(
        f"spaces of {len(every)} whose certificate is true", [mean(each.true for each in every)], "", 0.95, AT_LEAST
    )
    yield claim(
        "spaces in which the best plan wins or is a listed tie", [mean(e.found for e in every)], "", 0.95, AT_LEAST
    )
    yield claim("mean cost with 120 plans or more, of the full grid", [mean(map(_cost, large))], "", 0.20, "at most")
    ninth = float(np.quantile([_cost(each) for each in large], 0.9))
    yield claim("the same, nine races of ten", [ninth], "", 0.20, "at most")
    yield claim(
        "fraction of the optimum at a tenth of the cost", [mean(reached(e, 0.10) for e in every)], "", 0.99, AT_LEAST
    )


AT_LEAST = "at least"


def _cost(each: Replay) -> float:
    return each.cost / each.full_cost


def reached(each: Replay, share: float) -> float:
    """Return the fraction of the optimum at a share of the full grid's cost; 0 before anything was measured."""
    return next((fraction for cost, fraction in reversed(each.curve) if cost <= share), 0.0)


def tables_of(found: Replays) -> Iterator[Table]:
    """Yield how races went by kind of space, and how near the optimum they were by what they had spent."""
    header = ("spaces", "true", "found", "exact best", "regret, 95 of 100", "cost", "blocks", "ties", "decided")
    rows = [(name, *_row(replays)) for name, replays in found.items()]
    yield Table("Races by kind of space", header, rows, ("cost: mean part of the full grid of ten interleaved blocks",))
    rows = [
        (name, *(f"{mean(reached(each, s) for each in each_of):.3f}" for s in SHARES))
        for name, each_of in found.items()
    ]
    yield Table("Fraction of the optimum by cost", ("part of the full grid", *(f"{s:.1%}" for s in SHARES)), rows)


def _row(replays: Sequence[Replay]) -> tuple[str, ...]:
    return (
        f"{mean(each.true for each in replays):.3f}",
        f"{mean(each.found for each in replays):.3f}",
        f"{mean(each.best == each.standing.leader for each in replays):.3f}",
        f"{np.quantile([each.regret for each in replays], 0.95):.2%}",
        f"{mean(map(_cost, replays)):.1%}",
        f"{mean(each.standing.blocks for each in replays):.1f}",
        f"{mean(len(each.standing.ties) for each in replays):.1f}",
        f"{mean(each.standing.decided for each in replays):.0%}",
    )


def main() -> None:
    """Race, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the spaces")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, help="also write that document to a file")
    parser.add_argument("--recorded", type=Path, nargs="*", default=[], help="reports of full grids, as spaces")
    given = parser.parse_args()
    found = races(SPACES // 20 if given.quick else SPACES, given.recorded)
    claims, tables = list(claims_of(found)), list(tables_of(found))
    document = {
        "claims": claims,
        "quick": given.quick,
        "curve": {name: {f"{s}": mean(reached(e, s) for e in each) for s in SHARES} for name, each in found.items()},
        "samples": {
            name: [[e.cost / e.full_cost, e.regret, e.standing.within] for e in each] for name, each in found.items()
        },
    }
    text = msgspec.json.format(msgspec.json.encode(document), indent=1).decode()
    if given.out:
        given.out.write_text(text + "\n")
    lines = [*map(claim_line, claims), *(line for table in tables for line in table_lines(table))]
    print(text if given.json else "\n".join(lines))


if __name__ == "__main__":
    main()
