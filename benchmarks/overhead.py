"""What our pool costs beside every other: dispatch, useful work, data, starts and lookup in one interleaved run.

    python benchmarks/overhead.py [--quick] [--json] [--sections dispatch,work,...] [--out FILE]

Two workers each. A block opens every pool in a process of its own, compares the results of every arm with the
sequential ones, and only then times all arms in random order, round after round. Figures are medians and ranges over
blocks. The peers come with ``pip install 'workbench[bench]'``; one that is missing is named. ``--quick`` takes one
block and fewer tasks, within a minute, and does not judge claims whose data it makes smaller. Linux only.
"""

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from overhead_arms.disturbance import Disturbance
from overhead_arms.peers import WORKERS, versions
from overhead_arms.report import Section, claim_line, table_lines
from overhead_arms.scale import Scale
from overhead_arms.sections import SECTIONS

from engine.host import describe_host


def record_of(section: Section, scale: Scale, disturbance: Disturbance, seconds: float) -> dict[str, Any]:
    """Return what is kept of one section: its claims, what disturbed it, and every sample."""
    return {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "scale": {"quick": scale.quick, "share": scale.share, "blocks": scale.blocks, "rounds": scale.rounds},
        "disturbance": disturbance.facts(),
        "claims": section.claims,
        "missing": section.missing,
        "samples": section.samples,
    }


def document_of(records: dict[str, Any]) -> dict[str, Any]:
    """Return the one JSON document, the claims of all sections first."""
    claims = [each for name in SECTIONS if name in records for each in records[name]["claims"]]
    facts = {"host": describe_host(), "versions": versions(), "workers": WORKERS}
    return {"claims": claims, **facts, "sections": {name: records[name] for name in SECTIONS if name in records}}


def kept_from(path: Path | None) -> dict[str, Any]:
    """Return the sections an earlier run on this machine wrote to the file: all of them take half an hour, so they may
    be measured one at a time."""
    if path is None or not path.exists():
        return {}
    document = msgspec.json.decode(path.read_bytes())
    same = document.get("host", {}).get("fingerprint") == describe_host().fingerprint
    return dict(document["sections"]) if same else {}


def text_of(sections: dict[str, Section], disturbance: Disturbance) -> str:
    """Return claims, then tables with the ratios first, then what is missing and what disturbed."""
    lines = [claim_line(each) for section in sections.values() for each in section.claims]
    for section in sections.values():
        for table in section.tables:
            lines += table_lines(table)
    missing = {name: why for section in sections.values() for name, why in section.missing.items()}
    lines += ["", *(f"{name}: {why}" for name, why in missing.items()), str(disturbance)]
    return "\n".join(lines)


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in SECTIONS]:
        raise argparse.ArgumentTypeError(f"unknown section {unknown[0]!r}; known: {', '.join(SECTIONS)}")
    return names


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one block and fewer tasks, within a minute")
    parser.add_argument("--share", type=float, default=1.0, help="part of the tasks to run; below 1 nothing is judged")
    parser.add_argument("--sections", type=_names, default=list(SECTIONS), help="some of: " + ",".join(SECTIONS))
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, help="also write it to a file, beside sections already there")
    return parser.parse_args()


def main() -> None:
    """Measure, print, write."""
    given = _arguments()
    scale = Scale(given.quick, given.share)
    whole = Disturbance()
    sections: dict[str, Section] = {}
    records: dict[str, Any] = {}
    for name in (name for name in SECTIONS if name in given.sections):
        begun, disturbance = time.perf_counter(), Disturbance()
        sections[name] = SECTIONS[name](scale)
        disturbance.stop()
        records[name] = record_of(sections[name], scale, disturbance, time.perf_counter() - begun)
    whole.stop()
    document = document_of(kept_from(given.out) | records)
    text = msgspec.json.format(msgspec.json.encode(document), indent=1).decode()
    if given.out:
        given.out.write_text(text + "\n")
    print(text if given.json else text_of(sections, whole))


if __name__ == "__main__":
    main()
