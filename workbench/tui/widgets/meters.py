"""Noise of the machine once a second, read in this process: a tenth of a millisecond, and no child."""

from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from engine.measure.noise import Reading, Sensors, between
from workbench.words.meters import meter_lines
from workbench.words.numbers import UNICODE, Signs

OFF = "off while a sweep is timed: looking would disturb it"
SECOND = 1.0
EDGES = 4
"""Columns beside the lines: padding, and a scrollbar."""


class Meters(Static):
    """Reads while it runs, and holds nothing open while it does not."""

    def __init__(self, signs: Signs = UNICODE, id: str | None = None) -> None:
        super().__init__("", id=id, markup=False)
        self._signs = signs
        self._sensors: Sensors | None = None
        self._last: Reading | None = None
        self._timer: Timer | None = None
        self._said: list[str] = []

    def start(self) -> None:
        """Begin to read; the first figures come after a second."""
        if self._sensors is None:
            self._sensors = Sensors()
            self._last = self._sensors.look()
            self._timer = self.set_interval(SECOND, self._look)
            self._say([f"reading{self._signs.ellipsis}"])

    def stop(self, why: str = "") -> None:
        """Read no more, and say why where that can be seen."""
        if self._timer:
            self._timer.stop()
        if self._sensors:
            self._sensors.close()
        self._timer = self._sensors = self._last = None
        if why:
            self._say([why])

    def on_unmount(self) -> None:
        """Give the descriptors back."""
        self.stop()

    def _look(self) -> None:
        if self._sensors and self._last:
            before, self._last = self._last, self._sensors.look()
            noise = between(before, self._last, self._sensors.cores)
            self._say(meter_lines(noise, self._sensors.cores, self.screen.size.width - EDGES, self._signs))

    def _say(self, lines: list[str]) -> None:
        if lines != self._said:
            layout = len(lines) != len(self._said)
            self._said = lines
            self.update(Content("\n".join(lines)), layout=layout)
