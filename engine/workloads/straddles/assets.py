"""Assets: which ticker and field hold the vol and the hedges of an asset in a month."""

import re
from dataclasses import dataclass, field

from engine.workloads.straddles.calendar import anchor_day, month_number, month_text, year_month
from engine.workloads.straddles.schedule import SCHEDULES, Component, asset_hash, components

_MONTH_CODES = "FGHJKMNQUVXZ"
"""Futures letters of January to December."""

_SPLIT = re.compile(r"^(.+):(\d{4}-\d{2}):(.+)$")


@dataclass(frozen=True)
class Vol:
    """Where an asset's implied vol comes from."""

    source: str
    """``BBG``: one ticker, a near and a far field; ``CV``: the field is the ticker; ``BBG_LMEVOL``: a futures ticker
    per month."""
    ticker: str = ""
    near: str = ""
    far: str = ""
    """Empty or ``NONE``: the asset has no far vol, and its far straddles are never entered."""


@dataclass(frozen=True)
class Hedge:
    """What an asset is hedged with."""

    source: str
    """``fut``: a contract per month; ``nonfut``: one ticker; ``cds``: two tickers; ``calc``: four computed rates."""
    ticker: str = ""
    """May be split: ``old:YYYY-MM:new`` means new from that month on."""
    field: str = "PX_LAST"
    ticker1: str = ""
    """Second ticker of a ``cds``; may be split too."""
    code: str = ""
    """Root of a futures ticker, such as ``LA``, or currency of a ``calc``."""
    months: str = _MONTH_CODES
    """Letter of the contract that hedges an option expiring in January, February, ... December."""
    year_offset: int = 0
    """Fewest years from the option's year to the contract's year."""
    market: str = "Comdty"
    tenor: str = ""
    """Tenor of a ``calc``."""


@dataclass(frozen=True)
class Asset:
    """One asset of the book."""

    name: str
    vol: Vol
    hedge: Hedge
    schedule: str = "schedule7"
    model: str = "ES"


@dataclass(frozen=True)
class Book:
    """Everything about the assets that is not a price."""

    assets: dict[str, Asset]
    overrides: dict[str, str]
    """``asset|YYYY-MM`` -> ``YYYY-MM-DD``: the anchor under expiry code OVERRIDE."""
    actual: dict[str, str] = field(default_factory=dict)
    """Futures chain: normalised ticker -> the ticker in use today, for contracts still listed."""
    normalised: dict[str, str] = field(default_factory=dict)
    """The same chain the other way round. Prices are kept under the normalised ticker."""
    schedules: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(SCHEDULES))

    def components(self, name: str) -> list[Component]:
        """Return the schedule components of an asset."""
        return components(name, self.schedules[self.assets[name].schedule])

    def anchor(self, name: str, component: Component, month: int) -> str | None:
        """Return the anchor ``YYYY-MM-DD`` of a month number for a component of an asset, or None."""
        if component.xprc == "OVERRIDE":
            return self.overrides.get(f"{name}|{month_text(month)}")
        day = anchor_day(component.xprc, component.xprv, *year_month(month))
        return day.isoformat() if day else None


def vol_ticker(asset: Asset, ntrc: str, year: int, month: int) -> tuple[str, str] | None:
    """Return (ticker, field) of the vol for entry code N or F, or None where the asset has none."""
    vol = asset.vol
    if ntrc == "F" and vol.source != "BBG_LMEVOL" and vol.far in ("", "NONE"):
        return None
    if vol.source == "BBG_LMEVOL":
        return future_ticker(asset.hedge, "R", year, month), "PX_LAST"
    chosen = vol.near if ntrc == "N" else vol.far
    return (chosen, "none") if vol.source == "CV" else (vol.ticker, chosen)


