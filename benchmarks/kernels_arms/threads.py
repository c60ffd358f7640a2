"""What two threads are worth: to a kernel that releases the GIL, and to one that does not."""

import random
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median

from overhead_arms.remote import RemoteFailure, fresh
from overhead_arms.report import Claim, Section, Table, claim, progress, spread
from overhead_arms.scale import Scale

from kernels_arms.speed import lacking
from kernels_arms.straddle_jobs import STRADDLES, clock, compare, executor, job

THREADS = 2

_SHARE = 0.85
_NO_GAIN = 1.1
"""More than this would be a gain; 1 and a little is noise."""

_ARMS = {
    "numba kernel, rows=summary": ("numba", "summary"),
    "numba kernel, rows=table": ("numba", "table"),
    "numpy kernel, rows=table": ("numpy", "table"),
    "python kernel, rows=table": ("python", "table"),
}
_BEST, _TABLES, _, _NAIVE = _ARMS

Run = dict[str, float]
"""The speedup of two threads by arm, and the machine's ceiling in the same round."""


def run(scale: Scale) -> Section:
    """Measure both, and the ceiling between them."""
    progress("threads")
    missing = {name: f"needs {why}" for name, (kernel, _) in _ARMS.items() if (why := lacking(kernel))}
    arms = [name for name in _ARMS if name not in missing]
    blocks: list[list[Run]] = []
    for _ in range(scale.blocks):
        try:
            blocks.append(fresh(rounds_of, arms, 100_000 if scale.quick else 0, scale.rounds, patience=600.0))
        except RemoteFailure as failure:
            missing["threads"] = str(failure)
            break
    return Section([_table(arms, blocks)], list(_claims(arms, blocks, scale.unjudged())), blocks, missing)


def rounds_of(arms: Sequence[str], entries: int, rounds: int) -> list[Run]:
    """Time each arm sequentially and with two threads, one right after the other; runs in a fresh process."""
    from engine.measure.ceiling import Controls
    from engine.threads import library_threads

    order, found = random.Random(1), []
    with library_threads(1), ExitStack() as stack:
        controls = stack.enter_context(Controls(THREADS))
        pairs = {}
        for name in arms:
            kernel, rows = _ARMS[name]
            work = job(kernel, "small" if kernel == STRADDLES.naive else "medium", rows, entries)
            alone, threaded = executor(kernel, work), executor(kernel, work, "thread", THREADS)
            pairs[name] = stack.enter_context(alone), stack.enter_context(threaded)
            compare(*pairs[name])
        for _ in range(rounds):
            gains = {"ceiling": controls.speedup(THREADS)}
            for name in order.sample(arms, len(arms)):
                alone, threaded = pairs[name]
                gains[name] = clock(alone).seconds / clock(threaded).seconds
            gains["ceiling"] = (gains["ceiling"] + controls.speedup(THREADS)) / 2
            found.append(gains)
    return found


def _points(blocks: Sequence[Sequence[Run]], name: str, share: bool) -> list[float]:
    """Speedups or shares of the ceiling: the median of each block, or each round where there is only one block."""
    points = [[run[name] / (run["ceiling"] if share else 1.0) for run in block if name in run] for block in blocks]
    return points[0] if len(points) == 1 else [median(each) for each in points if each]


def _table(arms: Sequence[str], blocks: Sequence[Sequence[Run]]) -> Table:
    rows = [
        (name, spread(_points(blocks, name, share=True)), spread(_points(blocks, name, share=False)))
        for name in (*arms, "ceiling")
        if blocks
    ]
    note = "share: of what independent processes gain in the same round; naive: small size, the others: medium"
    return Table(f"{THREADS} threads against one", ("", "share of the ceiling", "speedup"), rows, (note,))


def _claims(arms: Sequence[str], blocks: Sequence[Sequence[Run]], note: str) -> Sequence[Claim]:
    def points(name: str, share: bool) -> list[float]:
        return _points(blocks, name, share) if name in arms else []

    of_the_ceiling = f"thread × {THREADS}, {{}}: share of the machine's ceiling"
    return [
        claim(of_the_ceiling.format(_BEST), points(_BEST, True), "", _SHARE, "at least", note),
        claim(of_the_ceiling.format(_TABLES), points(_TABLES, True), "", _SHARE, "at least", note),
        claim(f"thread × {THREADS}, {_NAIVE}: speedup", points(_NAIVE, False), "×", _NO_GAIN, "at most", note),
    ]
