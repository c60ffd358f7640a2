"""What the straddle kernels are worth: on one core, with two threads, and how exact they are.

    python benchmarks/kernels.py [--quick] [--json] [--sections speed,threads,cdf] [--out FILE]

Every block is a fresh process that loads the data, compares the results of all kernels with the naive one's, and only
then times them in random order, round after round. Figures are medians and ranges over blocks. The numba and the torch
kernel come with ``pip install 'workbench[numba,gpu]'``; one that is missing is named. ``--quick`` takes one block and a
table of 100,000 prices, within two minutes, and does not judge the claims on speed. Linux only.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import msgspec
from kernels_arms import normal_cdf, speed, threads
from overhead_arms.disturbance import Disturbance
from overhead_arms.report import Section, claim_line, table_lines
from overhead_arms.scale import Scale

from engine.host import describe_host

SECTIONS: dict[str, Callable[[Scale], Section]] = {"speed": speed.run, "threads": threads.run, "cdf": normal_cdf.run}


def document_of(sections: dict[str, Section], scale: Scale, disturbance: Disturbance) -> dict[str, object]:
    """Return the one JSON document: claims, host, what disturbed, and every sample."""
    return {
        "claims": [each for section in sections.values() for each in section.claims],
        "host": describe_host(),
        "scale": {"quick": scale.quick, "blocks": scale.blocks, "rounds": scale.rounds},
        "disturbance": disturbance.facts(),
        "missing": {name: section.missing for name, section in sections.items() if section.missing},
        "samples": {name: section.samples for name, section in sections.items()},
    }


def text_of(sections: dict[str, Section], disturbance: Disturbance) -> str:
    """Return claims, then tables with the ratios first, then what is missing and what disturbed."""
    lines = [claim_line(each) for section in sections.values() for each in section.claims]
    lines += [line for section in sections.values() for table in section.tables for line in table_lines(table)]
    missing = {name: why for section in sections.values() for name, why in section.missing.items()}
    return "\n".join([*lines, "", *(f"{name}: {why}" for name, why in missing.items()), str(disturbance)])


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in SECTIONS]:
        raise argparse.ArgumentTypeError(f"unknown section {unknown[0]!r}; known: {', '.join(SECTIONS)}")
    return names


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one block and a smaller price table")
    parser.add_argument("--sections", type=_names, default=list(SECTIONS), help="some of: " + ",".join(SECTIONS))
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--out", type=Path, help="also write that document to a file")
    given = parser.parse_args()
    scale, disturbance = Scale(given.quick), Disturbance()
    sections = {name: SECTIONS[name](scale) for name in SECTIONS if name in given.sections}
    disturbance.stop()
    text = msgspec.json.format(msgspec.json.encode(document_of(sections, scale, disturbance)), indent=1).decode()
    if given.out:
        given.out.write_text(text + "\n")
    print(text if given.json else text_of(sections, disturbance))


if __name__ == "__main__":
    main()
