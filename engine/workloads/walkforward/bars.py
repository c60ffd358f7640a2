"""Daily bars of the walkforward workload: made up from a seed, or read from the user's file."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.workloads.prices import FloatArray, IntArray, business_days, read_bars, synthetic

EPOCH = date(1970, 1, 1).toordinal()

FIELDS = ("open", "high", "low", "close", "volume")

_STREAM = 3_000_000
"""Start of the random streams of bars, away from those of the closes: ``default_rng([seed, _STREAM + asset])``."""


@dataclass(frozen=True, eq=False)
class Bars:
    """Daily bars of several assets on common weekdays; each array but ``days`` is [assets, days]."""

    days: IntArray
    """[days] days since 1970-01-01, ascending."""
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def rows(self, first: int, last: int) -> slice:
        """Return the positions of the days from day number ``first`` to ``last``, both included."""
        start, stop = np.searchsorted(self.days, [first, last + 1])
        return slice(int(start), int(stop))

    def until(self, stop: int) -> "Bars":
        """Return the first ``stop`` days, as views."""
        return Bars(self.days[:stop], *(getattr(self, field)[:, :stop] for field in FIELDS))


def made_up(count: int, first: int, last: int, seed: int) -> Bars:
    """Return bars of ``count`` assets on the weekdays from day number ``first`` to ``last``.

    The closes are those of ``prices.synthetic``, the open is the previous close (the first day's own), high and low lie
    around both, in cents.
    """
    days = business_days(date.fromordinal(first + EPOCH), date.fromordinal(last + EPOCH))
    close = synthetic([f"asset {asset}" for asset in range(count)], days, seed).values
    opens = _previous(close)
    wicks, volume = np.empty((2, *close.shape)), np.empty(close.shape)
    for asset in range(count):
        rng = np.random.default_rng([seed, _STREAM + asset])
        wicks[:, asset] = np.abs(rng.normal(0.0, 0.004, (2, len(days))))
        volume[asset] = np.round(1e6 * np.exp(rng.normal(0.0, 0.35, len(days))))
    high = np.round(np.maximum(opens, close) * (1.0 + wicks[0]), 2)
    low = np.round(np.minimum(opens, close) * (1.0 - wicks[1]), 2)
    return Bars(days, opens, high, low, close, volume)


def from_file(path: str, columns: str, need: int) -> Bars:
    """Return a bar for each weekday and instrument of a file, as ``prices.read_bars`` reads them.

    On a day without a bar nothing moves from the last close; the bars begin where every instrument has had one. Volumes
    are at least 1, so that ratios of them exist. Raises FileProblem, also where there are fewer than ``need`` closes.
    """
    found = read_bars(path, columns, need)
    open_, high, low, close, volume = np.moveaxis(found.values, -1, 0)
    known = np.isfinite(close)
    latest = np.maximum.accumulate(np.where(known, np.arange(known.shape[1]), 0), axis=1)
    close = np.take_along_axis(close, latest, axis=1)
    open_, high, low = (np.where(known, price, close) for price in (open_, high, low))
    volume = np.where(known, np.fmax(volume, 1.0), 1.0)
    weekday = np.is_busday(found.days.astype("datetime64[D]"))
    kept = weekday & (np.arange(known.shape[1]) >= known.argmax(axis=1).max())
    return Bars(found.days[kept], *(np.ascontiguousarray(each[:, kept]) for each in (open_, high, low, close, volume)))


def _previous(close: FloatArray) -> FloatArray:
    return np.concatenate([close[:, :1], close[:, :-1]], axis=1)
