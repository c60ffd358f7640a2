"""Can the gate be trusted? How often `workbench compare` cries wolf, and how often it misses a slowdown.

    python benchmarks/trust.py [--quick] [--json] [--out FILE]

Sweeps are made up, pairs of them are judged by the rule of `engine.analyse.comparing`, and verdicts are counted: of
1,000 pairs of identical code, and of 1,000 pairs in which some plan became slower. Between the two sweeps and during
each the machine drifts; every process is 2 % (or 5 %) off, every run 1 %, and some runs are hit by a spike. No
measurement is taken, so the figures are the same on every machine. ``--quick`` takes 200 pairs.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from overhead_arms.report import Claim, Table, claim, claim_line, progress, table_lines
from scipy import stats

from engine.analyse.comparing import compare
from engine.analyse.comparing.rule import Code, Decision, decide
from engine.analyse.comparing.views import Points
from engine.host import describe_host
from engine.plan import Plan
from engine.report import Measurement, SweepReport, TrialReport, WorkloadFacts

Array = NDArray[np.float64]

HOST = describe_host()
THRESHOLD = 0.05
PAIRS, QUICK_PAIRS = 1000, 200
CHECKED = 5
"""Pairs of every scenario that are judged once more by way of whole reports."""


@dataclass(frozen=True)
class Noise:
    """What the machine does, as parts of a time."""

    between: float = 0.02
    """Standard deviation between processes: from block to block, of a plan as of the control."""
    shared: float = 0.5
    """Part of its variance that the plans of a block have in common, since one process measures them all; the rest is
    of their own workers. The control is a process of its own."""
    uneven: float = 0.0
    """Standard deviation of the logarithm of how much more some plans vary on their own than others."""
    within: float = 0.01
    """Between the runs of one process."""
    drift: float = 0.005
    """Of the machine, from one block to the next (a random walk)."""
    session: float = 0.01
    """Of the machine, between the two sweeps, on top."""
    sensitivity: float = 0.2
    """How differently plans follow the machine."""
    spikes: float = 0.02
    """Part of the runs that something else disturbs without any sensor noticing."""
    height: float = 0.3
    """Mean of what such a run takes longer (exponential)."""
    speeds: float = 0.0
    """How much longer everything takes while the machine is at the lower of two speeds; each lasts a few blocks."""


@dataclass(frozen=True)
class Scenario:
    """Two sweeps of one workload."""

    name: str
    plans: int = 24
    blocks: int = 10
    noise: Noise = Noise()
    control: bool = True
    slower: float = 0.0
    """What happened to the code: how much longer it takes."""
    of: int = 1
    """Plans to which it happened; others in every pair."""
    machine: float = 0.0
    """How much slower the machine was for the second sweep, the control included."""


RUNS, CONTROL_RUNS = (1, 5, 25), (5,)
"""Steady runs of a block: slow plans have one, fast ones up to 25; plans take turns."""

LOUD, OWN, UNEVEN = Noise(between=0.05), Noise(shared=0.0), Noise(uneven=0.6)
"""Processes that differ by 5 %; plans with nothing in common but the machine; plans of which some vary three times as
much as others."""

A_A = (
    Scenario("identical code, 24 plans"),
    Scenario("identical code, 12 plans", plans=12),
    Scenario("identical code, 4 plans, as in profiles/ci.toml", plans=4),
    Scenario("identical code, 24 plans, 5 % noise", noise=LOUD),
    Scenario("identical code, 12 plans, 5 % noise", plans=12, noise=LOUD),
    Scenario("identical code, 24 plans, noise of their own", noise=OWN),
    Scenario("identical code, 24 plans, some noisier", noise=UNEVEN),
    Scenario("identical code, 24 plans, no control", control=False),
    Scenario("identical code, 24 plans, 5 blocks", blocks=5),
    Scenario("identical code, 24 plans, 3 blocks", blocks=3),
    Scenario("identical code, 3 plans, 5 blocks", plans=3, blocks=5),
    Scenario("identical code, 1 plan", plans=1),
    Scenario("identical code, machine 4 % slower", machine=0.04),
    Scenario("identical code, machine 10 % slower", machine=0.10),
)
PLANTED = (
    Scenario("one of 24 plans 5 % slower", slower=0.05),
    Scenario("one of 12 plans 5 % slower", plans=12, slower=0.05),
    Scenario("one of 4 plans 5 % slower", plans=4, slower=0.05),
    Scenario("one of 24 plans 5 % slower, noise of their own", slower=0.05, noise=OWN),
    Scenario("the same, 15 blocks", slower=0.05, noise=OWN, blocks=15),
    Scenario("one of 24 plans 5 % slower, no control", slower=0.05, control=False),
    Scenario("8 of 24 plans 5 % slower", slower=0.05, of=8),
    Scenario("all of 24 plans 5 % slower", slower=0.05, of=24),
    Scenario("all of 24 plans 10 % slower, no control", slower=0.10, of=24, control=False),
    Scenario("one of 24 plans 5 % slower, 5 blocks", slower=0.05, blocks=5),
    Scenario("one of 24 plans 5 % slower, 3 blocks", slower=0.05, blocks=3),
    Scenario("one of 24 plans 10 % slower, 5 blocks", slower=0.10, blocks=5),
    Scenario("one of 24 plans 1 % slower", slower=0.01),
    Scenario("16 of 24 plans 10 % faster", slower=-0.10, of=16),
    Scenario("16 of 24 plans 4 % faster", slower=-0.04, of=16),
    Scenario("one of 24 plans 5 % slower, machine 4 % slower", slower=0.05, machine=0.04),
    Scenario("one of 24 plans 20 % slower, machine 10 % slower", slower=0.20, machine=0.10),
    Scenario("one plan alone 5 % slower", plans=1, slower=0.05),
)

ERRATIC = (
    Scenario("identical code, 24 plans, a machine of two speeds", noise=Noise(speeds=0.75)),
    Scenario("identical code, 2 plans, a machine of two speeds", plans=2, noise=Noise(speeds=0.75)),
)
"""As the two shared cores at hand were seen to be."""
STAYS = 0.7
"""Probability that the next block begins at the same speed, and that a plan is measured at that of its block."""


@dataclass(frozen=True)
class Made:
    """Pairs of sweeps, as log points [pairs, plans, blocks] and [pairs, blocks]."""

    before: Points
    after: Points
    changed: NDArray[np.bool_]
    """[pairs, plans]: which plans became slower or faster."""


def make(scenario: Scenario, pairs: int, random: np.random.Generator) -> Made:
    """Make up so many pairs of sweeps."""
    noise, blocks = scenario.noise, scenario.blocks
    walk = np.cumsum(random.normal(0, noise.drift, (pairs, 2 * blocks)), axis=1)
    walk[:, blocks:] += random.normal(np.log1p(scenario.machine), noise.session, (pairs, 1))
    follows = random.normal(1, noise.sensitivity, (pairs, scenario.plans, 1))
    size = np.log(random.uniform(0.01, 10, (pairs, scenario.plans, 1)))
    own: Any = noise.between * (1 - noise.shared) ** 0.5
    own = own * np.exp(random.normal(0, noise.uneven, (pairs, scenario.plans, 1)))
    turn = random.integers(scenario.plans, size=(pairs, 1))
    changed = (np.arange(scenario.plans) - turn) % scenario.plans < (scenario.of if scenario.slower else 0)
    sides = []
    for machine in (walk[:, :blocks], walk[:, blocks:]):
        common = random.normal(0, noise.between * noise.shared**0.5, (pairs, 1, blocks))
        plans = size + follows * machine[:, None, :] + common
        plans = plans + random.normal(0, 1, (pairs, scenario.plans, blocks)) * own
        plans += runs_of(noise, plans.shape, RUNS, random)
        control = machine + runs_of(noise, (pairs, 1, blocks), CONTROL_RUNS, random)[:, 0]
        control += random.normal(0, noise.between, control.shape)
        if noise.speeds:
            slow = speeds_of(pairs, scenario.plans + 1, blocks, random) * np.log1p(noise.speeds)
            plans, control = plans + slow[:, 1:], control + slow[:, 0]
        sides.append(Points(plans, control if scenario.control else np.full_like(control, np.nan)))
    sides[1].plans[changed] += np.log1p(scenario.slower)
    return Made(sides[0], sides[1], changed)


def speeds_of(pairs: int, series: int, blocks: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """Return whether the machine was at its lower speed [pairs, series, blocks]; the control is the first series."""
    begun = random.random((pairs, 1, 1)) < 0.5
    switched = np.cumsum(random.random((pairs, 1, blocks)) > STAYS, axis=-1) % 2 == 1
    elsewhere = random.random((pairs, series, blocks)) > STAYS
    return np.asarray(begun ^ switched ^ elsewhere)


def runs_of(noise: Noise, shape: tuple[int, ...], numbers: Sequence[int], random: np.random.Generator) -> Array:
    """Return what the runs add to a block's point, which is their median. ``numbers``: of runs, plans taking turns."""
    points = np.empty(shape)
    for turn, runs in enumerate(numbers):
        own = points[:, turn :: len(numbers)]
        spikes = (random.random((*own.shape, runs)) < noise.spikes) * random.exponential(
            noise.height, (*own.shape, runs)
        )
        own[...] = np.median(random.normal(0, noise.within, (*own.shape, runs)) + np.log1p(spikes), axis=-1)
    return points


