"""Figures inside sentences: three significant digits, no exponents."""


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
