"""What a plan is measured against within its own block: the other plans, or the control."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analyse.comparing.robust import Array, mean, median


@dataclass(frozen=True)
class Points:
    """Log seconds of one report."""

    plans: Array
    """[..., plans, blocks]; NaN: not measured or disturbed."""
    control: Array
    """[..., blocks]; NaN: no control in that block."""


def from_the_middle(before: Array, after: Array) -> tuple[Array, Array, Array, Array]:
    """Return log seconds relative to the middle of each plan over both reports, before and after, and the means
    [..., plans] before and after; fast and slow plans become comparable."""
    old, new = mean(before).value, mean(after).value
    middle = ((old + new) / 2)[..., None]
    return before - middle, after - middle, old, new


def against_control(points: Points) -> Array:
    """Return log seconds [..., plans, blocks] relative to the control of the same block."""
    return np.asarray(points.plans - points.control[..., None, :])


def against_others(rest: Array, control: Array) -> Array:
    """Return distances from the middle relative to the median over the other plans, and the control, in the same block;
    NaN where there is none. That median withstands changes of fewer than half of them.

    ``control``: its distances from its own middle [..., 1, blocks].
    """
    return rest - _median_of_others(np.concatenate([rest, control], axis=-2))[..., :-1, :]


def common_course(rest: Array) -> Array:
    """Return how the plans as a whole went [..., blocks]: the median of their distances from the middle."""
    return median(np.swapaxes(rest, -1, -2))


def course_of(which: NDArray[np.bool_], rest: Array) -> Array:
    """Return how some plans went [..., blocks]: the mean of their distances; NaN for none. ``which``: [..., plans]."""
    chosen = which[..., None] & ~np.isnan(rest)
    count = chosen.sum(axis=-2)
    return np.where(count > 0, np.sum(rest, axis=-2, where=chosen) / np.maximum(count, 1), np.nan)


def _median_of_others(rest: Array) -> Array:
    """For each plan the median over the rest, in one pass: without the value at some place, those behind it move up."""
    order = np.argsort(rest, axis=-2)
    ordered = np.take_along_axis(rest, order, axis=-2)
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.broadcast_to(np.arange(rest.shape[-2])[:, None], rest.shape), axis=-2)
    count = np.sum(~np.isnan(rest), axis=-2, keepdims=True)
    low, high = (count - 2) // 2, (count - 1) // 2
    found = (_at(ordered, low + (place <= low)) + _at(ordered, high + (place <= high))) / 2
    return np.where(count > 1, found, np.nan)


def _at(ordered: Array, place: NDArray[np.int_]) -> Array:
    return np.take_along_axis(ordered, np.clip(place, 0, ordered.shape[-2] - 1), axis=-2)
