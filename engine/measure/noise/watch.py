"""Looks at the sensors around what is timed, and adds up what went on."""

from typing import Protocol

from engine.measure.noise.judging import judge
from engine.measure.noise.reading import Reading, Spell, rates, spell
from engine.report import Noise


class Sensing(Protocol):
    """What can be looked at: the sensors, or what stands for them."""

    @property
    def cores(self) -> int:
        """Cores that readings are about."""

    def look(self) -> Reading:
        """Return a snapshot."""


class NoiseWatch:
    """From ``begin`` to ``end`` is one spell; several make up one measurement. Without sensors it does nothing."""

    def __init__(self, sensors: Sensing | None) -> None:
        self._sensors = sensors
        self._first: Reading | None = None
        self._sum = Spell()

    def begin(self) -> None:
        """Take the first reading of a spell; one that has not ended is forgotten."""
        self._first = self._sensors.look() if self._sensors else None

    def end(self) -> None:
        """Take the second reading and add the spell to the others."""
        if self._sensors and self._first:
            self._sum += spell(self._first, self._sensors.look(), self._sensors.cores)
            self._first = None

    def noise(self, workers: int, typical: Noise | None = None) -> Noise | None:
        """Return what went on in all spells, judged for a plan that keeps so many cores busy, and against what is
        typical of it; None without sensors."""
        if not self._sensors:
            return None
        return judge(rates(self._sum, self._sensors.cores), workers, self._sensors.cores, typical)
