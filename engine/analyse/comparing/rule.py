"""The decision: which plans became slower, which did not, and what cannot be told.

A plan is looked at in three ways, each on logarithms of the points of its undisturbed blocks, unpaired between the two
reports (Welch), its variance drawn towards those of all plans of the sweep:

    measured    after against before, nothing else
    others      relative to the median of the other plans and the control in the same block: what moves all cancels
    control     relative to the control (an integer loop, no part of the code) in the same block, where both have one

*Which one decides.* The others, if the plans as a whole moved as the control did; if not, the control. So a change of
all plans is not erased, and a machine that was slow that day is not taken for a change. Without a control: the others.
A lone plan without a control: as measured, which never says more than ambiguous.

*slower*: by what decides, such an increase would come up in any plan of identical code with a chance below 0.5 %
(Holm); the estimate is at least half the threshold; and the other looks agree: by the control it is at least half the
threshold as well, and as measured it is no speedup. (Without a control: as measured at least half the threshold.)
Several plans at once must stand out from the control together; without one they may be a quarter of the plans at most:
else it could be the others that became faster. *faster* is the mirror image. *same*: the 95 % interval lies inside
± threshold. Everything else starts and stays *ambiguous*.

So ``--fail-slower 5%`` means: find slowdowns of 5 %. The estimate of a true 5 % is below 5 % as often as above, so the
bar stands at half of it; below 2.5 % nothing fails, however certain. In 1,000 made-up pairs of identical code with 24
plans, 10 blocks, and processes that differ by 2 %, under 1 % have a plan called slower; one plan 5 % slower is found in
more than 90 %. With 5 blocks it is about two thirds, the rest is ambiguous. ``benchmarks/trust.py`` prints all of it.

*The machine*: when the control itself moved by the threshold or more, significantly, nothing is the same or faster, all
is *contaminated*; slower is then only what exceeds the movement of the control as well. The same holds where the
control's own blocks differ by twice the threshold or more (the width of their middle half, as a standard deviation): a
machine that switches between two speeds for minutes at a time, as one whose cores are shared does, gives blocks that
are not independent, and ten of them prove nothing. The control never makes a verdict stronger. Without one, plans that
moved together are ambiguous: code or machine, these reports cannot tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from engine.analyse.comparing.robust import Array, Difference, difference, holm, mean, moderated
from engine.analyse.comparing.views import (
    Points,
    against_control,
    against_others,
    common_course,
    course_of,
    from_the_middle,
)

Mask = NDArray[np.bool_]
Course = tuple[Array, Array]
"""Of one report: distances from their middle over both reports, of the plans, and of the control as one more."""

FAMILY_ERROR = 0.005
"""Probability that any plan at all of identical code stands out from the others as slower, by noise within blocks."""
CONTROL_ERROR = 0.004
"""Probability with which a control that did not move seems to have, or plans as a whole seem to move apart from it."""
FOLLOWING = 0.2
"""Standard deviation of how far plans follow a machine that became slower or faster: one by 0.8 of it, one by 1.2."""
MINIMUM, APART = 0.5, 0.25
"""Parts of the threshold: the least estimate that counts, and the least by which plans and control differ for the
control to decide."""


UNSTEADY = 2.0
"""Times the threshold that the control may vary from block to block. On two shared cores it was seen to switch between
0.08 and 0.14 s for minutes, and one of two real pairs of identical code was called slower for it."""
_NORMAL = 1.349
"""Width of the middle half of a normal distribution, in standard deviations."""


class Code(IntEnum):
    """Why a plan has its verdict; the words are in ``engine.analyse.comparing.verdicts``."""

    TOO_FEW_BLOCKS = 0
    CLEAR_SLOWDOWN = 1
    CLEAR_SPEEDUP = 2
    WITHIN_THRESHOLD = 3
    BELOW_MINIMUM = 4
    COULD_BE_SLOWER = 5
    COULD_BE_FASTER = 6
    NOT_CORROBORATED = 7
    NO_CONTROL = 8
    CONTROL_SHIFTED = 9
    CONTROL_UNSTEADY = 10


@dataclass(frozen=True)
class Machine:
    """What the machine and the sweep as a whole did between the reports. Arrays [..., 1]."""

    control: Difference
    """NaN: no control in both reports."""
    plans: Difference
    """Median plan, as measured."""
    own: Difference
    """Median plan relative to the control; NaN without one."""
    known: Mask
    """Whether there is a control."""
    shifted: Mask
    """Whether the control moved by the threshold or more."""
    wander: Array
    """Standard deviation of the control's blocks in the report where it varied more; 0 where it was steady."""
    apart: Mask
    """Whether the plans as a whole moved otherwise than the control."""
    undecided: Mask
    """Whether the plans as a whole may have become slower by the threshold, by the code or by the machine."""


