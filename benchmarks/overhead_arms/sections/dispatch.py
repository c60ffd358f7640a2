"""Section 1: what handing out a task and getting its result back costs."""

from collections.abc import Sequence
from statistics import median

from overhead_arms.interleave import Lane, Measured, measure
from overhead_arms.peers import AGAIN, OWN, PEERS
from overhead_arms.report import Claim, Section, Table, claim, progress, spread
from overhead_arms.scale import Scale
from overhead_arms.session import Job, sequential
from overhead_arms.work import echo, table

_MICRO = 1e-6


def run(scale: Scale) -> Section:
    """Measure no-op tasks that return an int, and the prebuilt table."""
    progress("dispatch")
    many, few = scale.tasks(100_000, 20_000), scale.tasks(10_000, 500)
    ints = _lanes(_job("int", many), _job("int, fewer", few))
    many, few = scale.tasks(20_000, 4_000), scale.tasks(5_000, 300)
    tables = _lanes(_job("table", many), _job("table, fewer", few))
    measured = measure([*ints, *tables], scale.blocks, scale.rounds)
    shown = [_table("No-op tasks returning an int", ints, measured)]
    shown += [_table("No-op tasks returning a 76 x 20 table (12,160 bytes)", tables, measured)]
    claims = _claims(measured, ints, tables, scale.unjudged())
    return Section(shown, claims, measured.samples, measured.missing)


def _job(name: str, tasks: int) -> Job:
    tables = name.startswith("table")
    return sequential(name, table if tables else echo, range(tasks), tables)


def _lanes(many: Job, few: Job) -> list[Lane]:
    return [Lane(peer, arm, few if arm.slow else many) for peer in PEERS for arm in peer.arms]


def _table(title: str, lanes: Sequence[Lane], measured: Measured) -> Table:
    own = lanes[0]
    rows = []
    for lane in lanes:
        if measured.has(lane):
            ratio = spread(measured.ratio(lane, own)) if measured.has(own) else "–"
            rows.append((lane.label, ratio, spread(measured.per_task(lane), _MICRO), f"{len(lane.job.tasks):,}"))
    note = "ratio: time per task over that of the first line, paired by round; median and range over blocks"
    return Table(title, ("", "ratio", "µs per task", "tasks"), rows, (note,))


def _claims(measured: Measured, ints: Sequence[Lane], tables: Sequence[Lane], note: str) -> list[Claim]:
    own = measured.per_task(tables[0]) if measured.has(tables[0]) else []
    return [
        claim("dispatch + 12 kB result us/task", [each / _MICRO for each in own], "µs", 5, "at most", note),
        claim("best peer / ours on the table", _best(measured, tables), "×", 5, "at least", note),
        claim("no-op int: best peer's best chunking / ours", _best(measured, ints), "×", 1, "at least", note),
    ]


def _best(measured: Measured, lanes: Sequence[Lane]) -> list[float]:
    """Return the ratios of the fastest arm of any peer; empty where ours or all others are missing."""
    peers = [lane for lane in lanes if lane.peer.name not in (OWN, AGAIN) and measured.has(lane)]
    if not peers or not measured.has(lanes[0]):
        return []
    return min((measured.ratio(lane, lanes[0]) for lane in peers), key=median)