def hedge_tickers(asset: Asset, year: int, month: int) -> list[tuple[str, str, str]]:
    """Return (param, ticker, field) for every hedge of the asset; the first one is what hedges the delta."""
    hedge = asset.hedge
    if hedge.source == "fut":
        return [("hedge", future_ticker(hedge, "", year, month), "PX_LAST")]
    if hedge.source == "calc":
        kinds = ("fsw0m", "fsw6m", "pva0m", "pva6m")
        return [(f"hedge{k}", f"{hedge.code}_{kind}_{hedge.tenor}", "") for k, kind in enumerate(kinds, start=1)]
    first = ("hedge", split_ticker(hedge.ticker, year, month), hedge.field)
    return (
        [first, ("hedge1", split_ticker(hedge.ticker1, year, month), "PX_LAST")] if hedge.source == "cds" else [first]
    )


def future_ticker(hedge: Hedge, qualifier: str, year: int, month: int) -> str:
    """Return the normalised ticker of the contract for an option expiring in that month, such as ``LAF2024 Comdty``.

    A contract letter before the option's own letter is a contract of the next year.
    """
    letter = hedge.months[month - 1]
    later = 1 if letter < _MONTH_CODES[month - 1] else 0
    return f"{hedge.code}{qualifier}{letter}{year + max(later, hedge.year_offset)} {hedge.market}"


def split_ticker(ticker: str, year: int, month: int) -> str:
    """Return the half of ``old:YYYY-MM:new`` in force in that month; any other ticker is returned as it is."""
    match = _SPLIT.match(ticker) if ":" in ticker else None
    if match is None:
        return ticker
    return match[1] if f"{year:04d}-{month:02d}" < match[2] else match[3]


def override_table(names: list[str], first: int, last: int) -> dict[str, str]:
    """Return the OVERRIDE expiries of assets for month numbers ``first`` to ``last``, keyed ``asset|YYYY-MM``.

    The origin reads them from a file of exchange calendars. Ours follow a rule: Wednesday number 1 + hash mod 3 of the
    month, or the day after where that is New Year's Day. For LA Comdty it is the first, as on the metal exchange.
    """
    table = {}
    for name in names:
        nth = str(1 + asset_hash(name) % 3)
        for month in range(first, last + 1):
            day = anchor_day("W", nth, *year_month(month))
            assert day is not None  # every month has three Wednesdays
            new_year = (day.month, day.day) == (1, 1)
            table[f"{name}|{month_text(month)}"] = (day.replace(day=2) if new_year else day).isoformat()
    return table


def chain_of(assets: list[Asset], first: int, last: int) -> dict[str, str]:
    """Return normalised -> actual ticker of the contracts expiring in month numbers ``first`` to ``last``.

    A listed contract is quoted with a two-digit year: ``LAF2024 Comdty`` trades as ``LAF24 Comdty``.
    """
    chain = {}
    for hedge in [asset.hedge for asset in assets if asset.hedge.source == "fut"]:
        for month in range(first, last + 1):
            normal = future_ticker(hedge, "", *year_month(month))
            root, market = normal.split(" ", 1)
            chain[normal] = f"{root[:-4]}{root[-2:]} {market}"
    return chain


def make_book(assets: list[Asset], first: int, last: int, listed_from: int | None = None) -> Book:
    """Return the book of these assets for month numbers ``first`` to ``last``; contracts from ``listed_from`` on are in
    the chain."""
    chain = chain_of(assets, listed_from, last) if listed_from is not None else {}
    named = {asset.name: asset for asset in assets}
    overridden = [asset.name for asset in assets if any("OVERRIDE" in text for text in SCHEDULES[asset.schedule])]
    return Book(
        named, override_table(overridden, first, last), chain, {actual: normal for normal, actual in chain.items()}
    )


FIRST_YEAR, LAST_YEAR = 2001, 2024
"""Expiry years of the built-in universe."""

FIRST_EXPIRY, LAST_EXPIRY = month_number(FIRST_YEAR, 1), month_number(LAST_YEAR, 12)
