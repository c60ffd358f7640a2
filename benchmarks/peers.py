"""The sweep that libraries show off with, beside them: 4,851 pairs of moving averages on one daily series, one thread.

    python benchmarks/peers.py [--quick] [--real] [--json] [--out FILE]

Every arm lives in a process of its own with one thread. First its results are compared with ours, pair by pair; then
all arms are timed in random order, round after round, averages included on every side. Ten shares, 0.1 % fee, filled at
the close of the signal, strict crosses, an open position marked at the last close: the settings under which the engines
agree but for exact ties, which are listed, as are crosses on the last bar, whose orders backtesting.py never fills. Our
kernels return 14 figures per pair and keep no orders; vectorbt keeps order records; backtesting.py computes its
statistics and gets some of the pairs, evenly spread. ``--real`` takes GOOG from the tests of backtesting.py instead of
made-up prices. ``--quick`` takes fewer rounds. Linux only; the peers come with ``pip install 'workbench[bench]'``, and
one that is missing is named.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from overhead_arms.disturbance import Disturbance
from overhead_arms.report import Claim, Table, claim, claim_line, spread, table_lines
from peers_arms.agreement import Agreement, agreements
from peers_arms.arms import ARMS, BACKTESTING, OWN, VECTORBT, versions
from peers_arms.rounds import Measured, measure
from peers_arms.series import PAIRS, series

from engine.host import describe_host


def claims_of(measured: Measured, found: dict[str, Agreement]) -> Iterator[Claim]:
    """Yield the agreed figures."""
    rates = [1.0 / seconds for seconds in measured.per_backtest(OWN)]
    memory, cold = measured.memory, measured.cold.get(OWN, [])
    share = [memory[OWN] / memory[VECTORBT]] if {OWN, VECTORBT} <= memory.keys() else []
    yield claim("times faster than vectorbt, warm, per backtest", measured.ratio(VECTORBT, OWN), "×", 50, "at least")
    yield claim(
        "times faster than backtesting.py, per backtest", measured.ratio(BACKTESTING, OWN), "×", 500, "at least"
    )
    yield claim("backtests per second, one thread", rates, "/s", 100_000, "at least")
    yield claim("first result of the sweep from a cold process", cold, "s", 2, "at most")
    yield claim("peak memory, part of vectorbt's", share, "", 0.25, "at most")
    for name in (VECTORBT, BACKTESTING):
        differing = [float(len(found[name].unexplained))] if name in found else []
        yield claim(f"pairs that differ from {name} but for ties and the last bar", differing, "", 0, "at most")


def table_of(measured: Measured) -> Table:
    """Return one row per arm, ratios first."""
    rows = []
    for arm in ARMS:
        if arm.name not in measured.seconds:
            continue
        name = arm.name
        rate = 1.0 / median(measured.per_backtest(name))
        rows.append(
            (
                name,
                spread(measured.ratio(name, OWN)),
                f"{rate:,.0f}",
                spread(measured.cold[name]),
                f"{measured.bare[name]:.1f}",
                f"{measured.memory[name] / 1e6:,.0f}",
                f"{len(measured.pairs[name]):,}",
            )
        )
    header = ("arm", "time per backtest over ours", "backtests/s", "cold s", "uncompiled s", "peak MB", "pairs")
    notes = [f"{arm.name}: {arm.note}" for arm in ARMS]
    notes.append("uncompiled: the first run ever, nothing compiled on disk yet")
    return Table(f"{len(PAIRS):,} SMA pairs, one thread: median (range)", header, rows, notes)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--real", action="store_true", help="GOOG from the tests of backtesting.py")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, help="also write that document to a file")
    given = parser.parse_args()
    if given.real:
        try:
            series(real=True)
        except ImportError:
            parser.error("--real needs backtesting.py: pip install 'workbench[bench]'")
    return given


def main() -> None:
    """Measure, print, write."""
    given = _arguments()
    disturbance = Disturbance()
    chosen = series(given.real)
    measured = measure(chosen, *((2, 1, 25) if given.quick else (7, 3, 100)))
    disturbance.stop()
    found = agreements(measured, chosen.closes)
    claims = list(claims_of(measured, found))
    document: dict[str, Any] = {
        "claims": claims,
        "host": describe_host(),
        "versions": versions(),
        "series": {"name": chosen.name, "bars": len(chosen.closes)},
        "quick": given.quick,
        "disturbance": disturbance.facts(),
        "missing": measured.missing,
        "agreement": found,
        "samples": {
            "seconds": measured.seconds,
            "pairs": {name: len(pairs) for name, pairs in measured.pairs.items()},
            "cold": measured.cold,
            "uncompiled": measured.bare,
            "peak_bytes": measured.memory,
        },
    }
    text = msgspec.json.format(msgspec.json.encode(document), indent=1).decode()
    if given.out:
        given.out.write_text(text + "\n")
    if given.json:
        print(text)
        return
    lines = [*(claim_line(each) for each in claims), *table_lines(table_of(measured)), ""]
    lines += [each.line(name) for name, each in found.items()]
    lines += [f"{name}: {why}" for name, why in measured.missing.items()]
    print("\n".join([*lines, str(disturbance)]))


if __name__ == "__main__":
    main()
