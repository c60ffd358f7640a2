"""The two courses of a sweep: a race, in which plans that cannot win are dropped, and the full grid."""

import time
from collections.abc import Iterator, Sequence
from statistics import median

from engine.analyse.ledger import Ledger
from engine.analyse.recommend import Needs, as_good, good_enough, needs
from engine.events import AnyEvent, PlanEliminated, RaceLooked
from engine.executor import Seconds
from engine.plan import describe
from engine.report import Goal
from engine.request import SweepRequest
from engine.tune.blocks import Blocks
from engine.tune.race import Race, Rules, Standing
from engine.tune.space import compared_with

LEAST = 3
"""Blocks in which the winner of a race is measured at least, unless fewer are asked for: fewer show no noise."""

MORE = 4
"""A race takes at most so many times the blocks that were asked for."""

SPOILT = 2
"""Blocks in a row without an undisturbed measurement after which a race ends: whatever it is, it does not pass."""

WITH_BASELINE = 2
"""Blocks of a race with the baseline in them, before the one that confirms: it is often the slowest plan of all."""


def grid_course(request: SweepRequest, blocks: Blocks, begun: float) -> Iterator[AnyEvent]:
    """Measure every plan in as many blocks as were asked for, each with what it is compared with."""
    ledger = blocks.ledger
    while blocks.taken_over(ledger.blocks):
        yield from blocks.measure(ledger.blocks)
    while todo := [plan for plan in ledger.racing() if len(ledger.samples[plan]) < request.blocks]:
        blocks.ahead = [todo] * (request.blocks - min(len(ledger.samples[plan]) for plan in todo) - 1)
        if ledger.blocks and _over_budget(request, blocks, todo, begun):
            break
        plans = {*todo, *compared_with(blocks.space, todo)} - ledger.failures.keys()
        yield from blocks.measure(ledger.blocks, sorted(plans))
    if request.sample:  # who is fastest over a sample says nothing of all tasks, whose seconds are estimated
        return
    race = Race(len(ledger.started.plans), Rules(within=request.within, least=1, most=request.blocks))
    race.withdraw(_out(ledger))
    for block in range(ledger.blocks):
        race.add(_seconds(ledger, block, request.goal, race.racing))
    yield blocks.note(_looked(ledger.blocks, race.standing(), request, confirmed=False))


def race_course(request: SweepRequest, blocks: Blocks, begun: float) -> Iterator[AnyEvent]:
    """Measure every plan once, then those that may still win, until one has won; then the finalists once more.

    Blocks of an earlier sweep are judged again as they were, as if they were measured now.
    """
    ledger = blocks.ledger
    most = MORE * request.blocks
    race = Race(len(ledger.started.plans), Rules(request.within, least=min(LEAST, request.blocks), most=most))
    race.withdraw(_out(ledger))
    spoilt = 0
    while True:
        block, known = race.blocks, blocks.taken_over(race.blocks)
        race.since = _all_there(ledger, race)
        todo, confirmed = race.next_block(), ledger.standing is not None and ledger.standing.confirmed
        if race.standing().decided and not confirmed:
            yield from _confirm(race, blocks, request)
            if not known:
                return
        elif todo or known:
            blocks.ahead = [todo] * max(0, race.since + race.rules.least - block - 1)
            plans = sorted({*todo, *_baseline_for(ledger, todo)})
            if block and not known and _over_budget(request, blocks, plans, begun):
                return
            new = any(not ledger.samples[plan] for plan in todo)
            yield from blocks.measure(block, plans, capped=new)
            yield from _look(race, blocks, block, request)
            spoilt = 0 if known or _counts(ledger, block) else spoilt + 1
            if spoilt == SPOILT:
                _give_up(ledger)
                return
        else:
            return


def _all_there(ledger: Ledger, race: Race) -> int:
    """The first block with all plans that race now in it: the next one while there are new ones."""
    return max((min(ledger.samples[plan], default=race.blocks) for plan in race.racing), default=0)


def _baseline_for(ledger: Ledger, plans: Sequence[int]) -> list[int]:
    """The baseline, if there are plans that were not measured beside it often enough."""
    beside = [len(ledger.samples[0].keys() & ledger.samples[plan].keys()) for plan in plans]
    return [0] if min(beside, default=WITH_BASELINE) < WITH_BASELINE else []


def _counts(ledger: Ledger, block: int) -> bool:
    """Whether anything was measured undisturbed in a block."""
    return any(block in samples and samples[block].undisturbed for samples in ledger.samples.values())


