"""What disturbs a measurement on this machine at the moment: bars with figures and a word each. Pure."""

from dataclasses import dataclass

from engine.measure.noise.judging import PRESSURE, STOLEN, THROTTLED, room_for_others
from engine.report import Noise
from workbench.words.numbers import UNICODE, Signs, bar, percent

LABEL, FIGURE, WORD, WIDEST = 11, 15, 8, 30
"""Characters of a line's parts; the bar has the rest, up to so many."""
UNTOLD = "not told here"


@dataclass(frozen=True)
class Meter:
    """One figure."""

    label: str
    share: float | None
    """Of what there is; None: the system does not tell it."""
    figure: str
    busy: bool
    """Whether a plan on all cores would be disturbed."""


def meters(noise: Noise, cores: int) -> tuple[Meter, ...]:
    """Return what went on in a spell on so many cores; the bounds are those that measurements are judged by."""
    pressure = noise.pressure
    return (
        Meter(
            "others",
            noise.others / cores,
            f"{noise.others:.2f} of {cores}",
            noise.others > room_for_others(cores, cores),
        ),
        Meter("stolen", noise.stolen, percent(noise.stolen), noise.stolen > STOLEN),
        Meter("held back", noise.throttled, percent(noise.throttled), noise.throttled > THROTTLED),
        Meter("waiting", pressure, UNTOLD if pressure is None else percent(pressure), (pressure or 0.0) > PRESSURE),
    )


def meter_lines(noise: Noise, cores: int, width: int, signs: Signs = UNICODE) -> list[str]:
    """Return a line for each figure."""
    length = min(max(width - LABEL - FIGURE - WORD, 4), WIDEST)
    return [_line(meter, length, signs) for meter in meters(noise, cores)]


def _line(meter: Meter, length: int, signs: Signs) -> str:
    drawn = f"{meter.label:<{LABEL}}{bar(meter.share or 0.0, length, signs)}"
    if meter.share is None:
        return f"{drawn} {meter.figure}"
    word = "busy" if meter.busy else "quiet"
    return f"{drawn} {meter.figure:<{FIGURE - 1}}{signs.light[meter.busy]} {word}"


EXPLAINED = (
    "others: cores kept busy by other programs; stolen: time the hypervisor gave away; held back: by a CPU quota; "
    "waiting: some program waited for a core. Busy: a plan on all cores would be disturbed."
)
