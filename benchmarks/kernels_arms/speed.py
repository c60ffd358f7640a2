"""Straddles per second on one core, by kernel."""

import importlib.util
import random
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median

from overhead_arms.remote import RemoteFailure, fresh
from overhead_arms.report import Claim, Section, Table, claim, progress, spread
from overhead_arms.scale import Scale

from kernels_arms.straddle_jobs import STRADDLES, Clocked, clock, compare, executor, job

BAR = 250_000
"""Straddles a second; the author of the case reached 3,157, and 26,100 with compiled code."""

_PATIENCE = 600.0
"""Seconds; a dict of 8 million strings takes 20 to make."""

ROWS = ("table", "summary")

Key = tuple[str, str]
"""Rows and kernel."""

Run = dict[Key, Clocked]
"""One round."""


def run(scale: Scale) -> Section:
    """Measure every kernel that is installed at both sizes."""
    missing = {name: f"needs {why}" for name in STRADDLES.kernels if (why := lacking(name))}
    kernels = [name for name in STRADDLES.kernels if name not in missing]
    blocks: dict[str, list[list[Run]]] = {}
    for size in ("small", "medium"):
        progress(f"kernels, {size}")
        blocks[size] = []
        for _ in range(scale.blocks):
            try:
                arguments = (size, kernels, 100_000 if scale.quick else 0, scale.rounds)
                blocks[size].append(fresh(rounds_of, *arguments, patience=_PATIENCE))
            except RemoteFailure as failure:
                missing[f"straddles {size}"] = str(failure)
                break
    tables, claims = [], []
    for size, measured in blocks.items():
        for rows in ROWS:
            tables.append(_table(size, rows, kernels, measured))
            claims += [_claim((size, rows), kernels, measured, inside, scale) for inside in (True, False)]
    return Section(tables, claims, [_plain(size, blocks[size]) for size in blocks], missing)


def lacking(kernel: str) -> str:
    """Return the module that a kernel needs and that is not installed, or nothing."""
    needs = STRADDLES.kernels[kernel].needs
    return next((name for name in needs if importlib.util.find_spec(name) is None), "")


def rounds_of(size: str, kernels: Sequence[str], entries: int, rounds: int) -> list[Run]:
    """Compare the results of all kernels, then time them in random order, round after round; in a fresh process."""
    from engine.threads import library_threads

    order, found = random.Random(1), []
    with library_threads(1), ExitStack() as stack:
        running = {
            (rows, kernel): stack.enter_context(executor(kernel, job(kernel, size, rows, entries)))
            for rows in ROWS
            for kernel in kernels
        }
        for (rows, _), other in running.items():
            compare(running[rows, STRADDLES.naive], other)
        for _ in range(rounds):
            found.append({key: clock(running[key]) for key in order.sample(list(running), len(running))})
    return found


def _points(blocks: Sequence[Sequence[Run]], key: Key, inside: bool = False) -> list[float]:
    """Straddles per second: the median of each block, or each round where there is only one block."""
    rates = [[1 / (run[key].inside if inside else run[key].seconds) for run in block] for block in blocks]
    return rates[0] if len(rates) == 1 else [median(each) for each in rates]


def _ratios(blocks: Sequence[Sequence[Run]], key: Key) -> list[float]:
    """How many times as fast as the naive kernel, paired by round."""
    return [run[key[0], STRADDLES.naive].seconds / run[key].seconds for block in blocks for run in block]


def _table(size: str, rows: str, kernels: Sequence[str], blocks: Sequence[Sequence[Run]]) -> Table:
    lines = []
    for kernel in kernels if blocks else ():
        key = (rows, kernel)
        rates = spread(_points(blocks, key)), spread(_points(blocks, key, inside=True))
        lines.append((kernel, spread(_ratios(blocks, key)), *rates))
    header = ("", "times the naive", "straddles/s", "inside the kernel alone")
    return Table(f"Straddles on one core, {size}, rows={rows}", header, lines)


def _claim(
    case: tuple[str, str], kernels: Sequence[str], blocks: Sequence[Sequence[Run]], inside: bool, scale: Scale
) -> Claim:
    """The claim on the best kernel for a size and rows: inside the kernel alone, or with the engine around it."""
    size, rows = case
    points = [_points(blocks, (rows, kernel), inside) for kernel in kernels] if blocks else []
    what = "inside the best kernel" if inside else "whole runs"
    name = f"straddles on one core, {size}, rows={rows}: {what}"
    return claim(name, max(points, key=median, default=[]), "/s", BAR, "at least", scale.unjudged(reduced=True))


def _plain(size: str, blocks: Sequence[Sequence[Run]]) -> dict[str, object]:
    """The samples in a form that JSON can hold."""
    rounds = [[{" ".join(key): vars(timing) for key, timing in run.items()} for run in block] for block in blocks]
    return {"size": size, "seconds_per_straddle": rounds}
