"""Knobs that several workloads have: where prices come from, and the seed of what is made up."""

from engine.knob import Knob

CLOSE_COLUMNS = Knob(
    "columns",
    "price columns of the file, separated by commas; empty: close if there is one, otherwise all but volume",
    "",
    changes_answers=True,
)
"""Of a workload that reads closes: ``prices.read``."""

BAR_COLUMNS = Knob(
    "columns",
    "price columns of the file, separated by commas, each the closes of an instrument; empty: the bars, if there is a "
    "column close, otherwise all but volume",
    "",
    changes_answers=True,
)
"""Of a workload that reads bars: ``prices.read_bars``."""


def prices_knob(becomes: str) -> Knob:
    """Return the knob that names a price file; ``becomes``: what the workload makes of each instrument, an asset."""
    return Knob(
        "prices",
        "file of daily prices: CSV (also gzipped), Parquet, Feather or arch:NAME; every price column, or symbol of a "
        f"long file, becomes {becomes}; empty: made-up prices",
        "",
        changes_answers=True,
    )


def seed_knob(of: str = "the made-up prices") -> Knob:
    """Return the knob for the seed of what a workload makes up."""
    return Knob("seed", f"seed of {of}", 1, low=0, changes_answers=True)
