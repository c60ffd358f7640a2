"""Verdicts, the codes of their reasons, and the sentences that tell them.

code                    verdict        when
clear-slowdown          slower         significant over all plans, half the threshold or more, no look disagrees
clear-speedup           faster         the same the other way round
within-threshold        same           the 95 % interval lies inside ± threshold
below-minimum           same           the same, and certainly a change, but less than half the threshold
could-be-slower         ambiguous      the interval reaches the threshold
could-be-faster         ambiguous      the interval reaches minus the threshold only; fails nothing
not-corroborated        ambiguous      slower or faster than its reference, but not as measured or by the control
no-control              ambiguous      everything moved, and the reports hold no control to blame or to clear
too-few-blocks          ambiguous      fewer than two blocks in a report
fails-now               ambiguous      was measured before and fails now
sweep-could-be-slower   ambiguous      of the whole: relative to the control, the median plan may be slower by the
                                       threshold, though no plan stands out
control-shifted         contaminated   the control moved by the threshold or more
control-unsteady        contaminated   the control's own blocks differ by twice the threshold or more
disturbed               contaminated   fewer than two undisturbed blocks in a report
"""

from math import ceil, exp, isnan, log

from engine.analyse.comparing.matching import Pair
from engine.analyse.comparing.result import Ratio, Verdict
from engine.analyse.comparing.rule import MINIMUM, Code

REASONS: dict[str, Verdict] = {
    "clear-slowdown": "slower",
    "clear-speedup": "faster",
    "within-threshold": "same",
    "below-minimum": "same",
    "could-be-slower": "ambiguous",
    "could-be-faster": "ambiguous",
    "not-corroborated": "ambiguous",
    "no-control": "ambiguous",
    "too-few-blocks": "ambiguous",
    "fails-now": "ambiguous",
    "sweep-could-be-slower": "ambiguous",
    "control-shifted": "contaminated",
    "control-unsteady": "contaminated",
    "disturbed": "contaminated",
}
"""The verdict that each reason leads to."""

HARMLESS = ("could-be-faster",)
"""Ambiguous, but a slowdown is ruled out, so the gate passes."""

MOST_BLOCKS = 200
"""More are not worth advising."""

LARGEST = 690.0
"""Logarithm of the largest ratio that is told, 10^300."""

_REFERENCES = {"others": "relative to the others", "control": "relative to the control", "nothing": "as measured"}


def reason_of(code: int, pair: Pair) -> str:
    """Return the code in words joined by dashes."""
    measured = len(pair.before) + pair.disturbed_before, len(pair.after) + pair.disturbed_after
    if code == Code.TOO_FEW_BLOCKS and min(len(pair.before), len(pair.after)) < 2 <= min(measured):
        return "disturbed"
    return Code(code).name.lower().replace("_", "-")


def percent(share: float) -> str:
    """Return a share to three significant digits: ``5%``, ``2.5%``, ``0.25%``."""
    return f"{share * 100:.3g}%"


def moved(ratio: float) -> str:
    """Return a ratio of seconds in words: ``6.1% slower``, ``2.3 times as long``, ``unchanged``."""
    if ratio >= 2 or ratio <= 0.5:
        return f"{ratio:.3g} times as long"
    change = round((ratio - 1) * 100, 1)
    return f"{abs(change)}% {'slower' if change > 0 else 'faster'}" if change else "unchanged"


def between(ratio: Ratio) -> str:
    """Return the interval in words: ``between 4.2% slower and 8.0% slower``."""
    return f"between {moved(ratio.low)} and {moved(ratio.high)}"


def sentence_of(
    reason: str, pair: Pair, measured: Ratio | None, change: Ratio | None, against: str, threshold: float
) -> str:
    """Return one plain sentence for a plan that is in both reports."""
    if measured is None or change is None:
        return _too_little(pair)
    where = _REFERENCES[against]
    tells = {
        "within-threshold": f"no change beyond {percent(threshold)}: {between(change)} {where}",
        "below-minimum": f"{moved(change.estimate)} {where}, for certain, but less than the "
        f"{percent(MINIMUM * threshold)} that count",
        "could-be-slower": f"{between(change)} {where}: {_more_blocks(change, pair, threshold)}",
        "could-be-faster": f"{between(change)} {where}: {_more_blocks(change, pair, threshold)}",
        "not-corroborated": f"{moved(change.estimate)} {where}, but {moved(measured.estimate)} as measured: "
        "it may be what it is measured against that changed",
        "no-control": f"{moved(measured.estimate)} as measured, but without a control in both reports a change of the "
        "code cannot be told from one of the machine",
        "control-shifted": f"{moved(measured.estimate)} as measured, but the control moved too far for this to say "
        "anything about the code",
        "control-unsteady": f"{moved(measured.estimate)} as measured, but the speed of the machine itself changed too "
        "much from block to block for this to say anything about the code",
    }
    return tells.get(reason, f"{moved(change.estimate)} {where}, {between(change)}")


def _too_little(pair: Pair) -> str:
    old, new = len(pair.before), len(pair.after)
    if min(old, new) >= 2:
        return "no two blocks of each report hold it together with what it is measured against"
    found = f"{old} before and {new} after: two undisturbed blocks of each report are needed"
    lost = pair.disturbed_before + pair.disturbed_after
    return f"{found}, {lost} {'was' if lost == 1 else 'were'} disturbed" if lost else found


def _more_blocks(change: Ratio, pair: Pair, threshold: float) -> str:
    half = log(change.high / max(change.low, 1e-300)) / 2
    if half <= threshold / 2:
        return f"too close to {percent(threshold)} to tell"
    blocks = min(len(pair.before), len(pair.after)) * (half / (threshold / 2)) ** 2
    would_do = f"about {ceil(blocks)} blocks each would do" if blocks <= MOST_BLOCKS else "the times vary too much"
    return f"too wide to tell for a limit of {percent(threshold)}; {would_do}"


def ratio_of(value: float, low: float, high: float) -> Ratio | None:
    """Return a difference of logarithms as a ratio, up to 10^300; None for NaN."""
    return None if isnan(value) else Ratio(*(float(f"{exp(min(each, LARGEST)):.7g}") for each in (value, low, high)))
