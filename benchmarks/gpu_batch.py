"""How big a batch has to be: throughput by batch size, cold and warm, for every workload with a torch kernel.

    python benchmarks/gpu_batch.py [--quick] [--json] [--workloads straddles,...] [--size medium] [--out FILE]

On the device that torch finds: CUDA, otherwise the CPU. Every batch size starts in a fresh process; its results are
compared with those of the naive kernel before it counts. Cold is set-up and first run together, with torch imported and
the data loaded; warm is the median of later runs. ``--quick`` takes three batch sizes and few tasks, within a minute.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from kernels_arms.batches import (
    Batch,
    Case,
    Reference,
    case_of,
    compute_reference,
    device_kernels,
    device_name,
    measure,
)
from overhead_arms.disturbance import Disturbance
from overhead_arms.remote import RemoteFailure, fresh
from overhead_arms.report import Claim, Table, claim, claim_line, number, progress, table_lines

from engine.host import describe_host
from engine.workload import Workload
from engine.workloads import WORKLOADS, resolve


class Measured(msgspec.Struct):
    """One workload: the naive kernel, every batch size, and what failed."""

    case: Case
    reference: Reference | None = None
    batches: list[Batch] = []
    failed: dict[str, str] = {}


def run(cases: Sequence[Case], quick: bool) -> Iterator[Measured]:
    """Yield each case when it is measured."""
    for case in cases:
        progress(case.workload)
        found = Measured(case)
        with tempfile.TemporaryDirectory() as folder:
            try:
                budget = 1.0 if quick else 10.0
                found.reference = fresh(compute_reference, case, Path(folder), budget, patience=600.0)
                _measure_batches(found, found.reference, Path(folder), quick)
            except RemoteFailure as failure:
                found.failed["naive kernel"] = str(failure)
        yield found


def _measure_batches(found: Measured, reference: Reference, folder: Path, quick: bool) -> None:
    for batch in _sizes(reference.tasks, quick):
        try:
            most = 8 if quick else 64
            found.batches.append(fresh(measure, found.case, reference, folder, batch, most, patience=600.0))
        except RemoteFailure as failure:
            found.failed[f"batch of {batch}" if batch else "automatic batch"] = str(failure)


def _sizes(tasks: int, quick: bool) -> list[int]:
    """Batch sizes from one task to all of them, and 0 for the automatic one."""
    powers = [8**power for power in range(8) if 8**power < tasks]
    return [0, powers[len(powers) // 2], tasks] if quick else [0, *powers, tasks]


def _table(found: Measured) -> Table:
    rows = []
    naive = found.reference.tasks_per_second if found.reference else 1.0
    for position, each in enumerate(found.batches):
        label = f"{each.batch:,}{' (automatic)' if position == 0 else ''}"
        rates = number(each.warm / naive), number(each.warm), number(each.cold)
        rows.append((label, *rates, f"{each.tasks:,}", f"{each.error:.1g}"))
    header = ("tasks in a batch", "times the naive", "warm tasks/s", "cold tasks/s", "tasks in a run", "difference")
    return Table(f"{found.case.workload}, {found.case.size}, {found.case.kernel} kernel", header, rows)


def _claim(found: Measured) -> Claim:
    errors = [max(each.error for each in found.batches)] if found.batches else []
    name = f"{found.case.workload}: largest difference from the naive kernel's results"
    return claim(name, errors, "", resolve(found.case.workload).tolerance, "at most")


def _workloads(text: str) -> list[Workload]:
    return [resolve(name) for name in text.split(",")]


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three batch sizes and few tasks, within a minute")
    parser.add_argument("--workloads", type=_workloads, default=list(WORKLOADS), help="some of the built-in ones")
    parser.add_argument("--size", default="", help="size of each; empty: its first one")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, help="also write that document to a file")
    given = parser.parse_args()
    disturbance, device = Disturbance(), fresh(device_name)
    cases = [case_of(each, kernel, given.size) for each in given.workloads for kernel in device_kernels(each)]
    measured = list(run(cases, given.quick))
    disturbance.stop()
    claims = [_claim(each) for each in measured]
    document = {"device": device, "claims": claims, "host": describe_host(), "disturbance": disturbance.facts()}
    text = msgspec.json.format(msgspec.json.encode(document | {"workloads": measured}), indent=1).decode()
    if given.out:
        given.out.write_text(text + "\n")
    if given.json:
        print(text)
        return
    lines = [f"device: {device}", *map(claim_line, claims)]
    for each in measured:
        lines += [*table_lines(_table(each)), *(f"  {what}: {why}" for what, why in each.failed.items())]
    print("\n".join([*lines, "", str(disturbance)]))


if __name__ == "__main__":
    main()