@dataclass(frozen=True)
class Looks:
    """The three ways to look at every plan, and the one that decides. Arrays [..., plans]."""

    measured: Difference
    control: Difference
    decisive: Difference
    by_control: Mask
    """Whether the control is what decides, and not the other plans."""
    lone: Mask
    """Whether there is nothing else in its blocks."""


@dataclass(frozen=True)
class Decision:
    """Everything about every plan. Arrays [..., plans]."""

    codes: NDArray[np.int_]
    chance: Array
    """Probability, over all plans together, of such a change in this direction without any change of the code."""
    before: Array
    """Mean log seconds."""
    after: Array
    looks: Looks
    machine: Machine


def decide(before: Points, after: Points, threshold: float) -> Decision:
    """Judge every plan of a comparison. ``threshold``: a share such as 0.05, above 0. Both have the same plans."""
    *rests, old, new = from_the_middle(before.plans, after.plans)
    controls = from_the_middle(before.control[..., None, :], after.control[..., None, :])
    courses = list(zip(rests, controls[:2], strict=True))
    machine = _machine(courses, threshold)
    looks = _looks(before, after, courses, machine)
    slower, faster = (_direction(looks, machine, threshold, sign) for sign in (1, -1))
    slower, faster = (_confirmed(each, courses, machine) for each in (slower, faster))
    codes = _codes(looks, slower, faster, machine, threshold)
    chance = np.minimum(slower.chance, faster.chance)
    return Decision(codes, chance, old, new, looks, machine)


def _looks(before: Points, after: Points, courses: Sequence[Course], machine: Machine) -> Looks:
    doubt = (FOLLOWING * np.where(machine.apart, machine.control.value, machine.plans.value)) ** 2
    measured = _compared(before.plans, after.plans)
    old, new = (against_others(rest, control) for rest, control in courses)
    others = _compared(old, new, doubt)
    control = _compared(against_control(before), against_control(after), doubt)
    lone = np.isnan(others.value)
    alone = others.value.shape[-1] == 1
    by_control = np.broadcast_to(machine.known & (machine.apart | alone), lone.shape)
    decisive = _chosen(by_control, control, _chosen(~lone, others, measured))
    return Looks(measured, control, decisive, by_control, lone)


def _compared(before: Array, after: Array, doubt: Array | float = 0.0) -> Difference:
    return difference(moderated(mean(before)), moderated(mean(after)), doubt)


def _series(before: Array, after: Array) -> Difference:
    """Compare two single series [..., blocks]; the results are [..., 1], so that they meet the plans."""
    return difference(mean(before[..., None, :]), mean(after[..., None, :]))


def _machine(courses: Sequence[Course], threshold: float) -> Machine:
    limit = np.log1p(threshold)
    (old, old_control), (new, new_control) = ((common_course(rest), control[..., 0, :]) for rest, control in courses)
    control, plans = _series(old_control, new_control), _series(old, new)
    own = _series(old - old_control, new - new_control)
    known = ~np.isnan(own.value)
    apart = _significant(own, CONTROL_ERROR) & (np.abs(own.value) >= np.log1p(APART * threshold))
    shifted = _significant(control, CONTROL_ERROR) & (np.abs(control.value) >= limit)
    undecided = np.where(known, ~apart & (own.high >= limit), plans.high >= limit)
    wander = np.maximum(_spread(old_control), _spread(new_control))
    wander = np.where(wander >= UNSTEADY * limit, wander, 0.0)
    return Machine(control, plans, own, known, shifted, wander, apart, undecided)


