"""What the analysis says beyond the figures: how sure the recommendation is, factors of efficiency, scaling."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING

from engine.plan import Plan, describe
from engine.report import Certificate, Interval, Scaling
from workbench.words.numbers import UNICODE, Signs, counted, percent, ratio

if TYPE_CHECKING:
    from engine.production.config import Certified

_TIES = 3
"""Tied plans that are named; of more the number is told."""

_EVEN = 0.01
"""A factor this near to 1 says nothing."""


def certificate_line(certificate: Certificate, among: Sequence[Plan]) -> str:
    """Return how sure it is that no other plan is faster, and which are as fast."""
    return certified_line(certificate, [describe(plan, among) for plan in certificate.ties])


def certified_line(certificate: "Certificate | Certified", ties: Sequence[str]) -> str:
    """Return the same for a certificate out of a report or a tuned config; ``ties``: its ties in words."""
    if certificate.within is None:
        return certificate.note
    confirmed = ", the last of them to confirm it" if certificate.confirmed else ""
    blocks = f"{counted(certificate.blocks, 'block')}{confirmed}"
    bound = "no other plan is faster" if certificate.within == 0 else f"at most {percent(certificate.within)} slower"
    than = "" if certificate.within == 0 else " than any other plan"
    line = f"{bound}{than}, {percent(certificate.confidence)} sure after {blocks}"
    return "; ".join(part for part in (line, _ties(ties), certificate.note) if part)


def _ties(ties: Sequence[str]) -> str:
    if not ties:
        return ""
    named = ", ".join(ties[:_TIES])
    more = f" and {len(ties) - _TIES} more" if len(ties) > _TIES else ""
    return f"as fast may be: {named}{more}"


def factors_line(factors: Mapping[str, float], signs: Signs = UNICODE) -> str:
    """Return the efficiency of a steady run as a product: ``48% = dispatch 0.90 × waiting 0.55``; empty if unknown."""
    if not factors:
        return ""
    product = prod(factors.values())
    named = [f"{name} {factor_text(factor)}" for name, factor in factors.items() if abs(factor - 1) > _EVEN]
    return f"efficiency {percent(product)}" + (f" = {f' {signs.times} '.join(named)}" if named else "")


def factor_text(factor: float) -> str:
    """Return a factor of efficiency."""
    return f"{factor:.2f}"


def scaling_line(scaling: Scaling, among: Sequence[Plan]) -> str:
    """Return what the laws fitted to a mode and kernel say, or why they say nothing."""
    plan = Plan(mode=scaling.mode, kernel=scaling.kernel, settings=scaling.settings)
    parts = [f"serial part {_interval(scaling.serial_fraction)}"] if scaling.serial_fraction else []
    parts += [f"contention {_interval(scaling.contention)}"] if scaling.contention else []
    parts += [f"coherency {_interval(scaling.coherency)}"] if scaling.coherency else []
    if scaling.peak_workers:
        low, high = scaling.peak_workers
        parts.append(f"more than {low:.0f} to {high:.0f} workers make it slower")
    further = [each for each in scaling.predictions if not each.measured]
    parts += [f"{ratio(each.speedup.median)} with {each.workers} workers predicted" for each in further]
    words = "; ".join(part for part in (", ".join(parts), scaling.note) if part)
    return f"scaling of {describe(plan, among)}: {words}" if words else ""


def _interval(value: Interval) -> str:
    return f"{value.median:.2g} ({value.low:.2g} to {value.high:.2g})"
