"""Figures inside sentences: three significant digits, no exponents."""

from math import floor, log10

from engine.report import Interval


def figure(value: float, digits: int = 3) -> str:
    """Return a number to so many significant digits, thousands separated: ``0.0325``, ``45.3``, ``1,110``."""
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 100 else f"{rounded:.{digits}g}"


def amount(count: float) -> str:
    """Return bytes in the unit that leaves one to three digits before the point: ``216 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{figure(count)} {unit}"
        count /= 1000
    return f"{figure(count)} TB"


def _in_unit(seconds: float) -> tuple[float, str]:
    for factor, unit in ((1.0, "s"), (1e3, "ms")):
        if seconds * factor >= 0.9995:
            return seconds * factor, unit
    return seconds * 1e6, "µs"


def duration(seconds: float) -> str:
    """Return seconds in a readable unit: ``13.9 s``, ``36.3 ms``."""
    value, unit = _in_unit(seconds)
    return f"{figure(value)} {unit}"


def spread(seconds: Interval) -> str:
    """Return an interval of seconds as a middle and half a width: ``14 ± 1 min``, ``3.1 ± 0.2 h``."""
    half = (seconds.high - seconds.low) / 2
    for limit, unit in ((2 * 3600.0, 3600.0), (120.0, 60.0)):
        if seconds.median >= limit:
            return f"{_between(seconds.median / unit, half / unit)} {'h' if unit == 3600.0 else 'min'}"
    value, unit_name = _in_unit(seconds.median)
    return f"{_between(value, half * value / seconds.median)} {unit_name}"


def _between(value: float, half: float) -> str:
    """Round to the first digit that is in doubt."""
    digits = max(1, 3 if half <= 0 else min(3, 1 + floor(log10(value)) - floor(log10(half))))
    return f"{figure(value, digits)} ± {figure(half, 1)}"


def portion(part: float, whole: float) -> str:
    """Return one duration out of another: ``13.9 of 15.8 s``, ``713 ms of 1.53 s``."""
    value, unit = _in_unit(part)
    short = figure(value) if _in_unit(whole)[1] == unit else duration(part)
    return f"{short} of {duration(whole)}"