def _give_up(ledger: Ledger) -> None:
    ledger.cut_short = True
    ledger.notes.append(
        f"the race ended after {_blocks(ledger.blocks)}, because nothing could be measured undisturbed in the last "
        f"{SPOILT}; measure again when the machine is free"
    )


def _look(race: Race, blocks: Blocks, block: int, request: SweepRequest) -> Iterator[AnyEvent]:
    """Take a block into account: who leaves, and how it stands."""
    ledger = blocks.ledger
    race.withdraw(_out(ledger))
    gone = race.look(_seconds(ledger, block, request.goal, race.racing))
    standing = race.standing()
    plans = ledger.started.plans
    for plan in gone:
        reason = f"slower than {describe(plans[standing.leader], plans)} beyond doubt after {_blocks(race.blocks)}"
        yield blocks.note(PlanEliminated(block=block, plan=plan, reason=reason))
    yield blocks.note(_looked(block, standing, request, confirmed=False))


def _confirm(race: Race, blocks: Blocks, request: SweepRequest) -> Iterator[AnyEvent]:
    """Measure winner, runner-up and baseline in fresh processes once more, with what the winner is compared with."""
    ledger, looked = blocks.ledger, blocks.ledger.standing
    assert looked
    winner = _chosen(ledger, looked, request.goal)
    rival = next((plan for plan in looked.racing if plan != winner), _fastest_other(ledger, winner, request.goal))
    finalists = {winner, rival, *compared_with(blocks.space, [winner])} - ledger.failures.keys()
    block = race.blocks
    blocks.ahead = ()
    yield from blocks.measure(block, sorted(finalists))
    race.add(_seconds(ledger, block, request.goal, race.racing))
    after = race.standing()
    confirmed = block in ledger.samples[winner] and after.bounds.get(winner, 1.0) <= request.within
    yield blocks.note(_looked(block, after, request, confirmed=confirmed))


def _chosen(ledger: Ledger, looked: RaceLooked, goal: Goal) -> int:
    """The plan that would be recommended now."""
    plans, samples = ledger.started.plans, ledger.samples

    def needed(index: int) -> Needs:
        seen = list(samples[index].values())
        memory = max((sample.peak_memory_bytes or 0 for sample in seen), default=0)
        return needs(plans[index], memory, median(sample.goal_seconds(goal) for sample in seen))

    return min(as_good(looked), key=needed)


def _out(ledger: Ledger) -> set[int]:
    """Plans that cannot win: they failed, or answer worse than the baseline."""
    scored = {plan: next(iter(samples.values())).score for plan, samples in ledger.samples.items() if samples}
    return {*ledger.failures, *(plan for plan, score in scored.items() if not good_enough(score, scored.get(0)))}


def _seconds(ledger: Ledger, block: int, goal: Goal, plans: Sequence[int]) -> dict[int, Seconds]:
    """What the goal is judged by, of the plans that were measured undisturbed in a block."""
    found = {plan: ledger.samples[plan][block] for plan in plans if block in ledger.samples[plan]}
    return {plan: sample.goal_seconds(goal) for plan, sample in found.items() if sample.undisturbed}


def _looked(block: int, standing: Standing, request: SweepRequest, *, confirmed: bool) -> RaceLooked:
    return RaceLooked(
        block=block,
        leader=standing.leader,
        within=standing.within if standing.within < float("inf") else None,
        wanted=request.within,
        racing=(standing.leader, *standing.ties),
        bounds={plan: bound for plan, bound in standing.bounds.items() if bound < float("inf")},
        blocks=standing.blocks,
        decided=standing.decided,
        confirmed=confirmed,
    )


def _fastest_other(ledger: Ledger, winner: int, goal: Goal) -> int:
    """The fastest measured plan that is not the winner, or the winner where there is no other."""
    others = {
        plan: min(sample.goal_seconds(goal) for sample in samples.values())
        for plan, samples in ledger.samples.items()
        if samples and plan != winner and plan not in _out(ledger)
    }
    return min(others, key=lambda plan: others[plan], default=winner)


def _over_budget(request: SweepRequest, blocks: Blocks, plans: Sequence[int], begun: float) -> bool:
    """Whether one more block would take the sweep beyond its budget; says so in the report."""
    if not request.budget:
        return False
    expected = time.monotonic() - begun + (blocks.clockwork.left((), [plans]) or 0.0)
    if expected > request.budget:
        blocks.ledger.cut_short = True
        text = f"the budget of {request.budget:g} s ended the sweep after {_blocks(blocks.ledger.blocks)}"
        blocks.ledger.notes.append(text)
    return expected > request.budget


def _blocks(count: int) -> str:
    return f"{count} block{'' if count == 1 else 's'}"