@dataclass(frozen=True)
class Outcome:
    """What became of the pairs of one scenario, as shares; all but ``found`` are of whole comparisons."""

    scenario: Scenario
    slower: float
    """Any plan at all."""
    found: float | None
    """Of the plans that changed; None where none did."""
    ambiguous: float
    contaminated: float
    naive: float
    """A t-test of the blocks at 5 %, plan by plan, without any of this: any plan slower."""


def judge(scenario: Scenario, pairs: int, seed: int) -> Outcome:
    """Count the verdicts. Raises ValueError if whole reports are judged otherwise than the arrays."""
    progress(scenario.name)
    made = make(scenario, pairs, np.random.default_rng([seed]))
    decision = decide(made.before, made.after, THRESHOLD)
    _check(scenario, made, decision)
    whole = verdicts(decision)
    wanted = Code.CLEAR_SLOWDOWN if scenario.slower > 0 else Code.CLEAR_SPEEDUP
    found = float((decision.codes == wanted)[made.changed].mean()) if scenario.slower else None
    shares = {name: float(np.mean(whole == name)) for name in ("slower", "ambiguous", "contaminated")}
    return Outcome(scenario, found=found, naive=_naive(made), **shares)


def verdicts(decision: Decision) -> NDArray[np.str_]:
    """Return the verdict of each pair as a whole, as ``compare`` gives it."""
    codes, machine = decision.codes, decision.machine
    harmless = (Code.WITHIN_THRESHOLD, Code.BELOW_MINIMUM, Code.CLEAR_SPEEDUP, Code.COULD_BE_FASTER)
    doubtful = (~np.isin(codes, harmless)).any(axis=1) | (machine.known & machine.undecided)[:, 0]
    return np.select(
        [
            (codes == Code.CLEAR_SLOWDOWN).any(axis=1),
            np.isin(codes, (Code.CONTROL_SHIFTED, Code.CONTROL_UNSTEADY)).any(axis=1),
            doubtful,
            (codes == Code.CLEAR_SPEEDUP).any(axis=1),
        ],
        ["slower", "contaminated", "ambiguous", "faster"],
        "same",
    )


