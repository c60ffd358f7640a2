"""Pricing models of a straddle, one day at a time.

Model ES is a European straddle on a lognormal price without interest, actual/365, in units of the strike::

    tv    = vol / 100 * sqrt(days / 365)
    d1    = ln(S / X) / tv + tv / 2          d2 = d1 - tv
    mv    = (2 S N(d1) - 2 X N(d2) + X - S) / X
    delta = 2 N(d1) - 1

from the ``model_ES`` of nassuphis/specparser (docs/plan_straddle_valuation.md). 2 N(d) is ``erfc(-d / sqrt 2)``, which
keeps its digits in the tail where ``1 + erf`` loses them.
"""

import math
from collections.abc import Callable

Value = tuple[float, float] | None
"""mv in units of the strike, and delta; None: the model gives no value (``-``)."""

ROOT_HALF = math.sqrt(0.5)

TINY = 1e-300
"""Prices and vols up to this count as not positive: smaller ones vanish or overflow on the way to d1."""


def model_es(spot: float, strike: float, vol: float, days: int) -> Value:
    """Return the value of a straddle ``days`` before its expiry; ``vol`` in percent."""
    if spot <= TINY or strike <= TINY or vol <= TINY or days < 0:
        return None
    if days == 0:
        return abs(spot - strike) / strike, (1.0 if spot >= strike else -1.0)
    tv = vol / 100 * math.sqrt(days / 365)
    d1 = math.log(spot / strike) / tv + 0.5 * tv
    d2 = d1 - tv
    twice_n1, twice_n2 = math.erfc(-d1 * ROOT_HALF), math.erfc(-d2 * ROOT_HALF)
    return (spot * twice_n1 - strike * twice_n2 + strike - spot) / strike, twice_n1 - 1.0


def model_without_value(spot: float, strike: float, vol: float, days: int) -> Value:
    """Return None: the origin has no formula for this model yet."""
    return None


MODELS: dict[str, Callable[[float, float, float, int], Value]] = {
    "ES": model_es,
    "CDS_ES": model_es,
    "NS": model_without_value,
    "BS": model_without_value,
}
"""Models by name; NS (normal) and BS (Black-Scholes) are placeholders in the origin as well."""
