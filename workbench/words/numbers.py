"""Numbers as text, in characters the terminal can show."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from engine.report import Interval

Seconds = float
Bytes = int


@dataclass(frozen=True)
class Signs:
    """The characters beyond letters that text is made of."""

    times: str = "×"
    micro: str = "µ"
    plus_minus: str = "±"
    ellipsis: str = "…"
    bar: str = " ▏▎▍▌▋▊▉█"
    """A cell of a bar from empty to full, in equal steps."""
    rest: str = "·"
    """A cell behind the bar."""
    status: str = "✓✗○··▶-"
    """Signs of ok, failed, unavailable, unmeasured, pending, running and eliminated."""
    chosen: str = "★"
    """Sign of the recommended plan."""
    mark: str = "◆"
    """Sign of a row that was marked."""
    sorted: str = "▲▼"
    """Signs of a table sorted upwards and downwards."""
    lane: str = "░▒█▓·"
    """Cells of a worker's time: starting, receiving data, computing, waiting for a core or lock, idle."""
    light: str = "○●"
    """Signs of a quiet and of a disturbed machine."""
    ascii_only: bool = False
    braille: bool = True
    """Whether lines of plots are made of braille dots."""

    def text(self, text: str) -> str:
        """Return text from outside on one line, without control characters, in characters this terminal can show."""
        line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
        if not self.ascii_only:
            return line
        return line.translate(_PLAIN).encode("ascii", "replace").decode("ascii")


_PLAIN = str.maketrans({"×": "x", "µ": "u", "±": "+-", "…": "~", "—": "-", "–": "-", "→": "->"})

UNICODE = Signs()
ASCII = Signs("x", "u", "+-", "~", " #", ".", "+!o..>-", "*", "&", "^v", "s>#w.", "o!", True, False)


def signs_for(encoding: str | None) -> Signs:
    """Return the signs that text in this encoding can hold."""
    return UNICODE if "utf" in (encoding or "").lower() else ASCII


def seconds(value: Seconds, signs: Signs = UNICODE) -> str:
    """Return a duration in three figures: ``45.6 ms``, ``1.23 s``, ``3m12s``, ``1h05m``."""
    if not isfinite(value):
        return "?"
    if round(value) >= 100:
        return whole_seconds(value)
    return _scaled(value, (("s", 1.0), ("ms", 1e-3), (f"{signs.micro}s", 1e-6), ("ns", 1e-9)))


def whole_seconds(value: Seconds) -> str:
    """Return an estimated duration, which has no fractions: ``45 s``, ``3m12s``."""
    minutes, rest = divmod(round(value), 60)
    hours = minutes // 60
    if not minutes:
        return f"{rest} s"
    return f"{minutes}m{rest:02d}s" if not hours else f"{hours}h{minutes % 60:02d}m" if hours < 100 else f"{hours}h"


def size(value: Bytes) -> str:
    """Return a number of bytes in three figures: ``216 MB``, ``1.23 GB``."""
    return _scaled(value, (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0)))


def rate(value: float) -> str:
    """Return a number of tasks per second in three figures: ``456``, ``12.3k``."""
    return _scaled(value, (("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0)), gap="")


def ratio(value: float, signs: Signs = UNICODE) -> str:
    """Return a speedup: ``22×``, ``1.94×``, ``0.08×``."""
    digits = 0 if round(value, 2) >= 10 else 2
    return f"{value:.{digits}f}{signs.times}" if isfinite(value) else "?"


def percent(share: float) -> str:
    """Return a share as a percentage: ``93%``, ``0.4%``."""
    return f"{share * 100:.1f}%" if 0 < abs(share) < 0.00995 else f"{share * 100:.0f}%"


def timing(value: Interval, signs: Signs = UNICODE) -> str:
    """Return a time with the larger half of its interval, such as ``1.23 s ±4%``."""
    half = max(value.high - value.median, value.median - value.low)
    if half <= 0 or value.median <= 0:
        return seconds(value.median, signs)
    return f"{seconds(value.median, signs)} {signs.plus_minus}{percent(half / value.median)}"


def counted(number: int, thing: str) -> str:
    """Return a number of things: ``1 block``, ``2 blocks``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def bar(share: float, width: int, signs: Signs = UNICODE) -> str:
    """Return a bar of this many characters; the part beyond 1 is cut off."""
    steps = len(signs.bar) - 1
    filled = round(min(max(share, 0.0), 1.0) * width * steps)
    whole, part = divmod(filled, steps)
    text = signs.bar[-1] * whole + (signs.bar[part] if part else "")
    return text.ljust(width, signs.rest)


def efficiency(share: float, signs: Signs = UNICODE) -> str:
    """Return an efficiency as a short bar and a percentage."""
    return f"{bar(share, 5, signs)} {percent(share):>4}"


def _scaled(value: float, units: Sequence[tuple[str, float]], gap: str = " ") -> str:
    """Three significant figures in the largest unit that leaves at least 1; rounding may move to the next unit up."""
    value = float(f"{value:.3g}")
    unit, scale = next(((unit, scale) for unit, scale in units if abs(value) >= scale), units[-1])
    number = float(f"{value / scale:.3g}")
    if not number:
        return f"0{gap}{units[0][0] if units[0][1] == 1.0 else unit}".rstrip()
    digits = 0 if abs(number) >= 100 or unit == "B" else 1 if abs(number) >= 10 else 2
    return f"{number:.{digits}f}{gap}{unit}".rstrip()


def fit(text: str, width: int, signs: Signs = UNICODE) -> str:
    """Return the text in at most this many characters, with a sign where something is missing."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + signs.ellipsis[: min(width, 1)]
