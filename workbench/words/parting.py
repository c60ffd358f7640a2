"""What stays on the terminal when the screen has gone. Pure text."""

import shlex

from engine.report import SweepReport
from workbench.words.format import recommendation, wrap
from workbench.words.numbers import UNICODE, Signs
from workbench.words.recommended import CONFIG

SENTENCES = 2
"""Of the recommendation: the plan, and how much faster it is."""


def parting_lines(report: SweepReport, kept: int | None, saved: str, width: int, signs: Signs = UNICODE) -> list[str]:
    """Return the plan to use and how to come back to it; nothing where no block was finished.

    ``kept``: id in the history, None: it is not there. ``saved``: the tuned config it was saved to, or empty. Commands
    have a line each, however long, so that they can be copied.
    """
    if not report.blocks:
        return []
    lines = [part for sentence in recommendation(report, signs)[:SENTENCES] for part in wrap(sentence, width)]
    if report.recommendation and saved:
        lines.append(signs.text(f"saved as {saved}; run it: workbench run --config {shlex.quote(saved)}"))
    elif report.recommendation and kept is not None:
        lines.append(f"save it: workbench export history:{kept} --out {CONFIG}")
    if kept is not None:
        lines.append(f"all figures: workbench history show {kept}")
    return lines