def _naive(made: Made) -> float:
    found = stats.ttest_ind(made.after.plans, made.before.plans, axis=-1, alternative="greater")
    return float(np.mean((np.asarray(found.pvalue) < 0.05).any(axis=1)))


def _check(scenario: Scenario, made: Made, decision: Decision) -> None:
    expected = verdicts(decision)
    for pair in range(min(CHECKED, len(expected))):
        before, after = (report_of(side.plans[pair], side.control[pair]) for side in (made.before, made.after))
        found = compare(before, after, THRESHOLD).verdict
        if found != expected[pair]:
            raise ValueError(f"{scenario.name}, pair {pair}: the reports are {found}, the arrays {expected[pair]}")


def report_of(plans: Array, control: Array) -> SweepReport:
    """Return a report with these points."""
    seconds = np.exp(plans)
    trials = tuple(
        TrialReport(
            plan=Plan(mode="sequential", kernel=f"kernel {index}"),
            status="ok",
            samples=tuple(
                Measurement(block=block, setup=0.0, first_run=value, steady=(value,))
                for block, value in enumerate(points.tolist())
            ),
        )
        for index, points in enumerate(seconds)
    )
    return SweepReport(
        workbench="0",
        created="",
        complete=True,
        blocks=plans.shape[1],
        confidence=0.95,
        host=HOST,
        workload=WorkloadFacts(name="made up", reference="", size="", tasks=1),
        baseline=trials[0].plan,
        trials=trials,
        control_seconds=() if np.isnan(control).any() else tuple(np.exp(control).tolist()),
    )


