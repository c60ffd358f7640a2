"""Where more workers begin to make it slower: an interval or a refusal, never a bare number; and what to measure."""

from math import isfinite

from engine.analyse.scaling.fitted import Fitted, percentiles

WIDE = 2.0
"""Ratio of the interval's ends above which it says too little."""

FAR = 2.0
"""Multiple of the most workers measured beyond which a peak is a guess."""

LEAP = 4
"""Multiple of the most workers measured that is proposed to be measured next, at most."""


def peak_of(fitted: Fitted) -> tuple[tuple[float, float] | None, str]:
    """Return the interval of the peak, or None and why there is none with what to measure next.

    It is given if fewer than one resample in forty has no peak at all, the ends are at most a factor WIDE apart, the
    upper one is at most FAR times the most workers measured, and the points lie on the law.
    """
    low, high = percentiles(fitted.peaks)
    if fitted.misfit and fitted.misfit.bad:
        return None, f"no law to go by: {fitted.misfit}"
    if isfinite(high) and high <= WIDE * low and high <= FAR * fitted.largest:
        return (low, high), ""
    span = f"a peak is not identifiable from {fitted.workers[0]} to {fitted.largest} workers"
    least = f" (if there is one, it is at {low:.0f} or more)" if isfinite(low) and low >= 1.5 else ""
    return None, f"{span}{least}; {to_measure(fitted)}"


def to_measure(fitted: Fitted) -> str:
    """Return what would settle where the peak is: workers past it, or more blocks where it lies among those
    measured."""
    suspected = fitted.law.peak_workers
    if suspected > fitted.largest:
        return measuring(fitted, next_workers(fitted.largest, suspected))
    near = max(2, round(suspected))
    return "measure more blocks" if near in fitted.workers else f"measure {near} as well, and more blocks"


def measuring(fitted: Fitted, workers: int) -> str:
    """Return the proposal to measure so many workers, as far as the machine has cores for them."""
    if fitted.cores is None or workers <= fitted.cores:
        return f"measure {workers}"
    if fitted.cores > fitted.largest:
        return f"measure {fitted.cores}"
    return f"measure more blocks, or {workers} on a machine with as many cores (this one has {fitted.cores})"


def next_workers(largest: int, suspected: float) -> int:
    """Return the power of two to measure next: the first above the suspected peak, at most LEAP times the largest
    measured; for an infinite one the first above the largest measured."""
    count = 1 << largest.bit_length()
    while isfinite(suspected) and count <= suspected and 2 * count <= LEAP * largest:
        count *= 2
    return count