def _spread(control: Array) -> Array:
    """Standard deviation of the blocks of a control [..., blocks] as [..., 1], from their middle half; 0 for none."""
    filled = np.where(np.isnan(control).all(axis=-1, keepdims=True), 0.0, control)
    low, high = np.nanpercentile(filled, [25, 75], axis=-1, keepdims=True)
    return np.asarray((high - low) / _NORMAL)


def _significant(found: Difference, error: float) -> Mask:
    return np.asarray(np.minimum(found.slower, found.faster) < error / 2)


def _chosen(which: Mask, one: Difference, other: Difference) -> Difference:
    def pick(name: str) -> Array:
        return np.asarray(np.where(which, getattr(one, name), getattr(other, name)))

    return Difference(*(pick(name) for name in Difference.__dataclass_fields__))


@dataclass(frozen=True)
class _Direction:
    """A change in one direction."""

    sign: int
    """1 slower, -1 faster."""
    chance: Array
    found: Mask
    """Significant and large enough."""
    agreed: Mask
    """Whether the other looks agree."""


def _direction(looks: Looks, machine: Machine, threshold: float, sign: int) -> _Direction:
    decisive = looks.decisive
    single = decisive.slower if sign > 0 else decisive.faster
    whole = machine.apart & (sign * machine.own.value > 0)  # that the plans moved this way has been tested already
    chance = np.where(whole, np.nan_to_num(single, nan=1.0), holm(single))
    nearest = decisive.low if sign > 0 else -decisive.high
    moved = np.maximum(np.where(machine.shifted, np.abs(machine.control.value), 0.0), machine.wander)
    least = sign * np.log1p(sign * MINIMUM * threshold)
    large = (sign * decisive.value >= least + moved) & ((moved == 0) | (nearest > moved))
    measured, control = sign * looks.measured.value, sign * looks.control.value
    agreed = np.where(np.isnan(control), measured >= least, (control >= least) & (measured > 0))
    return _Direction(sign, chance, (chance < FAMILY_ERROR) & large, agreed)


def _confirmed(direction: _Direction, courses: Sequence[Course], machine: Machine) -> _Direction:
    """Several plans found at once must stand out from the control together: it may be the others that changed."""
    found = direction.found
    count = found.sum(axis=-1, keepdims=True)
    group = _series(*(course_of(found, rest) - control[..., 0, :] for rest, control in courses))
    chance = group.slower if direction.sign > 0 else group.faster
    few = 4 * count <= found.shape[-1]
    fine = (count < 2) | np.where(machine.known, np.nan_to_num(chance, nan=1.0) < CONTROL_ERROR / 2, few)
    return replace(direction, agreed=direction.agreed & fine)


def _codes(
    looks: Looks, slower: _Direction, faster: _Direction, machine: Machine, threshold: float
) -> NDArray[np.int_]:
    """Return the code of every plan; the first that applies."""
    limit, decisive = np.log1p(threshold), looks.decisive
    inside = (decisive.high < limit) & (decisive.low > -limit)
    certain = (slower.chance < FAMILY_ERROR) | (faster.chance < FAMILY_ERROR)
    unsupported = ~machine.known & (looks.lone | machine.undecided) & (looks.measured.high >= limit)
    clear = slower.found & slower.agreed
    cases = {
        Code.TOO_FEW_BLOCKS: np.isnan(decisive.value),
        Code.CLEAR_SLOWDOWN: clear & ~(unsupported & looks.lone),
        Code.CONTROL_SHIFTED: machine.shifted,
        Code.CONTROL_UNSTEADY: machine.wander > 0,
        Code.NO_CONTROL: unsupported,
        Code.CLEAR_SPEEDUP: faster.found & faster.agreed & (machine.known | ~looks.lone),
        Code.NOT_CORROBORATED: slower.found,
        Code.BELOW_MINIMUM: inside & certain & ~faster.found,
        Code.WITHIN_THRESHOLD: inside,
        Code.COULD_BE_SLOWER: decisive.high >= limit,
    }
    masks = [np.broadcast_to(mask, inside.shape) for mask in cases.values()]
    return np.select(masks, [int(code) for code in cases], int(Code.COULD_BE_FASTER))
