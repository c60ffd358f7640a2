"""What a plan is measured against within its own block: the other plans, or the control."""

import numpy as np
from numpy.typing import NDArray

from engine.analyse.comparing.robust import Array, mean, median


def against_control(plans: Array, control: Array) -> Array:
    """Return log seconds [..., plans, blocks] relative to the control [..., blocks] of the same block."""
    return np.asarray(plans - control[..., None, :])


def against_others(before: Array, after: Array) -> tuple[Array, Array]:
    """Return log seconds relative to the median of the other plans of the same block; NaN for a lone plan.

    Each plan enters that median by its distance from its own middle over both reports, so that fast and slow plans
    count alike. It withstands changes of fewer than half the plans.
    """
    return tuple(plans - _median_of_others(rest) for plans, rest in _from_the_middle(before, after))  # type: ignore[return-value]


def common_course(before: Array, after: Array) -> tuple[Array, Array]:
    """Return how the plans as a whole went [..., blocks], block after block: the median of their distances."""
    return tuple(median(np.swapaxes(rest, -1, -2)) for _, rest in _from_the_middle(before, after))  # type: ignore[return-value]


def course_of(which: NDArray[np.bool_], before: Array, after: Array) -> tuple[Array, Array]:
    """Return how some plans went [..., blocks]: the mean of their distances; NaN for none. ``which``: [..., plans]."""
    courses = []
    for _, rest in _from_the_middle(before, after):
        chosen = which[..., None] & ~np.isnan(rest)
        count = chosen.sum(axis=-2)
        total = np.sum(rest, axis=-2, where=chosen)
        courses.append(np.where(count > 0, total / np.maximum(count, 1), np.nan))
    return courses[0], courses[1]


def _from_the_middle(before: Array, after: Array) -> list[tuple[Array, Array]]:
    middle = (mean(before).value + mean(after).value) / 2
    return [(plans, plans - middle[..., None]) for plans in (before, after)]


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