FOUND = ("one of 24 plans 5 % slower", "one of 12 plans 5 % slower", "one of 4 plans 5 % slower")
"""Scenarios of ten blocks of which nine in ten must be found."""


def claims_of(outcomes: Sequence[Outcome], note: str = "") -> list[Claim]:
    """Return what is said of the gate. ``note``: why it is not judged."""
    claims = [
        claim(f'false "slower": {each.scenario.name}', [100 * each.slower], "%", 1, "at most", note)
        for each in outcomes
        if not each.scenario.slower
    ]
    by_name = {each.scenario.name: 100 * (each.found or 0.0) for each in outcomes}
    claims += [claim(f"found: {name}, 10 blocks", [by_name[name]], "%", 90, "at least", note) for name in FOUND]
    small = by_name["one of 24 plans 1 % slower"]
    return [*claims, claim("failed: a plan that is 1 % slower", [small], "%", 1, "at most", note)]


def table_of(outcomes: Sequence[Outcome]) -> Table:
    """Return the shares of verdicts."""
    header = ("scenario", "blocks", "slower", "found", "ambiguous", "contaminated", "t-test")
    rows = [
        (
            each.scenario.name,
            str(each.scenario.blocks),
            *map(_percent, (each.slower, each.found, each.ambiguous, each.contaminated, each.naive)),
        )
        for each in outcomes
    ]
    notes = (
        "slower: any plan; found: of the plans that were changed; what is left to 100 % is same or faster.",
        "t-test: any plan significantly slower at 5 % by a t-test of its blocks, as a gate without all this has it.",
    )
    return Table(f"verdicts on made-up sweeps, limit {THRESHOLD:.0%}", header, rows, notes)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def main() -> None:
    """Make up, judge, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_PAIRS} pairs of each kind")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, help="also write that document to a file")
    given = parser.parse_args()
    pairs = QUICK_PAIRS if given.quick else PAIRS
    outcomes = [judge(scenario, pairs, seed) for seed, scenario in enumerate((*A_A, *PLANTED, *ERRATIC))]
    claims = claims_of(outcomes, f"{QUICK_PAIRS} pairs only" if given.quick else "")
    document: dict[str, Any] = {
        "claims": claims,
        "host": describe_host(),
        "versions": {"numpy": np.__version__},
        "pairs": pairs,
        "threshold": THRESHOLD,
        "noise": vars(Noise()),
        "samples": outcomes,
    }
    text = msgspec.json.format(msgspec.json.encode(document), indent=1).decode()
    if given.out:
        given.out.write_text(text + "\n")
    lines = [*map(claim_line, claims), *table_lines(table_of(outcomes))]
    print(text if given.json else "\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
