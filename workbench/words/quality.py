"""Quality against speed, where the plans of a sweep answer well or badly: the fastest plan of each quality."""

from collections.abc import Sequence
from math import isfinite, log10

from engine.plan import describe
from engine.report import TrialReport
from workbench.words.numbers import UNICODE, Signs, bar, seconds

_WIDTH = 24
"""Characters of the bar of the slowest plan."""


def fastest_by_score(trials: Sequence[TrialReport]) -> list[TrialReport]:
    """Return the fastest plan of each quality, the best first; empty where all are of one quality.

    Scores that agree to six digits are of one quality: kernels add up in different orders.
    """
    best: dict[str, TrialReport] = {}
    for trial in trials:
        if trial.score is not None and isfinite(trial.score) and trial.seconds:
            score = f"{trial.score:.6g}"
            if score not in best or _median(trial) < _median(best[score]):
                best[score] = trial
    return sorted(best.values(), key=lambda trial: -(trial.score or 0.0)) if len(best) > 1 else []


def quality_lines(trials: Sequence[TrialReport], signs: Signs = UNICODE) -> list[str]:
    """Return a line per quality: score, a bar of the time on a logarithmic scale, time, plan; and which is beaten."""
    chosen = fastest_by_score(trials)
    if not chosen:
        return []
    low, high = (edge(map(_median, chosen)) for edge in (min, max))
    plans = [trial.plan for trial in trials]
    lines = ["score   steady run, logarithmic"]
    record = float("inf")
    for trial in chosen:
        time = _median(trial)
        share = (1 + log10(time / low)) / (1 + log10(high / low))
        beaten = "" if time < record else "  (a better answer is faster)"
        record = min(record, time)
        drawn = bar(share, _WIDTH, signs)
        lines.append(
            f"{trial.score:.4f}  {drawn} {seconds(time, signs):>8}  {signs.text(describe(trial.plan, plans))}{beaten}"
        )
    return lines


def _median(trial: TrialReport) -> float:
    return trial.seconds.median if trial.seconds else float("inf")
