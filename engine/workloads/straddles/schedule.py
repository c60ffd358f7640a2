"""Schedules: when a straddle of an asset is entered and when it expires.

A component such as ``F10_F3_12.5`` reads: enter 2 months before the expiry month (N: 1 month), 10 calendar days after
that month's anchor; the anchor is the third Friday; weight 12.5 percent. Letters a to d instead of a number stand for a
day that depends on the asset.
"""

import hashlib
import re
from dataclasses import dataclass

from engine.workloads.straddles.calendar import month_number, month_text

SCHEDULES: dict[str, tuple[str, ...]] = {
    "schedule1": ("N0_BDa_25", "N0_BDb_25", "N0_BDc_25", "N0_BDd_25"),
    "schedule2": ("N0_F1_25", "N0_F2_25", "N0_F3_25", "N0_F4_25"),
    "schedule7": ("N0_OVERRIDE_33.3", "N5_OVERRIDE_33.3", "F10_OVERRIDE_12.5", "F15_OVERRIDE_12.5"),
    "third-friday": ("N0_F3_33.3", "N5_F3_33.3", "F10_F3_12.5", "F15_F3_12.5"),
}
"""Components by schedule. ``third-friday`` is schedule7 on the usual expiry of listed options: for prices from a
file."""

MONTHS_BEFORE = {"N": 1, "F": 2}
"""Months from the entry month to the expiry month, by entry code: near and far."""

_CODE = re.compile(r"^([A-Z]+)(.*)$")


@dataclass(frozen=True)
class Component:
    """One line of a schedule, with letters already replaced."""

    ntrc: str
    """Entry code: N (near) or F (far)."""
    ntrv: str
    """Entry value: calendar days after the anchor of the entry month."""
    xprc: str
    """Expiry code: F, R, W, BD or OVERRIDE."""
    xprv: str
    """Expiry value: which Friday, Thursday, Wednesday or business day; empty for OVERRIDE."""
    weight: str
    """Percent of the asset's position."""

    @property
    def months_before(self) -> int:
        """Months from the entry month to the expiry month."""
        return MONTHS_BEFORE[self.ntrc]

    @property
    def delay(self) -> int:
        """Calendar days from the anchor of the entry month to the earliest entry."""
        return int(self.ntrv or 0)

    def straddle(self, year: int, month: int) -> str:
        """Return the straddle expiring in that month: ``|entry YYYY-MM|expiry YYYY-MM|ntrc|ntrv|xprc|xprv|weight|``."""
        expiry = month_number(year, month)
        entry = month_text(expiry - self.months_before)
        return f"|{entry}|{month_text(expiry)}|{self.ntrc}|{self.ntrv}|{self.xprc}|{self.xprv}|{self.weight}|"


def asset_hash(asset: str) -> int:
    """Return a number from 0 to 999,999 for an asset's name; the same in every process."""
    return int(hashlib.md5(asset.encode(), usedforsecurity=False).hexdigest()[:8], 16) % 1_000_000


def components(asset: str, schedule: tuple[str, ...]) -> list[Component]:
    """Return the components of an asset's schedule."""
    return [_component(asset, text, position, len(schedule)) for position, text in enumerate(schedule, start=1)]


def _component(asset: str, text: str, position: int, count: int) -> Component:
    entry, expiry, weight = text.split("_")
    ntrc, ntrv = _code_and_value(entry)
    xprc, xprv = _code_and_value(expiry)
    day = _letter_day(asset, position, count)
    return Component(ntrc, _without_letter(ntrv, day), xprc, _without_letter(xprv, day), weight)


def _letter_day(asset: str, position: int, count: int) -> str:
    return str((position - 1) * int(20 / (count + 1)) + asset_hash(asset) % 5 + 1)


def _without_letter(value: str, day: str) -> str:
    return day if value in ("a", "b", "c", "d") else value


def _code_and_value(text: str) -> tuple[str, str]:
    match = _CODE.match(text)
    return (match[1], match[2]) if match else (text, "")
