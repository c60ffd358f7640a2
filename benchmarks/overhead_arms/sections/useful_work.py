"""Section 2: useful work against what the machine gives to bare processes, and the automatic chunk against fixed
ones."""

from collections.abc import Sequence
from statistics import median

from overhead_arms.interleave import Lane, Measured, measure
from overhead_arms.peers import AGAIN, BARE, OWN, PEERS, find_peer
from overhead_arms.report import Claim, Section, Table, claim, number, progress, spread
from overhead_arms.scale import Scale
from overhead_arms.session import Job, sequential
from overhead_arms.work import even_tasks, loops_per_second, mixed_tasks, spin, spin_table

MIX = "0.3 to 200 ms"

_BARS = {"0.3 ms": 0.95, "5 ms": 0.99, "50 ms": 0.99}
"""Least share of the ceiling; at 0.3 ms the engine's own process takes its part of two cores."""

_AUTO_BAR = 1.03

_HOPELESS = ("chunk 100", "chunk 1000")
"""Chunks that leave one worker with most of 200 tasks; running them would take half of the section's time."""


def run(scale: Scale) -> Section:
    """Measure CPU tasks of four durations."""
    progress("work")
    speed = loops_per_second()
    jobs = _jobs(scale, speed)
    lanes = {name: _lanes(job, scale) for name, job in jobs.items()}
    measured = measure([lane for each in lanes.values() for lane in each], scale.blocks, scale.rounds)
    tables = [_shares(name, lanes[name], measured) for name in _BARS]
    tables += [_chunks(name, lanes[name], measured) for name in ("0.3 ms", MIX)]
    # with a few tasks per worker the tail is not small, whoever hands them out
    notes = {name: scale.unjudged(reduced=name != "0.3 ms") for name in jobs}
    claims = [_share_claim(name, lanes[name], measured, notes[name]) for name in _BARS]
    claims += [_auto_claim(name, lanes[name], measured, notes[name]) for name in ("0.3 ms", MIX)]
    return Section(tables, claims, measured.samples, measured.missing)


def _jobs(scale: Scale, speed: float) -> dict[str, Job]:
    counts = {0.0003: (2000, 600), 0.005: (400, 40), 0.05: (80, 6)}
    short, middle, long = (even_tasks(scale.tasks(*count), seconds, speed) for seconds, count in counts.items())
    mixed = mixed_tasks(scale.tasks(200, 10), speed)
    return {
        "0.3 ms": sequential("0.3 ms", spin_table, short, tables=True),
        "5 ms": sequential("5 ms", spin, middle),
        "50 ms": sequential("50 ms", spin, long),
        MIX: sequential(MIX, spin, mixed),
    }


def _lanes(job: Job, scale: Scale) -> list[Lane]:
    """Return the arms of a duration: all where tasks are short, those that suit it where they are long."""
    peers = [find_peer(OWN), find_peer(AGAIN)] if job.name == MIX else PEERS
    everything = job.tables or job.name == MIX
    lanes = [
        Lane(peer, arm, job)
        for peer in peers
        for arm in peer.arms
        if arm.usual or (everything and (peer.name == OWN or not scale.quick))
        if job.name != MIX or arm.name not in _HOPELESS
    ]
    return [*lanes, Lane(BARE, BARE.arms[0], job)]


def _shares(name: str, lanes: Sequence[Lane], measured: Measured) -> Table:
    own, bare = lanes[0], lanes[-1]
    rows = []
    for lane in lanes:
        if measured.has(lane):
            ratio = spread(measured.ratio(lane, own)) if measured.has(own) else "–"
            share = spread(measured.ratio(bare, lane))
            rows.append((lane.label, ratio, share, spread(measured.per_task(lane), 1e-3)))
    title = f"{len(own.job.tasks):,} CPU tasks of {name}, returning {'a table' if own.job.tables else 'an int'}"
    note = "share: time of the bare copies over the pool's, paired by round: 1 is all the machine gives"
    return Table(title, ("", "ratio", "share of the ceiling", "ms per task"), rows, (note,))


def _chunks(name: str, lanes: Sequence[Lane], measured: Measured) -> Table:
    auto = lanes[0]
    shown = [lane for lane in lanes if lane.peer.name in (OWN, AGAIN) and measured.has(lane)]
    rows = [
        (lane.label, spread(measured.ratio(lane, auto)), spread(measured.per_task(lane), 1e-3))
        for lane in shown
        if "chunk" in lane.arm.name
    ]
    mean = number(sum(auto.job.tasks) / len(auto.job.tasks) / auto.job.tasks[0], 2)
    note = () if name != MIX else (f"durations are drawn evenly on a logarithmic scale; mean / first = {mean}",)
    return Table(f"Chunk sizes, {len(auto.job.tasks):,} tasks of {name}", ("", "ratio", "ms per task"), rows, note)


def _share_claim(name: str, lanes: Sequence[Lane], measured: Measured, note: str) -> Claim:
    both = measured.has(lanes[0]) and measured.has(lanes[-1])
    points = measured.ratio(lanes[-1], lanes[0]) if both else []
    return claim(f"{name} tasks: share of the machine's ceiling", points, "", _BARS[name], "at least", note)


def _auto_claim(name: str, lanes: Sequence[Lane], measured: Measured, note: str) -> Claim:
    fixed = [lane for lane in lanes[1:] if lane.peer.name == OWN and lane.arm.name.startswith("chunk")]
    ratios = [measured.ratio(lanes[0], lane) for lane in fixed if measured.has(lane) and measured.has(lanes[0])]
    best = max(ratios, key=median, default=[])
    return claim(f"{name} tasks: auto chunk / best fixed chunk", best, "×", _AUTO_BAR, "at most", note)
